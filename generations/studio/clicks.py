"""What happens to a click as soon as its rows are written."""

from accounts.http import Request
from generations.dispatch import decisions
from generations.models import Approval, Generation
from generations.usage import approvals


def begin(request: Request, rows: list[Generation]) -> list[Generation]:
    """Sends what can be sent within the patience of a click, or asks for its approval; returns the rows as they are
    now."""
    if rows[0].status != Generation.Status.HELD:
        return decisions.send_now(rows)
    asked = Approval.objects.get(owner=request.user, nonce=rows[0].nonce)
    approvals.announce(asked, request.build_absolute_uri(asked.get_absolute_url()))
    return rows
