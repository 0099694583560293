"""What is next to a result: the pictures of its set, the previous and next results, and those to compare it with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from accounts.models import User
from generations.media import serving
from generations.models import Collection, Generation, GenerationQuerySet, Result

EACH_SIDE = 4
COMPARABLE = 24


def around(row: Generation, viewer: User, inside: Collection | None) -> dict[str, Any]:
    """`ahead` and `following`, the adjacent results or None, and `strip`, the nearby ones, in the order of the
    collection it is viewed in, or of the history."""
    if inside:
        before, after = inside.beside(row, viewer)
    else:
        rows = _list_of(row, viewer)
        before, after = rows.after(row.created_at, row.pk), rows.newest_first().before(row.created_at, row.pk)
    ahead, following = (list(rows.prefetch_related("results")[:EACH_SIDE]) for rows in (before, after))
    return {
        "ahead": ahead[0] if ahead else None,
        "following": following[0] if following else None,
        "strip": [*reversed(ahead), row, *following],
    }


def _list_of(row: Generation, viewer: User) -> GenerationQuerySet:
    """The list in which the viewer sees this row: their own history or the team gallery."""
    if row.owner_id == viewer.pk:
        return Generation.objects.owned_by(viewer).kept()
    return Generation.objects.shown_to_team()


def chosen(kept: Sequence[Result], number: str) -> Result | None:
    """The file with this number, or the first one."""
    return next((result for result in kept if str(result.number) == number), kept[0] if kept else None)


def in_set(kept: Sequence[Result], number: str) -> dict[str, Any]:
    """`picture`, the one of the set to show, and the adjacent ones or None as `before_in_set` and `after_in_set`."""
    picture = chosen(kept, number)
    place = kept.index(picture) if picture else 0
    return {
        "picture": picture,
        "before_in_set": kept[place - 1] if place else None,
        "after_in_set": kept[place + 1] if place + 1 < len(kept) else None,
    }


def comparable(row: Generation, viewer: User, first: Result | None) -> list[Result]:
    """Pictures worth comparing with the first: its set, its click, then the newest of the same list."""
    near = _list_of(row, viewer).filter(media_type="image")
    ids = [row.pk]
    if row.owner_id == viewer.pk:
        ids += near.filter(nonce=row.nonce).order_by("number").values_list("pk", flat=True)[:COMPARABLE]
    ids += near.filter(status=Generation.Status.DONE).newest_first().values_list("pk", flat=True)[:COMPARABLE]
    order = {pk: place for place, pk in reversed(list(enumerate(ids)))}
    found = serving.readable(viewer=viewer).filter(generation__in=order, content_type__startswith="image/")
    others = [result for result in found if first is None or result.pk != first.pk]
    return sorted(others, key=lambda result: (order[result.generation_id], result.number))[:COMPARABLE]


def find(others: Sequence[Result], viewer: User, pk: str, number: str) -> Result | None:
    """The picture the viewer selected, if they may see it, or the first of the others if they selected none."""
    if not pk:
        return others[0] if others else None
    try:
        wanted = serving.readable(viewer=viewer).filter(generation=uuid.UUID(pk), number=int(number))
    except ValueError:
        return None
    return wanted.filter(content_type__startswith="image/").first()
