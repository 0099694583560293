"""The endpoints about an account rather than a job: tokens, their usage, and uploads."""

import json
import secrets
import uuid
from typing import TYPE_CHECKING

from ..types import Json, text
from .answers import Request, Response, answer, refusal
from .ledger import Token

if TYPE_CHECKING:
    from .app import Sandbox

MAX_TOKENS = 5
MAX_UPLOAD = 2_000_000
UPLOADS_LAST = 86_400
UPLOAD_KINDS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif"}


def tokens(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """`/api/tokens`: for session tokens only."""
    token = sandbox.token(request)
    if token is None:
        return refusal(401, "Invalid or missing token", code="invalid_token")
    if not token.is_session:
        return refusal(401, "Sign in to manage tokens", code="session_required")
    own = sandbox.ledger.tokens(token.account)
    match request.method, rest:
        case "GET", []:
            return answer(200, {"success": True, "tokens": [_public(sandbox, one) for one in own]})
        case "POST", []:
            return _create(sandbox, request, token, own)
        case "DELETE", [token_id] if any(one.id == token_id for one in own):
            sandbox.ledger.revoke(token_id)
            return answer(200, {"success": True})
        case "GET", [token_id, "usage"] if any(one.id == token_id for one in own):
            jobs = sandbox.ledger.jobs_of_token(token_id)
            used = [
                {
                    "id": job.id,
                    "model": job.model,
                    "credits_used": job.credits,
                    "status": sandbox.state(job),
                    "created_at": sandbox.timestamp(job.created),
                }
                for job in jobs
            ]
            return answer(200, {"success": True, "generations": used})
    return refusal(404, "No such token", code="token_not_found")


def _create(sandbox: "Sandbox", request: Request, session: Token, own: list[Token]) -> Response:
    if sum(one.active for one in own) >= MAX_TOKENS:
        return refusal(400, f"At most {MAX_TOKENS} active tokens", code="too_many_tokens", max=MAX_TOKENS)
    name = text(body_of(request).get("name")).strip()
    if not name:
        return refusal(400, "name is required", code="missing_name", field="name")
    plain = f"meigen_sk_{secrets.token_hex(16)}"
    made = sandbox.ledger.add_token(session.account, plain, name, sandbox.clock())
    fields = {"id": made.id, "token": plain, "name": name, "created_at": sandbox.timestamp(made.created)}
    return answer(200, {"success": True, **fields})


def _public(sandbox: "Sandbox", token: Token) -> Json:
    return {
        "id": token.id,
        "name": token.name,
        "token_value": f"meigen_sk_****{token.last4}",
        "is_active": token.active,
        "last_used_at": sandbox.timestamp(token.used) if token.used else None,
        "created_at": sandbox.timestamp(token.created),
    }


def presign(sandbox: "Sandbox", request: Request) -> Response:
    """`POST <gateway>/upload/presign`."""
    body = body_of(request)
    kind, size = body.get("contentType"), body.get("size")
    if kind not in UPLOAD_KINDS:
        allowed = list(UPLOAD_KINDS)
        return refusal(400, "This type is not taken", code="invalid_type", field="contentType", allowed=allowed)
    if not isinstance(size, int) or not 0 < size <= MAX_UPLOAD:
        return refusal(400, "At most 2 MB", code="too_large", field="size", max=MAX_UPLOAD)
    upload_id = str(uuid.uuid4())
    sandbox.ledger.open_upload(upload_id, str(kind), size, sandbox.clock())
    urls = {
        "presignedUrl": f"{request.base}/storage/{upload_id}?signature={secrets.token_hex(8)}",
        "publicUrl": f"{request.base}/uploads/{upload_id}.{UPLOAD_KINDS[str(kind)]}",
    }
    return answer(200, {"success": True, **urls})


def store(sandbox: "Sandbox", request: Request, upload_id: str) -> Response:
    """`PUT presignedUrl`: the bytes, of the type and size that were announced."""
    found = sandbox.ledger.upload(upload_id)
    if found is None:
        return refusal(403, "The signature does not match", code="forbidden")
    kind, size, _, _ = found
    if request.headers.get("content-type") != kind or len(request.body) != size:
        return refusal(403, "Not what was announced", code="forbidden")
    sandbox.ledger.fill_upload(upload_id, request.body)
    return Response(200)


def uploaded(sandbox: "Sandbox", upload_id: str) -> Response:
    """A stored upload, public for a day."""
    found = sandbox.ledger.upload(upload_id)
    if found is None or found[3] is None or sandbox.clock() > found[2] + UPLOADS_LAST:
        return refusal(404, "Not found", code="not_found")
    return Response(200, found[3], {"Content-Type": found[0]})


def body_of(request: Request) -> Json:
    """The JSON object of a request, empty when there is none."""
    try:
        data = json.loads(request.body)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
