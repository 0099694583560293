"""The endpoints of an account: its tokens and their usage."""

import secrets
from typing import TYPE_CHECKING

from meigen_api.types import Json, text
from sandbox import jobs
from sandbox.answers import Request, Response, answer, body_of, refusal
from sandbox.ledger import Token

if TYPE_CHECKING:
    from sandbox.app import Sandbox

MAX_TOKENS = 5


def tokens(sandbox: "Sandbox", request: Request, rest: list[str]) -> Response:
    """`/api/tokens`, for session tokens only."""
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
            used = [
                {
                    "id": job.id,
                    "model": job.model,
                    "credits_used": job.credits,
                    "status": jobs.state(sandbox, job),
                    "created_at": sandbox.timestamp(job.created),
                }
                for job in sandbox.ledger.jobs_of_token(token_id)
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
