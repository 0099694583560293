"""Deciding about clicks that wait for approval. What is approved goes out as it was asked for, once."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from generations.dispatch import wake
from generations.models import Approval, Generation, Trail, budget
from generations.models.ledger import day_of
from generations.models.sentences import Sentence

S = Generation.Status


class TooLate(Exception):
    """Meigen has forgotten the uploads of the click meanwhile, so it could only be asked for anew."""


def approve(approval: Approval, by: User) -> int:
    """Lets a click go out; how many of its generations do, none if somebody else has decided.

    Raises, with nothing decided, budget.Refused if it does not fit into a budget, and TooLate.
    """
    now = timezone.now()
    with transaction.atomic():
        if not approval.decide(by, approved=True, answer="", at=now):
            return 0
        rows = list(approval.held)
        if rows:
            budget.check(approval.owner_id, rows[0].project_id, approval.credits and _credits(rows), day_of(now))
        if any(row.has_old_uploads for row in rows):
            raise TooLate
        note, day, trail = Sentence.APPROVED.stored(name=by.get_username()), day_of(now), Trail()
        queued: dict[str, Any] = {"needs_approval": False, "queued_at": now, "counted_on": day}
        sent = sum(row.move(S.QUEUED, expecting=S.HELD, note=note, at=now, trail=trail, **queued) for row in rows)
        trail.write()
        wake.sweep()
    return sent


def reject(approval: Approval, by: User, answer: str) -> int:
    """Cancels a click that waits for approval; how many of its generations, none if somebody else has decided."""
    now = timezone.now()
    with transaction.atomic():
        if not approval.decide(by, approved=False, answer=answer, at=now):
            return 0
        said = Sentence.NOT_APPROVED if not answer else Sentence.NOT_APPROVED_BECAUSE
        note = said.stored(name=by.get_username(), **({"reason": answer} if answer else {}))
        ended: dict[str, Any] = {"message": note, "finished_at": now}
        trail = Trail()  # written at the end: whoever holds the sums of usage waits for no other row
        rows = [
            row.move(S.CANCELLED, expecting=S.HELD, note=note, at=now, trail=trail, **ended) for row in approval.held
        ]
        trail.write()
    return sum(rows)


def _credits(rows: list[Generation]) -> int:
    return sum(row.credits_at_most for row in rows)
