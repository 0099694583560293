"""Actions on finished generations: star, show to the team, delete and restore."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from generations.dispatch import decisions
from generations.models import Generation, Star

S = Generation.Status


def star(user: User, generation: Generation, *, on: bool = True) -> bool:
    """Adds this person's star, or removes it. Returns False for what cannot be starred."""
    if on:
        return bool(star_all(user, [generation.pk]))
    Star.objects.filter(user=user, generation=generation).delete()
    return True


def star_all(user: User, ids: Iterable[UUID]) -> int:
    """Stars all of these that the person may see. Returns how many that is."""
    seen = list(Generation.objects.visible_to(user).kept().filter(pk__in=ids))
    Star.objects.bulk_create([Star(user=user, generation=row) for row in seen], ignore_conflicts=True)
    return len(seen)


def show_to_team(user: User, ids: Iterable[UUID], *, shown: bool) -> int:
    """Shows these finished results of the person to the team, or hides them. Returns how many changed."""
    rows = Generation.objects.owned_by(user).kept().filter(pk__in=ids)
    return rows.filter(status=S.DONE).show() if shown else rows.hide()


def delete(user: User, ids: Iterable[UUID], at: datetime | None = None) -> list[UUID]:
    """Moves finished generations to the trash, from which `restore` brings them back. Returns the affected ids.

    Generations that are running or queued stay visible, because they cost credits.
    """
    rows = Generation.objects.owned_by(user).kept().filter(pk__in=ids)
    with transaction.atomic():
        for refused in rows.filter(status=S.REJECTED, answer_status=401):
            decisions.cancel(refused)  # otherwise a new token would still send it
        now = at or timezone.now()
        rows.exclude(status__in=Generation.LIVE).mark_changed(now, deleted_at=now)
        gone = Generation.objects.owned_by(user).filter(pk__in=ids, deleted_at=now)
        return list(gone.values_list("pk", flat=True))


def restore(user: User, ids: Iterable[UUID]) -> int:
    """Restores deleted generations. Returns how many."""
    rows = Generation.objects.owned_by(user).filter(pk__in=ids, deleted_at__isnull=False)
    return rows.mark_changed(deleted_at=None)
