"""Searching prompts: what is found, and that the index follows every change."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from accounts.models import Token, User
from generations.library import collecting, curation
from generations.library.filters import HistoryForm
from generations.models import CollectionItem, Generation, Star
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation, make_user

pytestmark = pytest.mark.django_db


COMPOSED, DECOMPOSED = "cr\u00e8me br\u00fbl\u00e9e", "cre\u0300me bru\u0302le\u0301e"


PROMPTS = {
    "fox": "A RED fox, 35mm film, 4k",
    "owl": "an owl at 100% zoom",
    "café": "Café in Zürich, Fluß, naïve style",
    "猫": "一只橘猫在上海的街道，8K画质",
    "emoji": "a party 🦊🎉 with a_b snake",
    "quotes": """she said "hello" OR 'bye' NEAR x* - (y) AND NOT z:w^2""",
    "slash": "back\\slash and [brackets] {braces} $1 %s ? МосКва ночью",
    "short": "x",
}


@pytest.fixture
def rows(user: User) -> dict[str, Generation]:
    return {name: make_generation(user, prompt=prompt) for name, prompt in PROMPTS.items()}


def found(rows: dict[str, Generation], words: str) -> set[str]:
    pks = set(Generation.objects.search(words).values_list("pk", flat=True))
    return {name for name, row in rows.items() if row.pk in pks}


@each(
    ("words", "expected"),
    [
        ("fox", {"fox"}),
        ("FOX red", {"fox"}),
        ("film fox", {"fox"}),
        ("fox owl", set()),
        ("ed fo", {"fox"}),
        ("lm, 4", {"fox"}),
        ("zebra", set()),
        # Letters beyond ASCII
        ("Zürich", {"café"}),
        ("ZÜRICH", {"café"}),
        ("zÜ", {"café"}),
        ("É", {"café"}),
        ("МОСКВА", {"slash"}),
        ("ночЬЮ", {"slash"}),
        ("Ü.*", set()),
        ("fluß", {"café"}),
        ("naïve", {"café"}),
        # Chinese: one, two and more
        ("猫", {"猫"}),
        ("上海", {"猫"}),
        ("橘猫在上海", {"猫"}),
        ("海上", set()),
        ("狗", set()),
        ("8k画", {"猫"}),
        # Emoji
        ("🦊", {"emoji"}),
        ("🦊🎉", {"emoji"}),
        ("🎉🦊", set()),
        ("🦊🎉🦊", set()),
        # One and two letters
        ("4k", {"fox"}),
        ("8K", {"猫"}),
        ("x", {"fox", "quotes", "short"}),
        ("XX", set()),
        ("a", {"fox", "owl", "café", "emoji", "quotes", "slash"}),
        ("q", set()),
        # What means something to LIKE, to FTS5 or to a shell stands for itself
        ("%", {"owl", "slash"}),
        ("100%", {"owl"}),
        ("1%0", set()),
        ("_", {"emoji"}),
        ("a_b", {"emoji"}),
        ("a_", {"emoji"}),
        ("o_l", set()),
        ('"hello"', {"quotes"}),
        ('"', {"quotes"}),
        ('"fox"', set()),
        ("'bye'", {"quotes"}),
        ("OR", {"quotes"}),
        ("NEAR", {"quotes"}),
        ("NOT", {"quotes"}),
        ("fox OR owl", set()),
        ("x*", {"quotes"}),
        ("fo*", set()),
        ("-", {"quotes"}),
        ("(y)", {"quotes"}),
        ("(", {"quotes"}),
        ("z:w^2", {"quotes"}),
        ("words:fox", set()),
        ("\\", {"slash"}),
        ("back\\slash", {"slash"}),
        ("[brackets]", {"slash"}),
        ("%s ?", {"slash"}),
        ("$1", {"slash"}),
        # Spaces of all kinds part words; so does what no prompt can have
        ("\u3000red\xa0fox\t", {"fox"}),
        ("red\0fox", {"fox"}),
        ("\0", set(PROMPTS)),
        ("", set(PROMPTS)),
        # Long
        ("fox " * 500, {"fox"}),
        ("y" * 5000, set()),
        (" ".join(f"word{number}" for number in range(300)), set()),
        ("橘" * 2000, set()),
    ],
)
def test_every_word_is_found_wherever_it_is(rows: dict[str, Generation], words: str, expected: set[str]) -> None:
    assert found(rows, words) == expected


@each(("prompt", "words"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_a_letter_and_its_accent_are_found_written_as_one_or_as_two(
    sandbox: FastSandbox, browser: Client, token: Token, prompt: str, words: str
) -> None:
    browser.post("/generations/", form_data(prompt=prompt))
    assert Generation.objects.get().request_fields["prompt"] == prompt  # it goes out as typed
    for asked in [words, words.upper(), words[:4]]:
        assert Generation.objects.search(asked).count() == 1


def test_an_empty_prompt_and_a_very_long_one_can_be_kept(user: User) -> None:
    free = {"credits_estimated": 0}  # and so in no ledger
    long = "".join(chr(0x4E00 + number % 5000) for number in range(9_000)) + "末尾"
    rows = {"empty": make_generation(user, prompt="", **free), "long": make_generation(user, prompt=long, **free)}
    assert found(rows, "末尾") == {"long"}
    assert found(rows, "fox") == set()
    for row in rows.values():
        row.delete()
    assert Generation.objects.search("末尾").count() == 0


# The index follows


def test_a_changed_prompt_is_found_by_its_new_words_only(user: User) -> None:
    row = make_generation(user, prompt="a heron 鹭")
    Generation.objects.filter(pk=row.pk).update(prompt="a zebra 马")
    assert [Generation.objects.search(words).count() for words in ("heron", "鹭", "zebra", "马")] == [0, 0, 1, 1]
    row.prompt = "a pelican"
    row.save()
    assert [Generation.objects.search(words).count() for words in ("zebra", "马", "pelican")] == [0, 0, 1]
    assert entries() == 1


def test_many_at_once_are_found_and_gone_when_they_are_deleted(user: User) -> None:
    today = timezone.localdate()
    made = [Generation(owner=user, number=n, prompt=f"heron {n}", counted_on=today) for n in range(50)]
    Generation.objects.bulk_create(made)
    assert Generation.objects.search("heron").count() == 50
    assert Generation.objects.search("heron 49").count() == 1
    Generation.objects.filter(number__lt=20).delete()
    assert Generation.objects.search("heron").count() == entries() == 30
    made[-1].delete()
    assert Generation.objects.search("heron 49").count() == 0


def test_what_does_not_change_the_prompt_leaves_the_index_alone(user: User) -> None:
    row = make_generation(user, prompt="a heron")
    assert row.move(Generation.Status.DONE, expecting=Generation.Status.QUEUED)
    row.save()
    assert Generation.objects.search("heron").get() == row
    assert entries() == 1


def test_a_row_that_changes_hands_is_found_among_its_new_owners(user: User) -> None:
    row = make_generation(user, prompt="a heron")
    other = make_user()
    Generation.objects.filter(pk=row.pk).update(owner=other)
    assert HistoryForm(user, {"q": "heron"}).rows().count() == 0
    assert HistoryForm(other, {"q": "heron"}).rows().get() == row


def entries() -> int:
    """How many prompts the index has: a table on SQLite, the rows themselves on PostgreSQL."""
    with connection.cursor() as cursor:
        table = "generations_searchable" if connection.vendor == "sqlite" else "generations_generation"
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
        count: int = cursor.fetchone()[0]
    return count


def test_what_searches_need_is_there_after_all_migrations() -> None:
    """Django makes a table anew to change it on SQLite, and the triggers go: a migration that does so makes them."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            wanted = {f"searchable_{when}" for when in ("insert", "update", "delete")}
        else:
            cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'generations_generation'")
            wanted = {"prompt_trigrams"}
        assert wanted <= {name for (name,) in cursor.fetchall()}


# In the history


@pytest.fixture
def many(user: User, token: Token) -> list[Generation]:
    """60 foxes, newest first: clicks of six at a time made at one moment, so that order needs more than the time."""
    begun = timezone.now()
    made = [
        Generation(
            owner=user,
            nonce=f"{number}",
            counted_on=begun.date(),
            prompt=f"fox {number}",
            status="done" if number % 3 else "failed",
            created_at=begun - timedelta(hours=number // 6),
        )
        for number in range(60)
    ]
    Generation.objects.bulk_create(made)
    return made


@each("query", [{"q": "fox"}, {"q": "fo"}, {"q": "fox", "state": "done"}, {"q": "o x", "kind": ""}])
def test_pages_of_a_search_neither_repeat_nor_leave_out(
    user: User, many: list[Generation], query: dict[str, str]
) -> None:
    expected = {row.pk for row in many if row.status == "done" or "state" not in query}
    seen: list[uuid.UUID] = []
    before = None
    while page := list(HistoryForm(user, query).rows(before)[:7]):
        seen += [row.pk for row in page]
        moments = [row.created_at for row in page]
        assert moments == sorted(moments, reverse=True)
        before = page[-1].created_at, page[-1].pk
    assert len(seen) == len(set(seen))
    assert set(seen) == expected


def test_a_page_goes_on_after_a_row_that_is_gone(user: User, many: list[Generation]) -> None:
    last = list(HistoryForm(user, {"q": "fox"}).rows()[:24])[-1]
    Generation.objects.filter(pk=last.pk).delete()
    after = HistoryForm(user, {"q": "fox"}).rows((last.created_at, last.pk))
    assert {row.pk for row in many if row.created_at < last.created_at} <= {row.pk for row in after}
    assert all(row.created_at <= last.created_at for row in after)


def test_other_peoples_prompts_are_never_found(browser: Client, user: User, token: Token) -> None:
    other = make_user()
    theirs = make_generation(other, prompt="a heron 鹭", status="done")
    shown = make_generation(other, prompt="a heron 鹭 for all", status="done", team_at=timezone.now())
    deleted = make_generation(user, prompt="a heron 鹭", status="done", deleted_at=timezone.now())
    for words in ("heron", "鹭", "he"):
        assert str(theirs.pk) not in browser.get("/generations/", {"q": words}).content.decode()
        assert HistoryForm(user, {"q": words}).rows().count() == 0
        assert HistoryForm(user, {"q": words}, of_team=True).rows().get() == shown
        assert HistoryForm(user, {"q": words, "state": "deleted"}).rows().get() == deleted


def test_a_search_combines_with_stars_collections_and_days(user: User, many: list[Generation]) -> None:
    chosen = [many[3], many[30], many[50]]
    curation.star_all(user, [row.pk for row in chosen])
    collection, _ = collecting.create(user, "Some")
    collecting.add(user, collection.pk, [row.pk for row in chosen[1:]])
    place = str(collection.pk)
    assert list(HistoryForm(user, {"q": "fox", "starred": "on"}).rows()) == chosen
    assert list(HistoryForm(user, {"starred": "on"}).rows()) == chosen
    assert list(HistoryForm(user, {"q": "fo x", "collection": place}).rows()) == chosen[1:]
    assert list(HistoryForm(user, {"starred": "on", "collection": place}).rows()) == chosen[1:]
    assert list(HistoryForm(user, {"q": "50", "starred": "on", "collection": place}).rows()) == [many[50]]
    before = chosen[0].created_at, chosen[0].pk
    for query in ({"starred": "on"}, {"q": "fox", "starred": "on"}, {"q": "fox", "collection": place}):
        assert list(HistoryForm(user, query).rows(before)) == chosen[1:]
    assert HistoryForm(user, {"q": "fox", "until": "2000-01-01"}).rows().count() == 0
    assert HistoryForm(user, {"q": "fox", "since": "2000-01-01", "until": "9999-12-31"}).rows().count() == 60


def test_stars_and_items_know_when_their_generation_was_made(user: User) -> None:
    row = make_generation(user, status="done", created_at=timezone.now() - timedelta(days=9))
    curation.star(user, row)
    collection, _ = collecting.create(user, "Some")
    collecting.add(user, collection.pk, [row.pk])
    assert Star.objects.get().made_at == CollectionItem.objects.get().made_at == row.created_at


def test_a_busy_moment_keeps_its_order_and_its_day(user: User, token: Token) -> None:
    """Of rows made in microseconds that follow each other, and of many in the same one."""
    then = datetime(2020, 1, 1, 23, 59, 59, tzinfo=UTC)
    made = [make_generation(user, prompt="a fox", created_at=then + timedelta(microseconds=n // 5)) for n in range(60)]
    late = [make_generation(user, prompt="a fox", created_at=then + timedelta(seconds=n)) for n in (1, 2, 3600)]
    assert set(HistoryForm(user, {"q": "fox", "until": "2020-01-01"}).rows()) == set(made)
    assert list(HistoryForm(user, {"q": "fox", "since": "2020-01-02"}).rows()) == late[::-1]
    found: list[Generation] = []
    while page := list(
        HistoryForm(user, {"q": "fox"}).rows((found[-1].created_at, found[-1].pk) if found else None)[:7]
    ):
        found += page
    assert [row.created_at for row in found] == sorted((row.created_at for row in [*made, *late]), reverse=True)
    assert set(found) == {*made, *late}
    assert len(found) == 63


def test_the_last_half_millisecond_of_a_day_belongs_to_it(user: User, token: Token) -> None:
    row = make_generation(user, prompt="a fox", created_at=datetime(2026, 3, 1, 23, 59, 59, 999_600, tzinfo=UTC))
    assert list(HistoryForm(user, {"q": "fox", "until": "2026-03-01"}).rows()) == [row]
    assert HistoryForm(user, {"q": "fox", "since": "2026-03-02"}).rows().count() == 0


@each(("prompt", "words"), [("Zürich", "ZÜRICH"), ("Σίσυφος", "ΣΊΣΥΦΟΣ"), ("ſo", "SO"), ("Fluß", "FLUSS")])
def test_a_filter_does_not_change_which_words_match(user: User, token: Token, prompt: str, words: str) -> None:
    row = make_generation(user, prompt=prompt, status="done")
    curation.star(user, row)
    assert set(HistoryForm(user, {"q": words}).rows()) == set(HistoryForm(user, {"q": words, "starred": "on"}).rows())


def test_what_was_found_can_be_counted_filtered_changed_and_asked_for_by_its_keys(user: User, token: Token) -> None:
    rows = [make_generation(user, prompt="a fox", status=status) for status in ("done", "cancelled", "done")]
    make_generation(user, prompt="an owl", status="done")
    found = Generation.objects.search("fox")
    done = found.filter(status="done")
    assert (found.count(), done.count(), found.exclude(status="done").get()) == (3, 2, rows[1])
    assert (found.first(), found.last()) == (rows[2], rows[0])
    assert set(Generation.objects.filter(pk__in=done)) == {rows[0], rows[2]}
    assert done.update(credits_used=2) == 2
    assert found.aggregate(Sum("credits_used"))["credits_used__sum"] == 4


def test_a_thousand_words_are_no_error(user: User, token: Token) -> None:
    row = make_generation(user, prompt="a fox")
    assert Generation.objects.search("fox " * 2000).get() == row
