"""Every call of the API as a value: what to send, and how to read the response.

Calls know nothing about connections, so the blocking client and the polling pool share them. Paths follow the contract.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from meigen_api import errors, types
from meigen_api.errors import Answer, Problem
from meigen_api.secret import Secret
from meigen_api.types import GalleryImage, Json, Model, Presigned, Status, TokenInfo, TokenUsage

T = TypeVar("T")

LIST = "[]"  # no JSON object in the contract has a member with this name


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request. `read` turns the JSON object of a 2xx response into the result; it may raise BadAnswer."""

    method: str
    path: str
    read: Callable[[Json, Answer], T]
    body: bytes | None = None
    public: bool = False


def canonical_body(fields: Json) -> str:
    """The canonical text of a request body: sorted keys, no spaces. The same fields always give the same bytes."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def submit(body: str) -> Call[Status]:
    """`POST /api/generate/v2` with the exact text of `canonical_body`, including the idempotency key."""
    return Call("POST", "/api/generate/v2", _submitted, body=body.encode())


def status(generation_id: str) -> Call[Status]:
    """`GET /api/generate/v2/status/:id`."""
    return Call("GET", f"/api/generate/v2/status/{_segment(generation_id)}", _status)


def request(idempotency_key: str) -> Call[Status]:
    """`GET /api/generate/v2/requests/:idempotencyKey`: the outcome of a submit whose response was lost."""
    return Call("GET", f"/api/generate/v2/requests/{_segment(idempotency_key)}", _submitted)


def models() -> Call[list[Model]]:
    """`GET /api/models` (public)."""
    return Call("GET", "/api/models", read_models, public=True)


def raw_models() -> Call[str]:
    """`GET /api/models` as the text of the response, for storing. It is checked to be readable first."""
    return Call("GET", "/api/models", _raw_models, public=True)


def _raw_models(data: Json, answer: Answer) -> str:
    read_models(data, answer)
    return answer.body


def read_models(data: Json, answer: Answer) -> list[Model]:
    if not isinstance(data.get("models"), list):
        raise errors.BadAnswer(Problem.NO_MODELS, answer=answer, fields=data)
    return types.models_from_json(data)


def image(image_id: str) -> Call[GalleryImage]:
    """`GET /api/images/:id` (public): the newer response with `data`, or the older flat one."""
    return Call("GET", f"/api/images/{_segment(image_id)}", _image, public=True)


def search(words: str, limit: int = 20, offset: int = 0) -> Call[list[GalleryImage]]:
    """`GET /api/search`: within the account's own quota with a token, within the limit per address without one.

    Each image says which of its pictures matched.
    """
    query = urlencode({"q": words, "type": "posts", "media": "matched-v1", "limit": limit, "offset": offset})
    return Call("GET", f"/api/search?{query}", _images)


def tokens() -> Call[list[TokenInfo]]:
    """`GET /api/tokens`. Needs a session token, as do the next three."""
    return Call("GET", "/api/tokens", _tokens)


def create_token(name: str) -> Call[Secret]:
    """`POST /api/tokens`: returns the full token, only this once. At most five can be active."""
    return Call("POST", "/api/tokens", _created_token, body=canonical_body({"name": name}).encode())


def revoke_token(token_id: str) -> Call[None]:
    """`DELETE /api/tokens/:id`."""
    return Call("DELETE", f"/api/tokens/{_segment(token_id)}", lambda data, answer: None)


def token_usage(token_id: str) -> Call[list[TokenUsage]]:
    """`GET /api/tokens/:id/usage`."""
    return Call("GET", f"/api/tokens/{_segment(token_id)}/usage", _usage)


def presign(filename: str, content_type: str, size: int) -> Call[Presigned]:
    """`POST /upload/presign` of the upload gateway, which has its own base URL and receives no token."""
    body = canonical_body({"filename": filename, "contentType": content_type, "size": size})
    return Call("POST", "/upload/presign", _presigned, body=body.encode(), public=True)


def presign_clip(filename: str, content_type: str, size: int, model_id: str, kind: str) -> Call[Presigned]:
    """`POST /api/upload/reference-video`: where to upload a reference clip (`kind`: "video" or "audio") for a model."""
    fields = {"filename": filename, "contentType": content_type, "size": size, "modelId": model_id, "kind": kind}
    return Call("POST", "/api/upload/reference-video", _presigned, body=canonical_body(fields).encode())


def _image(data: Json, answer: Answer) -> GalleryImage:
    found = GalleryImage.from_json(types.members(data.get("data")) or data)
    if found is None:
        raise errors.BadAnswer(Problem.NO_IMAGE, answer=answer, fields=data)
    return found


def _images(data: Json, answer: Answer) -> list[GalleryImage]:
    listed = data.get("data")
    if not isinstance(listed, list):
        raise errors.BadAnswer(Problem.NO_SEARCH_RESULTS, answer=answer, fields=data)
    found = (GalleryImage.from_json(entry) for entry in listed if isinstance(entry, dict))
    return [entry for entry in found if entry]


def _tokens(data: Json, answer: Answer) -> list[TokenInfo]:
    for name in (LIST, "tokens", "data"):
        if isinstance(data.get(name), list):
            found = (TokenInfo.from_json(entry) for entry in data[name] if isinstance(entry, dict))
            return [entry for entry in found if entry]
    raise errors.BadAnswer(Problem.NO_TOKENS, answer=answer, fields=data)


def _created_token(data: Json, answer: Answer) -> Secret:
    plain = types.text(data.get("token")) or types.text(types.members(data.get("data")).get("token"))
    if not plain.startswith("meigen_sk_"):
        # Without the response, which may contain a token in an unknown form.
        raise errors.BadAnswer(Problem.NOT_SHOWN)
    return Secret(plain)


def _usage(data: Json, answer: Answer) -> list[TokenUsage]:
    listed = data.get("generations")
    if not isinstance(listed, list):
        raise errors.BadAnswer(Problem.NO_USAGE, answer=answer, fields=data)
    return [TokenUsage.from_json(entry) for entry in listed if isinstance(entry, dict)]


def _presigned(data: Json, answer: Answer) -> Presigned:
    upload, public = types.links(data.get("presignedUrl")), types.links(data.get("publicUrl"))
    if not upload or not public:
        raise errors.BadAnswer(Problem.NO_UPLOAD_ADDRESS, answer=answer, fields=data)
    return Presigned(upload[0], public[0])


def _segment(value: str) -> str:
    return quote(value, safe="")


def _submitted(data: Json, answer: Answer) -> Status:
    found = Status.from_json(data, answer)
    if not 0 < len(found.generation_id) <= 200:
        raise errors.BadAnswer(Problem.NO_GENERATION_ID, answer=answer, fields=data)
    return found


def _status(data: Json, answer: Answer) -> Status:
    if not types.text(data.get("status")):
        raise errors.BadAnswer(Problem.NO_STATUS, answer=answer, fields=data)
    return Status.from_json(data, answer)


def result(call: Call[T], answer: Answer) -> T:
    """The call's result. Raises the typed error for the response otherwise."""
    data, broken = decode(answer.body)
    if 200 <= answer.status < 300:
        if broken or data.get("success") is False:
            raise errors.BadAnswer(broken or types.text(data.get("error")) or Problem.NO_SUCCESS, answer=answer)
        return call.read(data, answer)
    raise error(answer, data)


def decode(body: str) -> tuple[Json, Problem | None]:
    """The body as a JSON object, and what is wrong with it, if anything. A bare list is stored under LIST."""
    try:
        data = json.loads(body, parse_constant=_no_constant)
    except RecursionError:
        return {}, Problem.NESTED_TOO_DEEPLY
    except ValueError:
        return {}, Problem.NOT_JSON
    if isinstance(data, list):
        return {LIST: data}, None
    if not isinstance(data, dict):
        return {}, Problem.NOT_AN_OBJECT
    return data, None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


KINDS: dict[int, type[errors.MeigenError]] = {
    401: errors.BadToken,
    402: errors.InsufficientCredits,
    404: errors.NotFound,
    408: errors.NoAnswer,
    409: errors.Conflict,
    410: errors.Gone,
    429: errors.RateLimited,
}


def error(answer: Answer, fields: Json) -> errors.MeigenError:
    """The typed error for a non-2xx response."""
    said = types.text(fields.get("error")) or types.text(fields.get("message"))
    kind = _kind(answer.status, fields)
    wait = retry_after(answer, fields)
    return kind(said or Problem.RESPONDED, answer=answer, fields=fields, retry_after=wait)


def _kind(status: int, fields: Json) -> type[errors.MeigenError]:
    """The error class: by status, unless the code is more specific."""
    match status, fields.get("code"):
        case 409 | 503, "in_progress":
            return errors.InProgress
        case 503, "reference_probe_timeout":  # nothing was charged, whether it may be retried or not
            return errors.InvalidRequest if fields.get("retryable") is False else errors.NotYet
    if status in KINDS:
        return KINDS[status]
    if 400 <= status < 500:
        return errors.InvalidRequest
    return errors.ServerError if status >= 500 else errors.BadAnswer


def retry_after(answer: Answer, fields: Json, now: datetime | None = None) -> float | None:
    """Seconds to wait, from `Retry-After` (seconds or an HTTP date) or the body's `retryAfterSeconds`."""
    header = answer.headers.get("retry-after", "").strip()
    seconds = types.number(header)
    if seconds is None and header:
        try:
            when = parsedate_to_datetime(header)
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
            seconds = (when - (now or datetime.now(UTC))).total_seconds()
        except (ValueError, OverflowError):
            seconds = None
    if seconds is None:
        seconds = types.number(fields.get("retryAfterSeconds"))
    return None if seconds is None else max(0.0, seconds)
