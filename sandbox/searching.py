"""`GET /api/search`: searches the gallery, a limited number of times per day."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sandbox import gallery
from sandbox.answers import Request, Response, answer, refusal

if TYPE_CHECKING:
    from sandbox.app import Sandbox


def search(sandbox: "Sandbox", request: Request) -> Response:
    try:
        limit, offset = int(request.query.get("limit", "20")), int(request.query.get("offset", "0"))
    except ValueError:
        return refusal(400, "limit and offset must be numbers", code="invalid_parameter")
    if refused := _counted(sandbox, request):
        return refused
    found = gallery.search(request.query.get("q", ""))[max(0, offset) :][: min(max(1, limit), 50)]
    media = request.query.get("media", "")
    return answer(200, {"success": True, "data": [gallery.found(item, request.base, media) for item in found]})


def _counted(sandbox: "Sandbox", request: Request) -> Response | None:
    """Counts the search for the account if a token is sent, otherwise for the client's address."""
    anonymous, of_account = sandbox.searches
    now = datetime.fromtimestamp(sandbox.clock(), UTC)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    wait = {"Retry-After": f"{max(1, round((midnight - now).total_seconds()))}"}
    if "authorization" not in request.headers:
        if sandbox.ledger.count_search(f"address {request.client}", f"{now:%Y-%m-%d}") > anonymous:
            return refusal(429, "Too many searches from this address", wait, code="rate_limited")
        return None
    token = sandbox.token(request)
    if token is None:
        return refusal(401, "Invalid token", code="invalid_token")
    if sandbox.ledger.count_search(token.account, f"{now:%Y-%m-%d}") > of_account:
        return refusal(429, "The searches of today are used up", wait, code="DAILY_LIMIT_REACHED")
    return None
