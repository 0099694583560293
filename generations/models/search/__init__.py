"""Searching prompts: every word somewhere in the prompt, in whatever case the database can tell, at a million rows.

`Searchable` holds each prompt as an index wants it. Triggers of the database write it (`search_tables`), so no code
path can forget to. An index only narrows: every row that is found has been compared with the words themselves. And it
is asked for few trigrams, those that a sample of the prompts says are rare (`sample`).

PostgreSQL: a table of its own, because a prompt never changes while its generation is updated often, and every update
would write the trigram index anew. SQLite: an FTS5 table whose rowids are in `newest_first` order, so that a page is
read from its index in order, without sorting all that matches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models import Exists, OuterRef

from generations.models.keyset import Position

from . import postgresql, sqlite
from .searchable import Searchable

if TYPE_CHECKING:
    from generations.models.generation import GenerationQuerySet

__all__ = ["Searchable", "search"]


def search(
    rows: GenerationQuerySet,
    words: str,
    *,
    owner: int | None = None,
    since: datetime | None = None,
    until: Position | None = None,
    before: Position | None = None,
    along: Callable[[Position | None], GenerationQuerySet] | None = None,
    marks: Iterable[models.QuerySet[Any]] = (),
) -> GenerationQuerySet:
    """Those of the rows whose prompts have all the words, newest first.

    `owner`, `since` and the places say again what the rows are filtered by, so that an index can use it. The place they
    come after: that of the first page is `until`, that of this one `before`. `marks` are rows of other tables, with
    a `generation` each, and leave what all of them point to. `along` gives all of that after a place, in the same order
    as a list, if that may be a short one.
    """
    wanted = words.replace("\0", " ").split()
    if not wanted:
        if along is not None:
            return along(before)
        for mark in marks:
            rows = rows.filter(Exists(mark.filter(generation=OuterRef("pk"))))
        return rows.newest_first(before)
    if connection.vendor == "sqlite":
        return sqlite.search(rows, wanted, owner, since, until, before, along, marks)
    return postgresql.search(rows, wanted, owner, since, before, along, marks)
