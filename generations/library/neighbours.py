"""What is next to a result: the pictures of its set, the previous and next results, and those to compare it with."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from accounts.models import User
from generations.library.lists import List, usual
from generations.media import serving
from generations.models import Generation, Result
from generations.models.search import TooMany, within_time

EACH_SIDE = 4
COMPARABLE = 24


def around(row: Generation, viewer: User, listed: List) -> dict[str, Any]:
    """`ahead` and `following`, the adjacent results or None, and `strip`, the nearby ones, in the order of the list it
    is viewed in."""
    try:
        with within_time() if listed.is_search else nullcontext():
            sides = [list(rows.prefetch_related("results")[:EACH_SIDE]) for rows in listed.beside(row, viewer)]
    except TooMany:
        sides = [[], []]
    ahead, following = sides
    return {
        "ahead": ahead[0] if ahead else None,
        "following": following[0] if following else None,
        "strip": [*reversed(ahead), row, *following],
    }


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
    near = usual(row, viewer).filter(media_type="image")
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
