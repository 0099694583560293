"""Searching along an FTS5 index whose rowids count backwards in time, so that it reads the newest first."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from generations.models.keyset import Position, keyset
from generations.search_keys import EPOCH, mark
from generations.search_tables import BETWEEN, PLACES_A_SECOND

from . import sample
from .narrowing import Marks, Narrowing
from .searchable import IndexMark, IndexPlace, Searchable

if TYPE_CHECKING:
    from generations.models.generation import GenerationQuerySet

# How far from its own second a row may stand, where thousands came in one.
ASIDE = 600 * PLACES_A_SECOND
# Rows of the index that cost no more than one of a list of marks: most of them are not marked, and not looked up.
CHEAPER = 3
# A row is fetched by way of its place and its id, and compared, in some 16 us; an entry is read in 8 to 20 ns.
COMPARE = 1000
COMPARE_MARKED = 300  # most of those found are not marked, and not fetched


@models.TextField.register_lookup
class Matches(models.Lookup):
    """FTS5's own."""

    lookup_name = "matches"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} MATCH {right}", [*left_params, *right_params]


def search(rows: GenerationQuerySet, words: list[str], narrowing: Narrowing) -> GenerationQuerySet:
    """Along the index, or along a list that is short beside what the index has.

    Which way is decided from the beginning of the list for all its pages: within a second the index has the order in
    which rows came, the list that in which they were made, and between a page of each a row could be left out.
    """
    until, before = narrowing.until, narrowing.before
    grams = [*map(mark, narrowing.keys), *_grams(words)]
    compare = COMPARE_MARKED if narrowing.marks else COMPARE
    asked = " ".join(map(_quoted, sample.taken().cheapest(grams, compare)))
    if narrowing.along is not None and _is_found_sooner(
        narrowing, _inside(asked, narrowing.since, until, until and _place(until))
    ):
        return _containing(narrowing.along(before), words)
    place = before and _place(before)
    if before and place is None:
        rows = rows.filter(keyset(before))
    inside = _inside(asked, narrowing.since, before, place, "searchable__")
    return _containing(rows, words).filter(inside, *map(_is_marked, narrowing.marks)).order_by("searchable__place")


def _is_marked(marks: Marks) -> Exists:
    places: models.QuerySet[IndexMark] = models.QuerySet(IndexMark)
    return Exists(places.filter(whose=marks.text, place=OuterRef("searchable__place")))


def _inside(asked: str, since: datetime | None, before: Position | None, place: int | None, table: str = "") -> Q:
    inside = Q(**{f"{table}index__matches": asked})
    if since:
        inside &= Q(**{f"{table}place__lte": first_place(since)})
    if before:
        # A moment, or a row that is gone. What was made before it may stand some places further ahead.
        after = first_place(before[0]) - ASIDE if place is None else place
        inside &= Q(**{f"{table}place__gt": after})
    return inside


def _place(position: Position) -> int | None:
    """Where the index has the row of this position, if there is one."""
    found: models.QuerySet[IndexPlace] = models.QuerySet(IndexPlace).filter(generation_id=position[1])
    return found.values_list("place", flat=True).first()


def _is_found_sooner(narrowing: Narrowing, inside: Q) -> bool:
    """Whether the list's rows cost no more than the index's in the same stretch of time, that of the list's first."""
    end = narrowing.end_of_stretch(narrowing.until)
    if end is None:
        return True
    found: models.QuerySet[Searchable, Any] = models.QuerySet(Searchable).filter(inside, place__lte=first_place(end))
    enough = narrowing.STRETCH * (CHEAPER if narrowing.marks else 1)
    return len(found.values_list("place")[:enough]) == enough


def _containing(rows: GenerationQuerySet, words: list[str]) -> GenerationQuerySet:
    return rows.filter(*map(_has, words))


def _has(word: str) -> Q:
    """Contains the word. LIKE folds the case of ASCII's letters alone; for others Python is asked, 2 us a prompt."""
    if any(not letter.isascii() and letter.lower() != letter.upper() for letter in word):
        return Q(prompt__regex="".join(map(_cases, word)))
    return Q(prompt__icontains=word)


def _cases(letter: str) -> str:
    """The letter in both cases, if they are each other's: so the index folds them, and not i and dotless i into one."""
    lower, upper = letter.lower(), letter.upper()
    if lower == upper or len(lower + upper) > 2 or (upper.lower(), lower.upper()) != (lower, upper):
        return re.escape(letter)
    return f"[{lower}{upper}]"


def _grams(words: list[str]) -> list[str]:
    """What FTS5's trigram index has of the words: three characters each, `BETWEEN` among those of short words."""
    grams = []
    for word in words:
        if len(word) == 1:
            grams.append(f"{BETWEEN}{word}{BETWEEN}")
        elif len(word) == 2:
            grams.append(BETWEEN.join(word))
        grams += [word[start : start + 3] for start in range(len(word) - 2)]
    return grams


def _quoted(gram: str) -> str:
    return '"' + gram.replace('"', '""') + '"'


def first_place(moment: datetime) -> int:
    """The place in SQLite's index of what was made first in that second; those after it are less."""
    return -((moment - EPOCH) // timedelta(seconds=1)) * PLACES_A_SECOND
