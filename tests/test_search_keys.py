"""What the index knows of a generation beside its words: its owner, its model, and on PostgreSQL when it was made."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from accounts.models import User
from generations import collecting
from generations.models import Collection, CollectionItem, Generation
from generations.models.search import Narrowing
from generations.search_keys import KIND, MOST_SPANS, SPANS, mark, model_key, owner_key, span_keys, whose_key
from generations.search_tables import SEARCHABLE
from tests.helpers import make_generation

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def is_known_by(row: Generation, *keys: int) -> bool:
    """Whether the index itself has these keys for the row."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"SELECT keys @> %s::bigint[] FROM {SEARCHABLE} WHERE generation_id = %s",
                [list(keys), row.pk],
            )
            return bool(cursor.fetchone()[0])
        cursor.execute(
            f"SELECT COUNT(*) FROM {SEARCHABLE} WHERE {SEARCHABLE} MATCH %s AND generation_id = %s",
            [" ".join(f'"{mark(key)}"' for key in keys), row.pk.hex],
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["", "z", "z-image-turbo", "模型-2", "🦊é", "m" * 200])
def test_the_database_reckons_the_same_keys(user: User, model: str) -> None:
    row = make_generation(user, model_id=model, created_at=NOW)
    assert is_known_by(row, owner_key(user.pk), model_key(model))
    if connection.vendor == "postgresql":
        for seconds in SPANS:
            stretch = span_keys(NOW - timedelta(seconds=seconds), NOW)
            assert any(is_known_by(row, key) for key in stretch)


@pytest.mark.django_db
def test_a_row_whose_model_changes_is_known_by_the_new_one(user: User) -> None:
    row = make_generation(user, model_id="one")
    row.model_id = "other"
    row.save()
    assert is_known_by(row, model_key("other"))
    assert not is_known_by(row, model_key("one"))


@pytest.mark.django_db
def test_collections_whose_keys_fall_together_are_told_apart(user: User) -> None:
    collections = [
        Collection.objects.create(pk=uuid.UUID(int=(1 << 120) + number), owner=user, name=f"{number}")
        for number in range(2)
    ]
    assert len({whose_key(collection.pk) for collection in collections}) == 1
    for number, collection in enumerate(collections):
        collecting.add(user, collection.pk, [make_generation(user, prompt=f"a fox {number}").pk])
        narrowing = Narrowing(marks=(CollectionItem.marks(collection.pk),))
        assert [row.prompt for row in Generation.objects.search("fox", narrowing)] == [f"a fox {number}"]


def test_keys_of_different_kinds_never_fall_together() -> None:
    spans = span_keys(NOW - timedelta(days=3650), NOW)
    keys = [owner_key(2**35), model_key("m" * 200), *spans, whose_key(2**35), whose_key(uuid.UUID(int=2**128 - 1))]
    assert [key // KIND for key in keys] == sorted(key // KIND for key in keys)
    assert len({mark(key) for key in keys[:2]}) == 2


@pytest.mark.parametrize("seconds", [0, 1, 3599, 3600, 90_000, 10**6, 10**7, 10**8])
def test_a_stretch_is_made_up_of_few_spans(seconds: int) -> None:
    since = NOW - timedelta(seconds=seconds)
    keys = span_keys(since, NOW)
    assert 1 <= len(keys) <= MOST_SPANS + (seconds == 10**8) * 10
    assert len(keys) > 3 or seconds < 3 * SPANS[0]
    length = SPANS[keys[0] // KIND - 2]
    assert keys[0] % KIND * length <= since.timestamp() < (keys[0] % KIND + 1) * length
    assert keys[-1] % KIND * length <= NOW.timestamp() < (keys[-1] % KIND + 1) * length
    assert keys == list(range(keys[0], keys[-1] + 1))


def test_a_stretch_of_centuries_is_made_up_of_none() -> None:
    """The first day that a form takes is in the year 1."""
    assert span_keys(datetime.min.replace(tzinfo=UTC), NOW) == []
    assert span_keys(NOW, NOW - timedelta(days=1)) == []
