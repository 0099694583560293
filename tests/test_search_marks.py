"""The index's table of stars and items: in step with them and with the prompts after whatever happens to either."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from generations import collecting, library, search_marks, search_tables
from generations.models import Collection, CollectionItem, Generation, Star
from generations.search_keys import whose_key
from generations.search_marks import MARKS
from generations.search_tables import PLACES, SEARCHABLE
from tests.helpers import Editor, make_generation, make_user

pytestmark = pytest.mark.django_db
is_sqlite = connection.vendor == "sqlite"


def asked(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return sorted(cursor.fetchall())


def marks() -> list[tuple[str, str]]:
    """(person or collection, generation), as the table has them; without a place no generation is known."""
    if is_sqlite:
        return asked(f"SELECT whose, coalesce(generation_id, '') FROM {MARKS} LEFT JOIN {PLACES} USING (place)")
    # Their words and keys must be those of the index, and the last key is theirs.
    return asked(f"""
        SELECT whose, replace(generation_id::text, '-', '') FROM {MARKS} AS mark JOIN {SEARCHABLE} AS row
            USING (generation_id, owner_id, created_at, words) WHERE trim_array(mark.keys, 1) = row.keys""")


def stars_and_items() -> list[tuple[str, str]]:
    stars = [(str(star.user_id), star.generation_id.hex) for star in Star.objects.all()]
    items = [(item.collection_id.hex, item.generation_id.hex) for item in CollectionItem.objects.all()]
    return sorted(stars + items)


@pytest.fixture
def rows(user: User) -> list[Generation]:
    return [make_generation(user, prompt=f"a fox {number}", status="done") for number in range(4)]


@pytest.fixture
def collections(user: User, rows: list[Generation]) -> list[Collection]:
    """Two, the first with all of the rows, the second with the first of them, which is starred."""
    made = [collecting.create(user, name)[0] for name in ("Some", "Others")]
    collecting.add(user, made[0].pk, [row.pk for row in rows])
    collecting.add(user, made[1].pk, [rows[0].pk])
    library.star_all(user, [row.pk for row in rows[:2]])
    return made


@pytest.fixture(autouse=True)
def in_step(collections: list[Collection]) -> Iterator[None]:
    assert marks() == stars_and_items()
    assert len(marks()) == 7
    yield
    assert marks() == stars_and_items()
    assert asked(f"SELECT count(*) FROM {MARKS}") == [(len(marks()),)]


def test_a_star_is_given_and_taken(user: User, rows: list[Generation]) -> None:
    library.star(user, rows[3])
    library.star(user, rows[3])
    library.star(user, rows[0], on=False)
    assert len(marks()) == 7


def test_each_has_stars_of_their_own(rows: list[Generation]) -> None:
    Star.objects.create(user=make_user(), generation=rows[0])
    Star.objects.filter(generation=rows[1]).update(user=make_user())
    assert len(marks()) == 8


def test_items_are_taken_out_moved_and_merged(
    user: User, rows: list[Generation], collections: list[Collection]
) -> None:
    some, others = collections
    collecting.take_out(user, some, [rows[1].pk])
    assert marks() == stars_and_items()
    collecting.move(user, some, others.pk, [rows[0].pk, rows[2].pk])
    assert marks() == stars_and_items()
    collecting.merge(user, some.pk, others.pk)
    assert len(marks()) == 5


def test_an_item_becomes_another_generation_s(user: User, rows: list[Generation]) -> None:
    CollectionItem.objects.filter(generation=rows[0]).update(generation=make_generation(user, prompt="an owl"))
    assert len(marks()) == 7


def test_a_prompt_changes_and_with_it_the_place(rows: list[Generation]) -> None:
    Generation.objects.filter(pk=rows[0].pk).update(prompt="an owl")
    assert len(marks()) == 7


def test_a_collection_is_deleted(user: User, collections: list[Collection]) -> None:
    collecting.delete(user, collections[0].pk)
    assert len(marks()) == 3


def test_generations_are_deleted(rows: list[Generation]) -> None:
    Generation.objects.filter(pk__in=[row.pk for row in rows[:2]]).delete()
    assert len(marks()) == 2


def test_a_person_is_deleted(rows: list[Generation]) -> None:
    colleague = make_user()
    Star.objects.create(user=colleague, generation=rows[0])
    assert len(marks()) == 8
    colleague.delete()
    assert len(marks()) == 7


@pytest.mark.parametrize("way", [1, -1])
def test_a_dump_is_loaded_in_any_order(user: User, tmp_path: Path, way: int) -> None:
    dump = tmp_path / "dump.json"
    call_command("dumpdata", "generations", "--all", output=str(dump))
    assert "whose" not in dump.read_text()
    dump.write_text(json.dumps(json.loads(dump.read_text())[::way]))
    Generation.objects.all().delete()
    Collection.objects.all().delete()
    assert marks() == []
    call_command("loaddata", str(dump), verbosity=0)
    call_command("loaddata", str(dump), verbosity=0)
    assert len(marks()) == 7


def test_the_index_is_filled_anew() -> None:
    check_constraints_now()
    search_tables.fill(Editor())
    assert len(marks()) == 7


def test_it_is_made_of_what_is_there(user: User, rows: list[Generation]) -> None:
    check_constraints_now()
    search_marks.remove(Editor())
    library.star_all(user, [row.pk for row in rows])
    search_marks.install(Editor())
    assert len(marks()) == 9
    library.star(user, rows[0], on=False)
    assert len(marks()) == 8


def test_a_mark_has_the_key_of_its_person_or_collection(user: User, collections: list[Collection]) -> None:
    if is_sqlite:
        pytest.skip("SQLite's marks have no keys")
    whose: int | UUID
    for whose, count in ((user.pk, 2), (collections[0].pk, 4), (collections[1].pk, 1)):
        assert asked(f"SELECT count(*) FROM {MARKS} WHERE keys @> ARRAY[{whose_key(whose)}]") == [(count,)]


def test_an_order_by_hand_leaves_them_alone(collections: list[Collection]) -> None:
    """To make the words' index anew of each would take a second for a thousand."""
    if is_sqlite:
        pytest.skip("SQLite's triggers know the columns from the start")
    before = asked(f"SELECT ctid::text FROM {MARKS}")
    CollectionItem.objects.filter(collection=collections[0]).update(position=3, added_by=None)
    assert asked(f"SELECT ctid::text FROM {MARKS}") == before


@pytest.mark.parametrize(("emptied", "left"), [("generations_star", 5), ("generations_collectionitem", 2)])
def test_a_table_is_emptied_at_once(emptied: str, left: int) -> None:
    if is_sqlite:
        pytest.skip("SQLite has no TRUNCATE")
    check_constraints_now()
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {emptied}")
    assert len(marks()) == left


def test_its_triggers_are_there_after_all_migrations() -> None:
    """On SQLite Django makes a table anew to change it, and the triggers go: then `install` has to follow."""
    if is_sqlite:
        there = asked("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        assert {(name,) for name in search_marks.TRIGGERS} <= set(there)
        assert len(search_marks.TRIGGERS) == 8
    else:
        assert len(asked(f"SELECT tgname FROM pg_trigger WHERE tgname LIKE '{MARKS}%'")) == 6


def check_constraints_now() -> None:
    """PostgreSQL changes no table that has checks to come."""
    if not is_sqlite:
        connection.check_constraints()
