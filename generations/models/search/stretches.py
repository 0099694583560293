"""How far back a search on PostgreSQL looks: along a list, or by its index in ever longer stretches of time.

By a sample of the prompts, which tells how common the words are, and by the time that the first rows of a list take.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models

from generations.search_keys import mark

from . import sample
from .narrowing import Narrowing
from .searchable import Searchable

if TYPE_CHECKING:
    from generations.models.generation import GenerationQuerySet

Stretch = tuple[datetime, datetime]

ENOUGH = 25
MARGIN = 3.0  # times as many as a page has are looked for, since the sample tells it more or less
# Of all that is expected: to look for more costs as much as to read all.
SHARE, SHARE_OF_LIST = 0.5, 0.125
FURTHER = 8  # times as many again, when the page is not full


def end_of_list(narrowing: Narrowing, words: list[str]) -> datetime | None:
    """Since when the first rows of the list are; None if the list is the way to go.

    It is when it is short. Where the index has more than the list, it is also when a page is found along it, or all of
    it read, in fewer rows than the index has with the words. How long the list is, its first rows tell by the stretch
    of time that they take.
    """
    if narrowing.marks:
        return narrowing.end_of_stretch(narrowing.before)
    known = sample.taken()
    keys = [*map(mark, narrowing.keys)]
    chance = known.chance(words, keys)
    expected = known.expected(keys) * chance
    if ENOUGH / chance < expected:
        return None
    end = narrowing.end_of_stretch(narrowing.before)
    if end and expected * known.share(end, narrowing.before and narrowing.before[0]) > narrowing.STRETCH:
        return None
    return end


def newest(rows: GenerationQuerySet, narrowing: Narrowing) -> datetime | None:
    """When the last row was made that may be found."""
    if narrowing.before:
        return narrowing.before[0]
    made: models.QuerySet[Any]
    if narrowing.marks:
        made = narrowing.marks[0].rows.order_by("-made_at", "-generation")
        return made.values_list("made_at", flat=True).first()
    made = rows.model.objects.order_by("-created_at", "-pk")
    if narrowing.owner is not None:
        made = models.QuerySet(Searchable).filter(owner_id=narrowing.owner).order_by("-created_at", "-generation")
    return made.values_list("created_at", flat=True).first()


def all_of(rows: GenerationQuerySet, narrowing: Narrowing, until: datetime | None) -> Stretch | None:
    """The stretch in which all is that may be found, unless that is most of all: at the end of a list it is little."""
    if until is None:
        return None
    if narrowing.since:
        return narrowing.since, until
    known = sample.taken()
    if not narrowing.before or not known.times or known.share(known.times[0], until) > SHARE:
        return None
    made = rows.model.objects.order_by("created_at", "pk").values_list("created_at", flat=True)
    oldest = made.first()
    return (oldest, until) if oldest else None


def back_from(
    until: datetime, end: datetime | None, narrowing: Narrowing, words: list[str], size: int
) -> Iterator[datetime]:
    """Since when so many are made that end here, each further back than the one before; none that is nearly all.

    `end` is that of the first rows of a list.
    """
    if narrowing.marks and end:
        found = _of_marks(until, end, narrowing, words, MARGIN * size)
    else:
        found = _of_all(until, end, narrowing, words, MARGIN * size)
    for since in found:
        if narrowing.since and since <= narrowing.since:
            return
        yield since


def _of_all(
    until: datetime, end: datetime | None, narrowing: Narrowing, words: list[str], rows: float
) -> Iterator[datetime]:
    known = sample.taken()
    keys = [*map(mark, narrowing.keys)]
    parts = [*keys, *words]
    share = SHARE
    if end:  # in the list are fewer: how long its first rows take tells what part of all, and not very well
        share = SHARE_OF_LIST
        of_all = known.since(keys, narrowing.STRETCH, until)
        if of_all and end < of_all < until:
            rows *= (until - end) / (until - of_all)
    while since := known.since(parts, rows, until, share):
        yield since
        if not known.count(parts):  # so they never meet, most likely
            return
        rows *= FURTHER


def _of_marks(
    until: datetime, end: datetime, narrowing: Narrowing, words: list[str], rows: float
) -> Iterator[datetime]:
    """The first of the marks tell how many are made in a day."""
    known = sample.taken()
    marks = rows / known.chance([*map(mark, narrowing.keys), *words], ())
    stretch = (until - end) / narrowing.STRETCH * marks
    while known.times and timedelta(0) < stretch < (until - known.times[0]) * SHARE:
        yield until - stretch
        stretch *= FURTHER
