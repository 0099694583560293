"""Which way a search goes: along a list or by the index, and how far back; every list has an index of its own."""

import re
import uuid
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Token, User
from generations import collecting, library
from generations.forms.history import HistoryForm
from generations.models import CollectionItem, Generation, Star
from generations.models.search import Narrowing, sample, stretches
from generations.search_keys import span_keys
from tests.helpers import make_generation

pytestmark = pytest.mark.django_db


def asked_for(user: User, **query: str) -> tuple[list[str], str]:
    """What a search finds, and how: along the `list`, or by the `index`."""
    with CaptureQueriesContext(connection) as queries:
        found = [row.prompt for row in HistoryForm(user, query).rows()]
    sql = queries[-1]["sql"]
    return found, "index" if "MATCH" in sql or 'WITH RECURSIVE "found"' in sql else "list"


def test_a_list_is_read_when_it_is_short_and_the_index_when_it_is_long(user: User, token: Token) -> None:
    rows = Generation.objects.bulk_create(
        Generation(owner=user, nonce=f"{n}", prompt="an owl" if n else "a fox") for n in range(Narrowing.STRETCH + 1)
    )
    library.star_all(user, [row.pk for row in rows[: Narrowing.STRETCH - 1]])
    assert asked_for(user, q="fox", starred="on") == (["a fox"], "list")
    library.star_all(user, [row.pk for row in rows])
    sample.forget()
    assert asked_for(user, q="fox", starred="on") == (["a fox"], "index")
    # After the first place of all there is no list any more.
    before = rows[0].created_at, rows[0].pk
    assert Narrowing(marks=(Star.marks(user),)).end_of_stretch(before) is None


def test_how_long_a_list_is_the_first_of_its_marks_tell(
    user: User, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Narrowing, "STRETCH", 1)
    old, new = (make_generation(user, created_at=timezone.now() - timedelta(days=days)) for days in (9, 1))
    library.star_all(user, [old.pk, new.pk])
    collection, _ = collecting.create(user, "Some")
    collecting.add(user, collection.pk, [old.pk])
    marks = CollectionItem.marks(collection.pk), Star.marks(user)
    assert Narrowing(marks=marks).end_of_stretch(None) == old.created_at
    assert Narrowing(marks=marks[::-1]).end_of_stretch(None) == new.created_at
    assert Narrowing(marks=marks[::-1]).end_of_stretch((new.created_at, new.pk)) == old.created_at
    assert Narrowing(marks=marks, since=new.created_at).end_of_stretch(None) is None
    asked = HistoryForm(user, {"q": "fox", "starred": "on", "collection": str(collection.pk)})
    assert [marks.rows.model for marks in asked._marks()] == [CollectionItem, Star]


@pytest.mark.parametrize(
    ("every", "query", "way"),
    [
        (2, {"starred": "on"}, "index"),
        (4, {"starred": "on"}, "list"),
        (2, {"kind": "video"}, "list"),  # the index knows what is starred, and not what is a video
    ],
)
def test_a_row_of_stars_costs_as_much_as_some_of_the_index(
    user: User, token: Token, monkeypatch: pytest.MonkeyPatch, every: int, query: dict[str, str], way: str
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's index has the stars alone")
    monkeypatch.setattr(Narrowing, "STRETCH", 4)
    moments = [timezone.now() - timedelta(minutes=number) for number in range(40)]
    for number, created_at in enumerate(moments):
        kind = "image" if number % every else "video"
        row = make_generation(user, prompt="a fox", media_type=kind, created_at=created_at)
        library.star(user, row, on=kind == "video")
    assert asked_for(user, q="fox", **query)[1] == way


def stretches_of(user: User, **query: str) -> tuple[list[str], int]:
    """What the first two of a search are, and how many stretches of time were asked for in vain."""
    found: list[list[str]] = []
    for rows in HistoryForm(user, query).page(None, 2):
        found.append([row.prompt for row in rows])
        if len(found[-1]) == 2:
            break
    return found[-1], len(found) - 1


@pytest.mark.parametrize("query", [{}, {"starred": "on"}])
@pytest.mark.parametrize(
    ("foxes", "gone", "in_vain"),
    [
        (range(0, 200, 4), 0, 0),
        (range(0, 200, 4), 40, 2),  # none of them lately, although the sample still has them
        (range(0, 200, 4), 160, 3),  # and so few that all are read in the end
        ([150, 199], 0, 0),  # likewise, as the sample knows
    ],
)
def test_a_search_reads_no_further_back_than_a_page_needs(
    user: User,
    token: Token,
    monkeypatch: pytest.MonkeyPatch,
    foxes: Sequence[int],
    gone: int,
    in_vain: int,
    query: dict[str, str],
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's index is in the order of time")
    monkeypatch.setattr(stretches, "MARGIN", 2.0)
    monkeypatch.setattr(stretches, "FURTHER", 2)
    now = timezone.now()
    rows = Generation.objects.bulk_create(
        Generation(
            owner=user,
            nonce=f"{number}",
            prompt=f"a fox {number}" if number in foxes else f"an owl {number}",
            created_at=now - timedelta(hours=number),
        )
        for number in range(200)
    )
    library.star_all(user, [row.pk for row in rows])
    sample.taken()
    Generation.objects.filter(pk__in=[row.pk for row in rows[:gone]]).update(prompt="an owl")
    left = [number for number in foxes if number >= gone]
    assert stretches_of(user, q="fox", **query) == ([f"a fox {number}" for number in left[:2]], in_vain)
    assert stretches_of(user, q="nosuchword", **query) == ([], 0)


def test_at_the_end_only_what_is_left_is_asked_for(user: User, token: Token) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's index is in the order of time")
    now = timezone.now()
    rows = Generation.objects.bulk_create(
        Generation(owner=user, nonce=f"{number}", prompt=f"a fox {number}", created_at=now - timedelta(hours=number))
        for number in range(200)
    )
    before = rows[190].created_at, rows[190].pk
    asked = HistoryForm(user, {"q": "fox"})
    spans = span_keys(rows[-1].created_at, rows[190].created_at)
    for tries in [[asked.rows(before)], asked.page(before, 24)]:
        for found in tries:
            with CaptureQueriesContext(connection) as queries:
                last = list(found)
        assert last == rows[191:]
        assert f"{{{','.join(map(str, spans))}}}" in queries[-1]["sql"].replace(" ", "")


def test_a_short_word_that_many_rows_have_is_compared_in_each(user: User, token: Token) -> None:
    """From the index PostgreSQL would make all pairs of characters of every row."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's index has short words like long ones")
    for number in range(9):
        make_generation(user, prompt=f"portrait of a fox {number}")
    make_generation(user, prompt="portrait")
    with CaptureQueriesContext(connection) as queries:
        assert len(Generation.objects.search("portrait of")) == 9
    assert "generations_pairs" not in queries[-1]["sql"]


def test_stars_of_one_moment_are_read_all_at_once(user: User, token: Token, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Narrowing, "STRETCH", 2)
    now = timezone.now()
    rows = Generation.objects.bulk_create(
        Generation(owner=user, nonce=f"{number}", prompt=f"a fox {number}", created_at=now) for number in range(9)
    )
    library.star_all(user, [row.pk for row in rows[:4]])
    assert stretches_of(user, q="fox 8", starred="on") == ([], 0)
    assert stretches_of(user, q="fox 3", starred="on") == (["a fox 3"], 0)


def test_a_list_is_read_where_most_of_its_model_s_rows_have_the_word(
    user: User, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL's index would read all that the model has made with it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite reads either in the order of time")
    monkeypatch.setattr(Narrowing, "STRETCH", 4)
    monkeypatch.setattr(stretches, "ENOUGH", 5)
    for number in range(120):
        prompt = f"{'a portrait of ' if number % 2 else ''}{'a fox' if number % 20 == 0 else 'an owl'}"
        make_generation(user, prompt=prompt, model_id="m1" if number >= 80 else "m2")
    assert asked_for(user, q="portrait", model="m1")[1] == "list"
    assert asked_for(user, q="fox", model="m1") == (["a fox", "a fox"], "index")


@pytest.mark.parametrize("words", ["heron", "4k", "鹭", "100%", "🦊", "%"])
def test_the_index_is_asked(user: User, token: Token, words: str) -> None:
    rows = HistoryForm(user, {"q": words}).rows()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # a few rows are read sooner without
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_indexscan = off")
        plan = rows[:25].explain()
    expected = (
        "Bitmap Index Scan on generations_searchable_" if connection.vendor == "postgresql" else "VIRTUAL TABLE INDEX"
    )
    assert expected in plan
    assert "TEMP B-TREE" not in plan


def test_the_index_of_stars_is_asked(user: User, token: Token) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's has all rows")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    plan = Generation.objects.search("heron", Narrowing(marks=(Star.marks(user),)))[:25].explain()
    assert "Bitmap Index Scan on generations_searchable_mark_words" in plan


def test_the_index_is_asked_for_the_stretch_of_time_before_all_else(user: User, token: Token) -> None:
    """GIN steps through its lists in the order of its columns: what comes first keeps the others within it."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's index is in the order of time")
    for number in range(60):
        prompt = "an owl" if number % 2 else "a fox"
        make_generation(user, prompt=prompt, created_at=timezone.now() - timedelta(hours=number))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("DROP INDEX generations_searchable_own")  # a few rows are read sooner by it
    first, *others = HistoryForm(user, {"q": "fox"}).page(None, 2)
    stretch = r"Index Cond: \(\(keys && '\{\d+(,\d+)*\}'::bigint\[\]\) AND "
    assert re.search(stretch, first.explain())
    assert not re.search(stretch, others[-1].explain())


def test_only_what_a_page_shows_is_looked_up(user: User, token: Token) -> None:
    """PostgreSQL sorts what it found before it joins the generations; SQLite's index is in order."""
    if connection.vendor != "postgresql":
        pytest.skip("EXPLAIN of PostgreSQL tells")
    for number in range(60):
        make_generation(user, prompt=f"a fox {number}")
    library.star_all(user, list(Generation.objects.values_list("pk", flat=True)))
    with connection.cursor() as cursor:
        for way in ("seqscan", "hashjoin", "mergejoin"):  # the best for a few rows
            cursor.execute(f"SET LOCAL enable_{way} = off")
    for marks in ((), (Star.marks(user),)):
        plan = Generation.objects.search("fox", Narrowing(marks=marks))[:25].explain(analyze=True)
        assert re.search(r"Index Scan using generations_generation_pkey .* loops=25\)", plan), plan


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "own_kept"),
        ({"state": "done"}, "own_kept"),
        ({"state": "waiting"}, "own_waiting"),
        ({"state": "trouble"}, "own_trouble"),
        ({"state": "cancelled"}, "own_cancelled"),
        ({"state": "deleted"}, "own_deleted"),
        ({"kind": "video"}, "own_of_kind"),
        ({"model": "rare"}, "own_of_model"),
        ({"starred": "on"}, "starred_newest_first"),
        ({"starred": "on", "since": "2020-01-01"}, r"starred_newest_first \(user_id=\? AND made_at"),
        ({}, "of_team"),
        ({"model": "rare"}, "of_team_and_model"),
        ({"author": ""}, "of_team_and_owner"),
    ],
)
def test_every_list_is_read_in_order_along_an_index_of_its_own(
    user: User, token: Token, query: dict[str, str], index: str
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL chooses by the number of rows")
    caches["local"].clear()
    make_generation(user, model_id="rare", status="done", team_at=timezone.now())
    before = timezone.now(), uuid.uuid4()
    if "author" in query:
        query = {"author": str(user.pk)}
    for place in (None, before):
        form = HistoryForm(user, query, of_team=index.startswith("of_team"))
        plan = form.rows(place)[:25].explain()
        assert re.search(rf"INDEX {index}\b", plan)
        assert "TEMP B-TREE" not in plan
