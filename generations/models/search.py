"""Searching prompts: every word somewhere in the prompt, in whatever case the database can tell, at a million rows.

`Searchable` holds each prompt as an index wants it. Triggers of the database write it (`search_tables`), so no code
path can forget to. An index only narrows: every row that is found has been compared with the words themselves.

PostgreSQL: a table of its own, because a prompt never changes while its generation is updated often, and every update
would write the trigram index anew. SQLite: an FTS5 table whose rowids are the order of `newest_first`, so that a page
is read from its index in order, without sorting all that matches.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, StrIndex, Upper
from django.db.models.lookups import GreaterThan

from generations.search_tables import PLACES, PLACES_A_SECOND, SEARCHABLE

if TYPE_CHECKING:
    from .generation import GenerationQuerySet

Position = tuple[datetime, uuid.UUID]  # in `newest_first` order

BETWEEN = "\x01"  # stands between the characters of the text that serves one and two letters
COMMON = 300
FEW = 1000
ENOUGH = 25
# PostgreSQL reads some 4,000 texts in a millisecond.
NEAR = 8000
SOME = 6
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HAS_TRIGRAM = re.compile(r"[^\W_]{3}")
LONG_WORD = re.compile(r"[^\W_]{6,}")


class _Untouched(models.Manager["Searchable"]):
    """Nothing: the rows say what the generations say. A row deleted by hand breaks FTS5's index."""

    def get_queryset(self) -> models.QuerySet[Searchable]:
        return super().get_queryset().none()


class Searchable(models.Model):
    """A prompt as searches read it. Columns differ between the databases; only `search` knows them."""

    generation = models.OneToOneField(
        "generations.Generation", models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="searchable"
    )
    # PostgreSQL
    owner_id = models.BigIntegerField()
    created_at = models.DateTimeField()
    words = models.TextField(help_text="The prompt in capitals.")
    # SQLite
    place = models.BigIntegerField(db_column="rowid")
    index = models.TextField(db_column=SEARCHABLE, help_text="FTS5's name for all its columns.")

    objects = _Untouched()

    class Meta:
        managed = False
        db_table = SEARCHABLE
        base_manager_name = "objects"

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


def keyset(before: Position, created_at: str = "created_at", pk: str = "id") -> Q:
    """What comes after this place in `newest_first` order.

    The plain bound beside the keyset is what lets an index serve it; the OR alone is as slow as OFFSET.
    """
    moment, last = before
    later = Q(**{f"{created_at}__lt": moment}) | Q(**{created_at: moment, f"{pk}__lt": last})
    return later & Q(**{f"{created_at}__lte": moment})


def search(
    rows: GenerationQuerySet,
    words: str,
    *,
    owner: int | None = None,
    since: datetime | None = None,
    before: Position | None = None,
    listed: GenerationQuerySet | None = None,
) -> GenerationQuerySet:
    """Those of the rows whose prompts have all the words, newest first.

    The rest says again what the rows are filtered by, so that an index can use it: `owner`, `since` when, the place
    they come after. `listed` are the same rows in the same order as a list, if that may be a short one.
    """
    wanted = words.replace("\0", " ").split()
    if not wanted:
        return listed if listed is not None else _after(rows.newest_first(), before)
    if connection.vendor == "sqlite":
        return _in_index(rows, wanted, owner, since, before, listed)
    return _in_table(rows, wanted, owner, since, before, listed)


def _after(rows: GenerationQuerySet, before: Position | None) -> GenerationQuerySet:
    return rows.filter(keyset(before)) if before else rows


# PostgreSQL


def _in_table(
    rows: GenerationQuerySet,
    words: list[str],
    owner: int | None,
    since: datetime | None,
    before: Position | None,
    listed: GenerationQuerySet | None,
) -> GenerationQuerySet:
    """From the newest on when the words are common, from the index when they are rare.

    The planner could choose, but takes words for independent of each other and knows little of short ones; where it is
    wrong it reads a hundred times too much. So the choice is made by a look at the newest, and put so that only one way
    is open to it.
    """
    if listed is not None:
        return _having(listed, words)
    # By the table's own columns, so that what does not match is never looked up among the generations.
    rows = rows.filter(_inside(owner, since, before, "searchable__"))
    if _are_common(words, _inside(owner, since, before)):
        for word in words:
            rows = _reading(rows, word)
        return rows.order_by("-searchable__created_at", "-searchable__generation")
    moment = ExpressionWrapper(F("searchable__created_at") + timedelta(0), models.DateTimeField())  # nor has this order
    return _having(rows, words).order_by(moment.desc(), "-searchable__generation")


def _inside(owner: int | None, since: datetime | None, before: Position | None, table: str = "") -> Q:
    inside = Q() if owner is None else Q(**{f"{table}owner_id": owner})
    if since:
        inside &= Q(**{f"{table}created_at__gte": since})
    return inside & keyset(before, f"{table}created_at", f"{table}generation") if before else inside


def _are_common(words: list[str], inside: Q) -> bool:
    """Whether so much is found among the newest that a page is not far."""
    newest: models.QuerySet[Searchable] = models.QuerySet(Searchable).filter(inside)
    query, params = newest.order_by("-created_at", "-generation").values("words")[:NEAR].query.sql_with_params()
    conditions = " AND ".join(["strpos(words, upper(%s)) > 0"] * len(words))
    some = f"SELECT 1 FROM ({query}) AS newest WHERE {conditions} LIMIT {SOME}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM ({some}) AS some_found", [*params, *words])  # noqa: S608
        return bool(cursor.fetchone()[0] == SOME)


def _having(rows: GenerationQuerySet, words: list[str]) -> GenerationQuerySet:
    for word in words:
        if len(words) > 1 and LONG_WORD.fullmatch(word):
            # The index is asked for the ends of long words: where there are others, reading the lists of all trigrams
            # takes longer than looking at the few rows more.
            rows = _reading(rows, word)
            rows = rows.filter(searchable__words__contains=_upper(word[:3])).filter(
                searchable__words__contains=_upper(word[-3:])
            )
            continue
        way = "contains" if HAS_TRIGRAM.search(word) else "has_characters"
        rows = rows.filter(**{f"searchable__words__{way}": _upper(word)})
    return rows


def _reading(rows: GenerationQuerySet, word: str) -> GenerationQuerySet:
    """The same condition as no index knows it."""
    return rows.filter(GreaterThan(StrIndex("searchable__words", _upper(word)), 0))


def _upper(word: str) -> Upper:
    return Upper(models.Value(word))


# SQLite


def _in_index(
    rows: GenerationQuerySet,
    words: list[str],
    owner: int | None,
    since: datetime | None,
    before: Position | None,
    listed: GenerationQuerySet | None,
) -> GenerationQuerySet:
    asked = " ".join(map(_quoted, [*([] if owner is None else [owner_mark(owner)]), *_grams(words)]))
    if listed is not None and _is_common(asked) and _is_near(listed, words):
        return _containing(listed, words)
    rows = _containing(rows, words).filter(searchable__index__matches=asked)
    if since:
        rows = rows.filter(searchable__place__gte=first_place(since))
    if before:
        moment, last = before
        known = RawSQL(f"(SELECT place FROM {PLACES} WHERE generation_id = %s)", [last.hex])  # noqa: S608, S611
        rows = rows.filter(searchable__place__lt=Coalesce(known, models.Value(first_place(moment))))
    return rows.order_by("-searchable__place")


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
    seen = found = 0
    for has in listed.annotate(has_all=has_all).values_list("has_all", flat=True)[:FEW].iterator(chunk_size=ENOUGH):
        seen += 1
        found += has
        if found == ENOUGH:
            return True
    return seen < FEW


def _grams(words: list[str]) -> list[str]:
    """What FTS5's trigram index has of the words: three characters each, `BETWEEN` among those of short words."""
    grams = []
    for word in words:
        if len(word) == 1:
            grams.append(f"{BETWEEN}{word}{BETWEEN}")
        elif len(word) == 2:
            grams.append(BETWEEN.join(word))
        grams += [word[start : start + 3] for start in range(len(word) - 2)]
    return list(dict.fromkeys(grams))


def _quoted(gram: str) -> str:
    return '"' + gram.replace('"', '""') + '"'


def owner_mark(owner: int) -> str:
    """Three characters of Unicode's private area for a person: a trigram of its own at the beginning of their texts.

    Without it a word that only others use would be looked up in all of theirs.
    """
    return "".join(chr(0xE000 + owner // 6400**power % 6400) for power in (2, 1, 0))


def first_place(moment: datetime) -> int:
    """The first place of SQLite's index for what was made in that second."""
    return (moment - EPOCH) // timedelta(seconds=1) * PLACES_A_SECOND
