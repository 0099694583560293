"""Searching prompts: every word somewhere in the prompt, in whatever case the database can tell, at a million rows.

`Searchable` holds each prompt as an index wants it. Triggers of the database write it (`search_tables`), so no code
path can forget to. An index only narrows: every row that is found has been compared with the words themselves. And it
is asked for few trigrams, those that a sample of the prompts says are rare (`sample`), and for whose they are and by
which model where that is rarer (`search_keys`).

PostgreSQL: a table of its own, because a prompt never changes while its generation is updated often, and every update
would write the trigram index anew. Its index is in no order: a page is looked for in what was made lately, then in what
was made in a longer time. SQLite: an FTS5 table whose rowids are in `newest_first` order, so that a page is
read from its index in order, without sorting all that matches.

What somebody starred and what is in a collection has a table too (`search_marks`): a second index of words on
PostgreSQL, the places in the one index on SQLite.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.db import connection

from . import postgresql, sqlite
from .narrowing import Marks, Narrowing
from .searchable import Searchable

if TYPE_CHECKING:
    from generations.models.generation import GenerationQuerySet

__all__ = ["Marks", "Narrowing", "Searchable", "search", "tries"]

MOST_WORDS = 100  # more than a form takes; SQLite refuses a thousand conditions


def search(rows: GenerationQuerySet, words: str, narrowing: Narrowing) -> GenerationQuerySet:
    """Those of the rows whose prompts have all the words, newest first."""
    if wanted := _wanted(words):
        found = sqlite.search if connection.vendor == "sqlite" else postgresql.search
        return found(rows, wanted, narrowing)
    if narrowing.along is not None:
        return narrowing.along(narrowing.before)
    return rows.marked(narrowing.marks).newest_first(narrowing.before)


def tries(rows: GenerationQuerySet, words: str, narrowing: Narrowing, size: int) -> Iterator[GenerationQuerySet]:
    """The newest of them in the first of these that has so many, else in the last: each has more, and takes longer."""
    wanted = _wanted(words)
    if wanted and connection.vendor != "sqlite":
        yield from (found[:size] for found in postgresql.tries(rows, wanted, narrowing, size))
    else:
        yield search(rows, words, narrowing)[:size]


def _wanted(words: str) -> list[str]:
    return words.replace("\0", " ").split()[:MOST_WORDS]
