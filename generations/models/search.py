"""Searching prompts: every word somewhere in the prompt, in any language, upper and lower case alike.

PostgreSQL compares each word by LIKE, which a trigram index on the upper-cased prompt serves. SQLite has an FTS5 table
of trigrams that triggers keep, in the order of the lists, so that a page is read from it without sorting. Words of one
or two letters have no trigram and are looked for in the rows themselves. The first migration makes both.

Prompts are kept in one Unicode form (NFC), see `studio.submission`, and words are brought into it here.
"""

from __future__ import annotations

import contextlib
import re
import time
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db import OperationalError, connection, models, transaction
from django.db.models import Q

from generations.models.keyset import ListQuerySet, Part, Position, keyset

Rows = TypeVar("Rows", bound=ListQuerySet[Any])

MOST_WORDS = 100  # more than a form takes; SQLite refuses a thousand conditions
TRIGRAM = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PLACES = 1000  # of SQLite's index in every microsecond, for what was made in the same one
SECONDS = 2.0
INSTRUCTIONS = 10_000  # of SQLite between two looks at the clock


class TooMany(Exception):
    """There is too much to look through in the time that a page may take."""


class _Untouched(models.Manager["Searchable"]):
    """Nothing: the rows say what the generations say."""

    def get_queryset(self) -> models.QuerySet[Searchable]:
        return super().get_queryset().none()


class Searchable(models.Model):
    """SQLite's FTS5 table. Triggers write it; nothing else touches it, dumps it or is permitted to."""

    generation = models.OneToOneField(
        "generations.Generation", models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="searchable"
    )
    place = models.BigIntegerField(db_column="rowid", help_text="Rises with the moment it was made.")
    index = models.TextField(db_column="generations_searchable", help_text="FTS5's name for all its columns.")

    objects = _Untouched()

    class Meta:
        base_manager_name = "objects"
        db_table = "generations_searchable"
        managed = False
        default_permissions = ()

    def __str__(self) -> str:
        return f"Words of {self.generation_id}"


@models.TextField.register_lookup
class Matches(models.Lookup):
    """FTS5's own."""

    lookup_name = "matches"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} MATCH {right}", [*left_params, *right_params]


def words_of(text: str) -> list[str]:
    """What a search looks for."""
    return unicodedata.normalize("NFC", text.replace("\0", " ")).split()[:MOST_WORDS]


def contains(words: Iterable[str]) -> Q:
    """The prompt has all of the words, as the rows themselves tell."""
    return Q(*map(_has, words))


def _has(word: str) -> Q:
    # SQLite's LIKE folds the case of ASCII letters alone; for others Python is asked, 2 us a prompt.
    if connection.vendor == "sqlite" and any(not sign.isascii() and sign.lower() != sign.upper() for sign in word):
        return Q(prompt__iregex=re.escape(word))
    return Q(prompt__icontains=word)


def search(rows: Rows, text: str, part: Part) -> Rows:
    """Those of the rows whose prompts have all the words, newest first."""
    words = words_of(text)
    if part.since:
        rows = rows.filter(created_at__gte=part.since)
    indexed = [word for word in words if len(word) >= TRIGRAM]
    if connection.vendor != "sqlite" or not indexed:
        if part.above:
            rows = rows.filter(keyset(part.above, above=True))
        return part.turned(rows.filter(contains(words)).newest_first(part.before))
    asked = " ".join('"' + word.replace('"', '""') + '"' for word in indexed)
    found = rows.filter(contains(set(words) - set(indexed)), searchable__index__matches=asked)
    if part.since:
        found = found.filter(searchable__place__gte=_first_place(part.since))
    if part.before:
        found = found.filter(_beyond(part.before))
    if part.above:
        found = found.filter(_beyond(part.above, above=True))
    return part.turned(found.order_by("-searchable__place"))


def _first_place(moment: datetime) -> int:
    """The place in SQLite's index of what was made first in that microsecond, as its trigger reckons it."""
    return (moment - EPOCH) // timedelta(microseconds=1) * PLACES


def _beyond(position: Position, *, above: bool = False) -> Q:
    """What the index has after this position, or above it, whose row may be gone or never have been, as at the end of a
    day."""
    moment, pk = position
    first = _first_place(moment)
    here: models.QuerySet[Searchable] = models.QuerySet(Searchable)
    here = here.filter(place__gte=first, place__lt=first + PLACES, generation=pk)
    place = here.values_list("place", flat=True).first()
    if above:
        bound = Q(searchable__place__gt=place) if place else Q(searchable__place__gte=first)
    else:
        bound = Q(searchable__place__lt=place or first + PLACES)
    return bound if place else keyset(position, above=above) & bound


@contextlib.contextmanager
def within_time(seconds: float = SECONDS) -> Iterator[None]:
    """Ends queries that take longer. Raises TooMany then; what the transaction did before stays."""
    limited = _sqlite_within if connection.vendor == "sqlite" else _postgresql_within
    try:
        with limited(seconds):
            yield
    except OperationalError as error:
        if "interrupted" in str(error) or "statement timeout" in str(error):
            raise TooMany from error
        raise


@contextlib.contextmanager
def _sqlite_within(seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    database, ends = connection.connection, time.monotonic() + seconds
    database.set_progress_handler(lambda: time.monotonic() > ends, INSTRUCTIONS)
    try:
        yield
    finally:
        database.set_progress_handler(None, 0)


@contextlib.contextmanager
def _postgresql_within(seconds: float) -> Iterator[None]:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [round(seconds * 1000)])
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
