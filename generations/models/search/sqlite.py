"""Searching along an FTS5 index whose rowids count backwards in time, so that it reads the newest first."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection, models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from generations.models.keyset import Position
from generations.search_tables import PLACES, PLACES_A_SECOND, SEARCHABLE

from . import sample

if TYPE_CHECKING:
    from generations.models.generation import GenerationQuerySet

BETWEEN = "\x01"  # stands between the characters of the text that serves one and two letters
COMMON = 300
FEW = 1000
ENOUGH = 25
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@models.TextField.register_lookup
class Matches(models.Lookup):
    """FTS5's own."""

    lookup_name = "matches"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} MATCH {right}", [*left_params, *right_params]


def search(
    rows: GenerationQuerySet,
    words: list[str],
    owner: int | None,
    since: datetime | None,
    before: Position | None,
    listed: GenerationQuerySet | None,
) -> GenerationQuerySet:
    """Along the index, or along a list that is short beside what the index has."""
    grams = [*([] if owner is None else [owner_mark(owner)]), *_grams(words)]
    asked = " ".join(map(_quoted, sample.taken(_texts).rarest(grams)))
    if listed is not None and _is_common(asked) and _is_near(listed, words):
        return _containing(listed, words)
    rows = _containing(rows, words).filter(searchable__index__matches=asked)
    if since:
        rows = rows.filter(searchable__place__lte=first_place(since))
    if before:
        moment, last = before
        known = RawSQL(f"(SELECT place FROM {PLACES} WHERE generation_id = %s)", [last.hex])  # noqa: S608, S611
        rows = rows.filter(searchable__place__gt=Coalesce(known, models.Value(first_place(moment))))
    return rows.order_by("searchable__place")


def _texts() -> list[str]:
    """Prompts as the index has them. The ids are random, so the first of them are of any time and of anybody."""
    rows = apps.get_model("generations", "Generation").objects.order_by("pk").values_list("owner_id", "prompt")
    return [
        f"{owner_mark(owner)}\x02{prompt}{BETWEEN}{BETWEEN.join(prompt)}{BETWEEN}".lower()
        for owner, prompt in rows[: sample.SIZE]
    ]


def _containing(rows: GenerationQuerySet, words: list[str]) -> GenerationQuerySet:
    return rows.filter(*map(_has, words))


def _has(word: str) -> Q:
    """Contains the word. LIKE folds the case of ASCII's letters alone; for others Python is asked, 2 us a prompt."""
    if any(not letter.isascii() and letter.lower() != letter.upper() for letter in word):
        return Q(prompt__iregex=re.escape(word))
    return Q(prompt__icontains=word)


def _is_common(asked: str) -> bool:
    """Whether so much matches that few of it may be in a short list."""
    with connection.cursor() as cursor:
        some = f"SELECT 1 FROM {SEARCHABLE} WHERE {SEARCHABLE} MATCH %s LIMIT {COMMON}"  # noqa: S608
        cursor.execute(f"SELECT COUNT(*) FROM ({some})", [asked])  # noqa: S608
        return bool(cursor.fetchone()[0] == COMMON)


def _is_near(listed: GenerationQuerySet, words: list[str]) -> bool:
    """Whether a page of it is among the first of the list, or the list is short: then reading the list is less work."""
    has_all = Q(*map(_has, words))
    query, params = listed.annotate(has_all=has_all).values("has_all")[:FEW].query.sql_with_params()
    numbered = f"SELECT has_all, row_number() OVER () AS number FROM ({query})"  # noqa: S608
    seen = f"SELECT number FROM ({numbered}) WHERE has_all OR number = {FEW} LIMIT {ENOUGH}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*), MAX(number) FROM ({seen})", params)  # noqa: S608
        found, last = cursor.fetchone()
    return bool(found == ENOUGH or last != FEW)


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


def owner_mark(owner: int) -> str:
    """Three characters of Unicode's private area for a person: a trigram of its own at the beginning of their texts.

    Without it a word that only others use would be looked up in all of theirs.
    """
    return "".join(chr(0xE000 + owner // 6400**power % 6400) for power in (2, 1, 0))


def first_place(moment: datetime) -> int:
    """The place in SQLite's index of what was made first in that second; those after it are less."""
    return -((moment - EPOCH) // timedelta(seconds=1)) * PLACES_A_SECOND
