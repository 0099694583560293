"""Searching along a GIN index of trigrams, pairs and keys, or along a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef
from django.db.models.functions import Lower, StrIndex, Upper
from django.db.models.lookups import GreaterThan
from django_cte import CTE, with_cte

from generations.models.keyset import Position, keyset
from generations.search_keys import mark, span_keys, whose_key

from . import sample, stretches
from .narrowing import Narrowing
from .searchable import IndexMark, Searchable
from .stretches import Stretch

if TYPE_CHECKING:
    from generations.models.generation import GenerationQuerySet

Rows = TypeVar("Rows", bound="models.QuerySet[Any]")

# Rows that are read in the time that making the pairs of one takes.
PAIRS = 60
COMPARE = 80  # a row is fetched and compared in some 1.1 us, an entry read in 12 to 20 ns
TRIGRAM = re.compile(r"(?=([^\W_]{3}))")  # as pg_trgm finds them within words


@models.TextField.register_lookup
class HasCharacters(models.Lookup):
    """Contains a word that has no trigram, by PostgreSQL's index of characters and pairs of neighbours."""

    lookup_name = "has_characters"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        # The index has a collation of its own. The planner takes `strpos` for true and goes by what it knows of the
        # characters; as LIKE it would count the same word twice, and think it far rarer than it is.
        pairs = f'generations_pairs({left}, true) COLLATE "C" @> generations_pairs({right}, length({right}) = 1)'
        sql = f"({pairs} AND strpos({left}, {right}) <> 0)"
        return sql, [*left_params, *right_params, *right_params, *left_params, *right_params]


@models.BigIntegerField.register_lookup
class HasAny(models.Lookup):
    """An array of keys that has one of these."""

    lookup_name = "has_any"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} && %s::bigint[]", [*params, self.rhs]


def search(rows: GenerationQuerySet, words: list[str], narrowing: Narrowing) -> GenerationQuerySet:
    """Along a list that is short or where the words are common; else from the index.

    The planner could choose, but takes words for independent of each other and knows little of short ones; where it is
    wrong it reads a hundred times too much. So the choice is made by a sample, and put so that only one way is open.
    """
    if narrowing.along is not None and stretches.end_of_list(narrowing, words) is None:
        return _along_list(narrowing.along, words, narrowing)
    until = stretches.newest(rows, narrowing) if narrowing.since or narrowing.before else None
    return _from_index(rows, words, narrowing, stretches.all_of(rows, narrowing, until))


def tries(rows: GenerationQuerySet, words: list[str], narrowing: Narrowing, size: int) -> Iterator[GenerationQuerySet]:
    """Likewise; and from the index what was made lately, then what was made in a longer time, in the end all."""
    end = None
    if narrowing.along is not None:
        end = stretches.end_of_list(narrowing, words)
        if end is None:
            yield _along_list(narrowing.along, words, narrowing)
            return
    if until := stretches.newest(rows, narrowing):
        for since in stretches.back_from(until, end, narrowing, words, size):
            yield _from_index(rows, words, narrowing, (since, until))
    yield _from_index(rows, words, narrowing, stretches.all_of(rows, narrowing, until))


def _along_list(
    along: Callable[[Position | None], GenerationQuerySet], words: list[str], narrowing: Narrowing
) -> GenerationQuerySet:
    return _reading(along(narrowing.before), words, "searchable__words")


def _from_index(
    rows: GenerationQuerySet, words: list[str], narrowing: Narrowing, stretch: Stretch | None
) -> GenerationQuerySet:
    """The rows with the words, all or those of a stretch of time."""
    return _joined(rows, _having(_inside(narrowing, stretch), words, narrowing.keys, stretch), narrowing, stretch)


def _inside(narrowing: Narrowing, stretch: Stretch | None) -> models.QuerySet[Any]:
    """By the searched table's own columns, so that what does not match is never looked up among the generations."""
    # `moment` and `of` are in no index's order: PostgreSQL would read half of one beside. And it sorts at the end of a
    # query, or where a subquery asks it to.
    moment = ExpressionWrapper(F("created_at") + timedelta(0), models.DateTimeField())
    searched: models.QuerySet[Any] = models.QuerySet(Searchable)
    if narrowing.marks:
        first = narrowing.marks[0]
        marked = models.QuerySet(IndexMark).annotate(of=Lower("whose"))
        searched = marked.filter(of=first.text, keys__has_any=[whose_key(first.whose)])
    searched = searched.annotate(moment=moment)
    if stretch:
        searched = searched.filter(moment__gte=stretch[0])
        if spans := span_keys(*stretch):
            searched = searched.filter(keys__has_any=spans)
    if narrowing.owner is not None:
        searched = searched.filter(owner_id=narrowing.owner)
    if narrowing.before:
        searched = searched.filter(keyset(narrowing.before, "moment", "generation_id"))
    return searched


def _having(
    searched: models.QuerySet[Any], words: list[str], keys: list[int], stretch: Stretch | None
) -> models.QuerySet[Any]:
    """Those with the words, the index being asked for what is rare in them, or for a key that is."""
    known = sample.taken()
    marks = {mark(key): key for key in keys}
    trigrams = [gram for word in words for gram in TRIGRAM.findall(word)]
    short = [word for word in words if not TRIGRAM.search(word)]
    rarest = known.cheapest([*marks, *trigrams, *short], COMPARE)
    read = [word for word in words if word not in short and word not in rarest]
    # Beside trigrams PostgreSQL makes all pairs of each row it found, to compare them again. It finds few where
    # stretches did not have a page, unless the sample has some.
    are_many = bool(stretch or known.count(words))
    if trigrams and are_many and known.expected(trigrams) < PAIRS * known.expected(words):
        read += short
    else:
        for word in short:
            searched = searched.filter(words__has_characters=_upper(word))
    for gram in rarest:
        if gram in marks:
            searched = searched.filter(keys__has_any=[marks[gram]])
        elif gram not in short:
            searched = searched.filter(words__contains=_upper(gram))
    return _reading(searched, read)


def _joined(
    rows: GenerationQuerySet,
    searched: models.QuerySet[Any],
    narrowing: Narrowing,
    stretch: Stretch | None,
) -> GenerationQuerySet:
    """The generations of what was found, looked up from the newest on, each only when a page has come to it."""
    found = CTE(searched.order_by("-moment", "-generation_id").values("generation_id", "moment"), name="found")
    marked = found.queryset().order_by("-moment", "-generation_id")
    for marks in narrowing.marks[1:]:
        marks_since = marks.rows.filter(made_at__gte=stretch[0]) if stretch else marks.rows
        marked = marked.filter(Exists(marks_since.filter(generation=OuterRef("generation_id"))))
    left = CTE(marked, name="marked")
    rows = with_cte(found, left, select=left.join(rows, pk=left.col.generation_id))
    return rows.order_by(left.col.moment.desc(), left.col.generation_id.desc())


def _reading(rows: Rows, words: list[str], column: str = "words") -> Rows:
    """Those with the words, as no index knows it."""
    words = sorted(words, key=len, reverse=True)  # the long ones are compared in half the time, and mostly rarer
    return rows.filter(*(GreaterThan(StrIndex(column, _upper(word)), 0) for word in words))


def _upper(word: str) -> Upper:
    return Upper(models.Value(word))
