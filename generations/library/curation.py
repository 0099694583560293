"""What people do with generations that have ended: star, show to the team, delete and bring back."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from generations.dispatch import decisions
from generations.models import Generation, Star

S = Generation.Status


def star(user: User, generation: Generation, *, on: bool = True) -> None:
    """Puts this person's star on it, or takes it off."""
    if on:
        star_all(user, [generation.pk])
    else:
        Star.objects.filter(user=user, generation=generation).delete()


def star_all(user: User, ids: Iterable[UUID]) -> int:
    """Puts this person's star on all of these that they may see; says how many those are."""
    seen = list(Generation.objects.visible_to(user).kept().filter(pk__in=ids))
    Star.objects.bulk_create([Star(user=user, generation=row) for row in seen], ignore_conflicts=True)
    return len(seen)


def show_to_team(user: User, ids: Iterable[UUID], *, shown: bool) -> int:
    """Lets the team see these finished ones of this person, or no longer; says how many changed."""
    rows = Generation.objects.owned_by(user).kept().filter(pk__in=ids)
    return rows.filter(status=S.DONE).show() if shown else rows.hide()


def delete(user: User, ids: Iterable[UUID]) -> list[UUID]:
    """Takes what has ended out of sight, to be brought back by `restore`; says which.

    What runs, or is about to, stays: it costs credits, and nobody should lose sight of it.
    """
    rows = Generation.objects.owned_by(user).kept().filter(pk__in=ids)
    with transaction.atomic():
        for refused in rows.filter(status=S.REJECTED, answer_status=401):
            decisions.cancel(refused)  # a new token must not send it after all
        now = timezone.now()
        rows.exclude(status__in=Generation.LIVE).touch(now, deleted_at=now)
        gone = Generation.objects.owned_by(user).filter(pk__in=ids, deleted_at=now)
        return list(gone.values_list("pk", flat=True))


def restore(user: User, ids: Iterable[UUID]) -> int:
    """Brings back what was deleted; says how many."""
    rows = Generation.objects.owned_by(user).filter(pk__in=ids, deleted_at__isnull=False)
    return rows.touch(deleted_at=None)
