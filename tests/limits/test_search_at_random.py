"""Searches of every kind, page by page, beside a comparison of all prompts: nothing left out, repeated or out of order.

The numbers by which a search chooses its way are drawn too, so that few rows go every way that many would.
"""

import random
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
from django.core.cache import caches
from django.db import connection
from django.db.models import Value
from django.db.models.functions import StrIndex, Upper
from django.db.models.lookups import GreaterThan

from accounts.models import User
from generations import search_keys
from generations.forms.history import STATES, HistoryForm
from generations.models import Collection, CollectionItem, Generation, Position, Star
from generations.models.search import Narrowing, postgresql, sample, sqlite, stretches
from tests.helpers import make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WORDS = [
    "fox", "FOX", "owl", "portrait", "light", "a", "x", "4k", "8K", "猫", "橘猫", "上海", "水彩画", "🦊", "👩\u200d👧",
    "МосКва", "ночь", "é", "e\u0301", "Zürich", "ZÜRICH", "%", "_", "100%", "a_b", "\\", "'", '"', "ß", "STRASSE", "İ",
    "ı", "IŞIK", "ſ", "s", "\u212a", "k", "ΑΣ", "ας", "\x01", "a\x01b", "\ue000", "w" * 200, "ab" * 60, "zeb", "zebra",
    "ringing", "()", "[x]", "NEAR", "한글", "𐐀", "𐐨",
]  # fmt: skip


def make_rows(chance: random.Random, users: list[User]) -> list[Generation]:
    rows = []
    for _ in range(chance.choice([10, 80, 200])):
        made = NOW - timedelta(seconds=chance.randrange(5 * 86_400))
        if chance.random() < 0.3:  # of one moment, or nearly
            made = NOW - timedelta(days=chance.randrange(5), microseconds=chance.randrange(3))
        row = Generation(
            owner=chance.choice(users),
            nonce=uuid.uuid4().hex,
            prompt=chance.choice([" ", "", ", ", "\n", "\u3000"]).join(chance.choices(WORDS, k=chance.randrange(9))),
            status=chance.choice(["done"] * 6 + Generation.Status.values),
            created_at=made,
            model_id=chance.choice(["m1", "m1", "m2"]),
            media_type=chance.choice(["image", "video"]),
            team_at=NOW if chance.random() < 0.5 else None,
            deleted_at=NOW if chance.random() < 0.15 else None,
        )
        rows.append(row)
    rows.sort(key=lambda row: (row.created_at, row.pk))
    return Generation.objects.bulk_create(rows)


def make_marks(
    chance: random.Random, rows: list[Generation], collections: list[Collection]
) -> set[tuple[object, uuid.UUID]]:
    """(person or collection, generation) of stars and items."""
    marks: set[tuple[object, uuid.UUID]] = set()
    for row in rows:
        for collection in collections:
            if chance.random() < 0.3:
                Star.objects.create(user=collection.owner, generation=row)
                marks.add((collection.owner.pk, row.pk))
            if chance.random() < 0.3:
                CollectionItem.objects.create(collection=collection, generation=row, added_by=collection.owner)
                marks.add((collection.pk, row.pk))
    return marks


def change(chance: random.Random, rows: list[Generation], marks: set[tuple[object, uuid.UUID]]) -> None:
    """Some of the prompts, and takes away some of the stars and items."""
    seconds = Counter(row.created_at.replace(microsecond=0) for row in rows)
    for row in chance.sample(rows, len(rows) // 4):
        if seconds[row.created_at.replace(microsecond=0)] == 1:  # within one, SQLite's order is that of the changes
            row.prompt += chance.choice(["fox", " fox", "猫"])
            row.save()
    for whose, pk in chance.sample(sorted(marks, key=str), len(marks) // 4):
        lists = Star.marks(User(pk=whose)) if isinstance(whose, int) else CollectionItem.marks(uuid.UUID(str(whose)))
        lists.rows.filter(generation=pk).delete()
        marks.remove((whose, pk))


def a_query(chance: random.Random, rows: list[Generation], collections: list[Collection]) -> dict[str, str]:
    words = []
    for _ in range(chance.choice([1, 1, 2, 3])):
        text = chance.choice(rows).prompt if chance.random() < 0.5 else chance.choice(WORDS)
        start = chance.randrange(len(text) or 1)
        words.append(text[start : start + chance.choice([1, 2, 3, 5, 40])])
    text = " ".join(words)
    query = {"q": chance.choice([text, text, text.upper(), text.lower()])[:200]}
    days = [f"{NOW - timedelta(days=days):%Y-%m-%d}" for days in range(6)]
    others = {
        "kind": ["image", "video"],
        "model": ["m1", "m2"],
        "starred": ["on"],
        "collection": [str(row.pk) for row in collections],
        "state": [*STATES, "deleted"],
        "since": days,
        "until": days,
    }
    return query | {name: chance.choice(values) for name, values in others.items() if chance.random() < 0.25}


def has_all(words: list[str]) -> set[uuid.UUID]:
    """The rows whose prompts have the words, as the database compares them, without any index."""
    rows = Generation.objects.all()
    if connection.vendor == "sqlite":
        return set(sqlite._containing(rows, words).values_list("pk", flat=True))
    has = [GreaterThan(StrIndex(Upper("prompt"), Upper(Value(word))), 0) for word in words]
    return set(rows.filter(*has).values_list("pk", flat=True))


def expected(form: HistoryForm, rows: list[Generation], marks: set[tuple[object, uuid.UUID]]) -> list[uuid.UUID]:
    values = form.cleaned_data
    words = has_all(values["q"].split())
    mixed = values["collection"] or values["starred"]
    state, author = values.get("state", ""), values.get("author", "")
    statuses = {
        "waiting": {"queued", "sending", "running"},
        "done": {"done"},
        "trouble": {"failed", "rejected", "stalled"},
        "cancelled": {"cancelled"},
    }.get(state)

    seen_of_others = bool(mixed) and state != "deleted"

    def shown(row: Generation) -> bool:
        return bool(row.team_at and row.status == "done")

    rules: list[Callable[[Generation], bool]] = [
        lambda row: row.pk in words,
        lambda row: shown(row) if form.of_team else row.owner == form.user or (seen_of_others and shown(row)),
        lambda row: author in {"", str(row.owner_id)},
        lambda row: bool(row.deleted_at) == (state == "deleted"),
        lambda row: statuses is None or row.status in statuses,
        lambda row: values["kind"] in {"", row.media_type},
        lambda row: values.get("model", "") in {"", row.model_id},  # left out where the list has none of it
        lambda row: not values["starred"] or (form.user.pk, row.pk) in marks,
        lambda row: not values["collection"] or (uuid.UUID(values["collection"]), row.pk) in marks,
        lambda row: not values["since"] or row.created_at.date() >= values["since"],
        lambda row: not values["until"] or row.created_at.date() <= values["until"],
    ]
    return [row.pk for row in reversed(rows) if all(rule(row) for rule in rules)]


def read(form: HistoryForm, before: Position | None, size: int) -> list[Generation]:
    page: list[Generation] = []
    for rows in form.page(before, size):
        page = list(rows)
        if len(page) == size:
            break
    return page


@pytest.mark.parametrize("seed", range(12))
def test_every_search_finds_what_a_comparison_of_all_prompts_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    drawn: list[tuple[ModuleType | type, str, list[float]]] = [
        (sample, "SIZE", [1, 3, 10, 1000]),
        (sample, "MOST", [1, 60]),
        (sqlite, "COMPARE", [1, 60, 10**9]),
        (sqlite, "COMPARE_MARKED", [1, 60, 10**9]),
        (postgresql, "COMPARE", [1, 60, 10**9]),
        (Narrowing, "STRETCH", [1, 3, 10, 200]),
        (sqlite, "CHEAPER", [1, 3]),
        (sample, "SURE", [1, 4]),
        (stretches, "SHARE", [0.5, 1, 5]),
        (stretches, "SHARE_OF_LIST", [0.125, 1, 5]),
        (stretches, "ENOUGH", [0, 0.01, 1, 25]),
        (postgresql, "PAIRS", [0, 60, 10**9]),
        (stretches, "FURTHER", [2, 8]),
        (search_keys, "MOST_SPANS", [1, 3, 18]),
    ]
    for place, name, choices in drawn:
        monkeypatch.setattr(place, name, chance.choice(choices))
    users = [make_user() for _ in range(2)]
    if seed % 3 == 0:
        sample.taken()  # of nothing, and so it stays for a while
    rows = make_rows(chance, users)
    collections = [Collection.objects.create(owner=user, name="Some", is_team=True) for user in users]
    marks = make_marks(chance, rows, collections)
    change(chance, rows, marks)
    caches["local"].clear()
    for _ in range(25):
        user, query = chance.choice(users), a_query(chance, rows, collections)
        of_team = chance.random() < 0.25
        if of_team and chance.random() < 0.5:
            query["author"] = str(chance.choice(users).pk)
        form = HistoryForm(user, query, of_team=of_team)
        size = chance.choice([1, 2, 7, 24])
        found: list[uuid.UUID] = []
        page = read(form, None, size)
        while page:
            found += [row.pk for row in page]
            page = read(form, (page[-1].created_at, page[-1].pk), size)
            if chance.random() < 0.2:
                sample.forget()
        assert list(form.rows().values_list("pk", flat=True)) == found
        assert found == expected(form, rows, marks), query
