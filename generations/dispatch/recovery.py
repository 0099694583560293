"""What no single answer brings about: claims of the dead are freed, tokens replaced, requests sent again."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from generations.dispatch import parking, submit
from generations.models import Generation, budget
from generations.models.lease import free_dead_claims
from generations.models.ledger import day_of
from generations.models.process import this_process
from generations.models.sentences import Sentence

S = Generation.Status


def release_claims() -> None:
    """Frees what this process has claimed but cannot wait for; its attempts stay unsettled, so the same goes again."""
    Generation.objects.filter(
        status__in=[S.QUEUED, S.SENDING], claimed_by=this_process(), lease_until__gt=timezone.now()
    ).update(lease_until=None)


def recover() -> None:
    """What no single answer brings about.

    A replaced token frees its queue, a removed one leaves nothing half sent, what a dead process was sending is free,
    and what somebody asked for who is switched off is put away until they are asked.
    """
    now = timezone.now()
    for generation in Generation.objects.to_put_away():
        parking.put_away(generation, now)
    free_dead_claims(Generation.objects.filter(status__in=[S.QUEUED, S.SENDING], lease_until__gt=now))
    for generation in Generation.objects.with_replaced_token():
        try:
            requeue(generation, Sentence.TOKEN_REPLACED.stored())
        except budget.Refused:  # or else it would go out by itself when the next month begins
            told = Sentence.OVER_BUDGET.stored()
            generation.move(S.CANCELLED, expecting=S.REJECTED, as_seen=True, note=told, message=told, finished_at=now)
    for generation in Generation.objects.orphaned().filter(Q(lease_until=None) | Q(lease_until__lt=now)):
        submit.stall(generation, now)


def requeue(generation: Generation, note: str) -> bool:
    """Puts what was refused or never sent back into the queue, under the same key.

    Only as it was when somebody decided so: what was cancelled or deleted meanwhile is not paid after all. And only if
    it fits into the budgets of this month: else raises budget.Refused.
    """
    now = timezone.now()
    with transaction.atomic():
        announced = generation.announced
        credits = announced.most if announced else None
        budget.check(generation.owner_id, generation.project_id, credits, day_of(now))
        return generation.move(
            S.QUEUED,
            expecting=[S.REJECTED, S.CANCELLED],
            as_seen=True,
            note=note,
            queued_at=now,
            counted_on=day_of(now),
            sent_at=None,
            not_before=None,
            lease_until=None,
            error_code="",
            answer_status=None,
            answer_body="",
            message="",
            finished_at=None,
            deleted_at=None,  # what may cost credits is in sight
        )
