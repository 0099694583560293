"""Searching along a GIN index of trigrams and pairs, or from the newest on where the words are common."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q
from django.db.models.functions import StrIndex, Upper
from django.db.models.lookups import GreaterThan
from django_cte import CTE, with_cte

from generations.models.keyset import keyset

from . import sample
from .narrowing import Narrowing
from .searchable import Searchable

if TYPE_CHECKING:
    from generations.models.generation import GenerationQuerySet

Rows = TypeVar("Rows", bound="models.QuerySet[Any]")

FEW = 2000  # are found by the index as soon as it is known that they are few
# PostgreSQL reads some 4,000 texts in a millisecond.
NEAR = 8000
SOME = 6
ENOUGH = 25
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


def search(rows: GenerationQuerySet, words: list[str], narrowing: Narrowing) -> GenerationQuerySet:
    """From the newest on when the words are common, from the index when they are rare.

    The planner could choose, but takes words for independent of each other and knows little of short ones; where it is
    wrong it reads a hundred times too much. So the choice is made by the sample and a look at the newest, and put so
    that only one way is open to it.
    """
    words = sorted(words, key=len, reverse=True)  # the long ones are compared in half the time, and mostly rarer
    if narrowing.along is not None and _is_found_sooner(narrowing, words):
        return _reading(narrowing.along(narrowing.before), words, "searchable__words")
    searched: models.QuerySet[Searchable] = models.QuerySet(Searchable).filter(_inside(narrowing))
    if narrowing.along is None and _are_common(words, searched):
        rows = _reading(rows.filter(_inside(narrowing, "searchable__")), words, "searchable__words")
        return rows.order_by("-searchable__created_at", "-searchable__generation")
    return _joined(rows, _having(searched, words), narrowing)


def _is_found_sooner(narrowing: Narrowing, words: list[str]) -> bool:
    """Whether a page is found along the list, or all of the list read, in fewer rows than the index has with the words.

    How long the list is, its first rows tell by the stretch of time that they take.
    """
    known = sample.taken()
    expected = known.expected(words)
    if ENOUGH * known.total < expected * expected:
        return True
    end = narrowing.end_of_stretch(narrowing.before)
    return end is None or expected * known.share(end, narrowing.before and narrowing.before[0]) > narrowing.STRETCH


def _inside(narrowing: Narrowing, table: str = "") -> Q:
    """By the searched table's own columns, so that what does not match is never looked up among the generations."""
    inside = Q() if narrowing.owner is None else Q(**{f"{table}owner_id": narrowing.owner})
    if narrowing.since:
        inside &= Q(**{f"{table}created_at__gte": narrowing.since})
    if narrowing.before:
        inside &= keyset(narrowing.before, f"{table}created_at", f"{table}generation")
    return inside


def _are_common(words: list[str], searched: models.QuerySet[Searchable]) -> bool:
    """Whether so much is found among the newest that a page is not far."""
    if sample.taken().expected(words) < FEW:
        return False
    query, params = searched.order_by("-created_at", "-generation").values("words")[:NEAR].query.sql_with_params()
    conditions = " AND ".join(["strpos(words, upper(%s)) > 0"] * len(words))
    some = f"SELECT 1 FROM ({query}) AS newest WHERE {conditions} LIMIT {SOME}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({some}) AS some_found", [*params, *words])  # noqa: S608
        return bool(cursor.fetchone()[0] == SOME)


def _having(searched: models.QuerySet[Searchable], words: list[str]) -> models.QuerySet[Searchable]:
    """Those with the words, the index being asked for what is rare in them."""
    rarest = sample.taken().rarest(gram for word in words for gram in TRIGRAM.findall(word))
    for word in words:
        if not TRIGRAM.search(word):
            searched = searched.filter(words__has_characters=_upper(word))
        elif word not in rarest:
            searched = _reading(searched, [word])
    for gram in rarest:
        searched = searched.filter(words__contains=_upper(gram))
    return searched


def _joined(
    rows: GenerationQuerySet, searched: models.QuerySet[Searchable], narrowing: Narrowing
) -> GenerationQuerySet:
    """The generations of what was found, looked up from the newest on, each only when a page has come to it.

    PostgreSQL sorts at the end of a query, or where a subquery asks it to.
    """
    moment = ExpressionWrapper(F("created_at") + timedelta(0), models.DateTimeField())  # the order of no index
    ordered = searched.annotate(moment=moment).order_by("-moment", "-generation")
    found = CTE(ordered.values("generation_id", "moment"), name="found")
    marked = found.queryset().order_by("-moment", "-generation_id")
    for marks in narrowing.marks:
        marked = marked.filter(Exists(marks.rows.filter(generation=OuterRef("generation_id"))))
    left = CTE(marked, name="marked")
    rows = with_cte(found, left, select=left.join(rows, pk=left.col.generation_id))
    return rows.order_by(left.col.moment.desc(), left.col.generation_id.desc())


def _reading(rows: Rows, words: list[str], column: str = "words") -> Rows:
    """Those with the words, as no index knows it."""
    return rows.filter(*(GreaterThan(StrIndex(column, _upper(word)), 0) for word in words))


def _upper(word: str) -> Upper:
    return Upper(models.Value(word))
