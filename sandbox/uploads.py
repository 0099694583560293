"""Uploads: reference pictures through the gateway, reference clips through the API, and the uploaded files."""

import secrets
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard
from urllib.parse import urlsplit

from meigen_api.types import Json, members, number, text
from sandbox import catalogue, durations
from sandbox.answers import Request, Response, answer, body_of, refusal
from sandbox.ledger import Ledger

if TYPE_CHECKING:
    from sandbox.app import Sandbox

DAY = 86_400
CLIPS_LAST = 7 * DAY
MAX_PICTURE = 2_000_000
PICTURES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}
CLIPS = {
    "video": {"video/mp4": "mp4", "video/quicktime": "mov"},
    "audio": {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3"},
}
VENDOR_HOSTS = {"images.meigen.ai", "images.meigen.art"}
OUR_HOSTS = {*(("https", host) for host in VENDOR_HOSTS), ("http", "127.0.0.1"), ("http", "localhost")}
# The length of unreadable clips and of every video the sandbox generates.
USUAL_SECONDS = 4.0


def presign(sandbox: "Sandbox", request: Request) -> Response:
    """`POST <gateway>/upload/presign`: an upload address for a reference picture."""
    body = body_of(request)
    kind: Any = body.get("contentType")
    size: Any = body.get("size")
    if kind not in PICTURES:
        return _wrong("This type is not taken", "invalid_type", "contentType", kind, list(PICTURES))
    if not _is_size(size) or size > MAX_PICTURE:
        return _wrong("At most 2 MB", "too_large", "size", size, MAX_PICTURE, max=MAX_PICTURE)
    return answer(200, {"success": True, **_place(sandbox, request, str(kind), size, PICTURES[str(kind)])})


def presign_clip(sandbox: "Sandbox", request: Request) -> Response:
    """`POST /api/upload/reference-video`: an upload address for a reference clip, for accounts that have purchased
    credits."""
    token = sandbox.token(request)
    if token is None:
        return refusal(401, "Invalid or missing token", code="invalid_token")
    _, purchased = sandbox.ledger.credits(token.account)
    if purchased <= 0:
        return refusal(402, "Insufficient credits", code="insufficient_credits", required=1, available=purchased)
    body = body_of(request)
    kind, content_type = body.get("kind"), body.get("contentType")
    if not text(body.get("filename")):
        return _wrong("filename is required", "invalid_input", "filename", body.get("filename"), None)
    if kind not in CLIPS:
        return _wrong("kind is video or audio", "invalid_input", "kind", kind, list(CLIPS))
    endings = CLIPS[str(kind)]
    if content_type not in endings:
        return _wrong("This type is not taken", "invalid_type", "contentType", content_type, list(endings))
    ending = endings[str(content_type)]
    if wrong := _unfit(sandbox, body, str(kind), ending):
        return wrong
    place = _place(sandbox, request, str(content_type), body["size"], ending)
    return answer(200, {"success": True, **place, "key": place["publicUrl"].partition("/uploads/")[2]})


def _unfit(sandbox: "Sandbox", body: Json, kind: str, ending: str) -> Response | None:
    """Why the model does not accept this clip."""
    model_id = body.get("modelId")
    entry = catalogue.find(sandbox.entries, model_id)
    if entry is None:
        return _wrong("Unknown model", "invalid_model", "modelId", model_id, None)
    limits = members(catalogue.video(entry).get("referenceVideo" if kind == "video" else "referenceAudio"))
    if limits.get("enabled") is not True:
        code = "reference_video_not_supported" if kind == "video" else "invalid_reference_audio"
        return _wrong(f"This model takes no reference {kind}", code, "modelId", model_id, None)
    formats = catalogue.names(limits.get("formats"))
    if formats and ending not in formats:
        return _wrong("This model does not take this format", "invalid_type", "contentType", ending, formats)
    size, most = body.get("size"), number(limits.get("maxUploadBytes")) or 0
    if not _is_size(size) or size > most:
        return _wrong("The file is too large", "too_large", "size", size, most, max=most)
    return None


def _wrong(message: str, code: str, field: str, received: Any, allowed: Any, **fields: Any) -> Response:
    allowed_too = {} if allowed is None else {"allowed": allowed}
    return refusal(400, message, code=code, field=field, received=received, **allowed_too, **fields)


def _is_size(size: Any) -> TypeGuard[int]:
    return isinstance(size, int) and not isinstance(size, bool) and size > 0


def _place(sandbox: "Sandbox", request: Request, content_type: str, size: int, ending: str) -> Json:
    upload_id = str(uuid.uuid4())
    sandbox.ledger.open_upload(upload_id, content_type, size, sandbox.clock())
    return {
        "presignedUrl": f"{request.base}/storage/{upload_id}?signature={secrets.token_hex(8)}",
        "publicUrl": f"{request.base}/uploads/{upload_id}.{ending}",
    }


def store(sandbox: "Sandbox", request: Request, upload_id: str) -> Response:
    """`PUT presignedUrl`: the bytes, with the announced type and size and without a token."""
    found = sandbox.ledger.upload(upload_id)
    if found is None:
        return refusal(403, "The signature does not match", code="forbidden")
    if "authorization" in request.headers:
        return refusal(403, "Only one way to authorize is allowed", code="forbidden", field="Authorization")
    kind, size, _, _ = found
    if request.headers.get("content-type") != kind or len(request.body) != size:
        return refusal(403, "Not what was announced", code="forbidden")
    sandbox.ledger.fill_upload(upload_id, request.body)
    return Response(200)


def uploaded(sandbox: "Sandbox", name: str) -> Response:
    """An uploaded file, public: a picture for a day, a clip for seven."""
    found = _file(sandbox.ledger, name, sandbox.clock())
    if found is None:
        return refusal(404, "Not found", code="not_found")
    return Response(200, found[1], {"Content-Type": found[0]})


def _file(ledger: Ledger, name: str, now: float) -> tuple[str, bytes] | None:
    """(content type, bytes) of an upload that exists and has not expired."""
    found = ledger.upload(name.partition(".")[0])
    if found is None or found[3] is None:
        return None
    lasts = DAY if found[0] in PICTURES else CLIPS_LAST
    return None if now > found[2] + lasts else (found[0], found[3])


@dataclass(frozen=True)
class Clips:
    """Where reference clips may be hosted, and how long each is. `base` is the address this client uses for the
    sandbox."""

    ledger: Ledger
    now: float
    base: str

    def is_ours(self, link: str) -> bool:
        try:
            parts = urlsplit(link)
        except ValueError:
            return False
        return (parts.scheme, parts.hostname) in OUR_HOSTS or f"{parts.scheme}://{parts.netloc}" == self.base

    def seconds(self, link: str, kind: str) -> float | None:
        """The length of a clip, or None for an upload that is missing or not of this kind ("video", "audio")."""
        parts = urlsplit(link)
        folder, _, name = parts.path.rpartition("/")
        if folder != "/uploads" or parts.hostname in VENDOR_HOSTS:
            return USUAL_SECONDS
        found = _file(self.ledger, name, self.now)
        if found is None or found[0] not in CLIPS[kind]:
            return None
        length = durations.seconds(found[1], found[0])
        return USUAL_SECONDS if length is None else length
