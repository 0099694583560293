"""The list of generations in the admin: its columns, filters, search and honest counts."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client

from accounts.models import Token, User
from audit.admin import NewestOnly
from generations.admin.filters import of_person
from generations.models import Generation, Project, TooMany
from tests.admin.conftest import questions
from tests.helpers import make_generation, make_token, make_user

LIST = "/admin/generations/generation/"
NOW = datetime(2026, 7, 15, 12, 30, 40, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _the_models_are_asked_for_anew() -> None:
    caches["local"].clear()


def listed(boss: Client, **query: Any) -> str:
    answer = boss.get(LIST, query)
    assert answer.status_code == 200
    table = re.search(r'<table id="result_list">.*?</table>', answer.content.decode(), re.DOTALL)
    return table[0] if table else ""


def found(boss: Client, **query: Any) -> set[str]:
    """The prompts of the rows that the list shows."""
    return set(re.findall(r'field-short_prompt">([^<]*)<', listed(boss, **query)))


def refused(user: User, status: int, prompt: str = "a fox", **fields: Any) -> Generation:
    body = json.dumps({"error": "No", **fields})
    return make_generation(user, status="rejected", answer_status=status, answer_body=body, message="No", prompt=prompt)


class TestAColumn:
    def test_says_when_to_the_second_and_in_which_zone(self, boss: Client, user: User) -> None:
        make_generation(user, created_at=NOW)
        assert "2026-07-15 12:30:40 UTC" in listed(boss)

    def test_has_the_credits_that_a_402_misses(self, boss: Client, user: User) -> None:
        refused(user, 402, required=87, available=13)
        assert "87 required, 13 available, 74 missing" in listed(boss)

    def test_has_the_field_and_the_values_that_a_400_allows(self, boss: Client, user: User) -> None:
        refused(user, 400, field="aspectRatio", allowed=["1:1", "16:9"])
        assert "aspectRatio: 1:1, 16:9 allowed" in listed(boss)

    def test_says_what_was_announced_where_it_was_charged_otherwise(self, boss: Client, user: User) -> None:
        make_generation(user, status="done", credits_used=7, credits_status="confirmed")
        assert "7 confirmed, announced 2" in listed(boss)


class TestAFilter:
    @pytest.fixture(autouse=True)
    def _rows(self, user: User, token: Token) -> None:
        make_generation(user, prompt="old", created_at=NOW, model_id="old-model")
        row = refused(user, 402, prompt="poor")
        project = Project.objects.create(name="Herons")
        Generation.objects.filter(pk=row.pk).update(error_code="insufficient_credits", project=project)
        charged = {"status": "failed", "credits_used": 5}
        make_generation(user, prompt="lost", credits_status="charged", message="The safety filter said no", **charged)
        make_generation(user, prompt="returned", credits_status="refunded", **charged)
        eve = make_user("eve")
        make_generation(eve, prompt="hers", token=make_token(eve))

    @pytest.mark.parametrize(
        ("query", "prompts"),
        [
            ({"status__exact": "rejected"}, {"poor"}),
            ({"answer_status": "402"}, {"poor"}),
            ({"error_code": "insufficient_credits"}, {"poor"}),
            ({"error_code": "-", "status__exact": "rejected"}, set()),
            ({"credits": "not_refunded"}, {"lost"}),
            ({"credits": "refunded"}, {"returned"}),
            ({"model": "old-model"}, {"old"}),
            ({"reason": "The safety"}, {"lost"}),
            ({"until": "2026-07-15"}, {"old"}),
            ({"since": "2026-07-15", "until": "2026-07-15"}, {"old"}),
            ({"until": "2026-07-14"}, set()),
            ({"since": NOW.isoformat(), "until": (NOW + timedelta(seconds=1)).isoformat()}, {"old"}),
            ({"owner": "0"}, set()),
            ({"owner": "nobody", "answer_status": "\0", "model": "\0", "until": "soon", "answer_status__x": "1"}, None),
        ],
    )
    def test_leaves(self, boss: Client, query: dict[str, str], prompts: set[str] | None) -> None:
        if prompts is None:
            assert boss.get(LIST, query).status_code in {302, 400}
        else:
            assert found(boss, **query) == prompts

    def test_leaves_a_project_a_person_or_a_token(self, boss: Client) -> None:
        assert found(boss, project=Project.objects.get().pk) == {"poor"}
        eve = User.objects.get(username="eve")
        for query in [{"owner": eve.pk}, {"token": eve.tokens.get().pk}]:
            assert found(boss, **query) == {"hers"}


class TestASearch:
    @pytest.fixture
    def heron(self, user: User) -> Generation:
        make_generation(make_user("other"), prompt="another", model_id="other", model_name="Other")
        return make_generation(user, prompt="a patient heron", remote_id="job-17")

    @pytest.mark.parametrize(
        "words",
        [
            *["heron", "patient HERON", "{0.owner.username}", "{0.owner.email}", "z image turbo", "z-image-turbo"],
            *["{0.pk}", "{0.idempotency_key}", "{0.pk.hex}", "job-17", " job-17 "],
        ],
    )
    def test_finds(self, boss: Client, heron: Generation, words: str) -> None:
        assert found(boss, q=words.format(heron)) == {"a patient heron"}

    def test_finds_by_the_beginning_of_a_key(self, boss: Client, user: User) -> None:
        key = "12ab34cd-0000-4000-8000-000000000000"
        make_generation(user, idempotency_key=key, prompt="meant")
        make_generation(user, idempotency_key=key.replace("34cd", "34ce"), prompt="near")
        assert found(boss, q="12ab34cd") == found(boss, q="12AB34CD-00") == {"meant"}

    def test_takes_what_is_no_id_for_words(self, boss: Client, user: User) -> None:
        make_generation(user, prompt="a facade of 1920")
        assert found(boss, q="facade") == found(boss, q="1920") == {"a facade of 1920"}
        assert found(boss, q="\0") == {"a facade of 1920"}


class TestLongAndHostileAnswers:
    @pytest.mark.parametrize("said", ["<script>alert(1)</script>", "a\u202eb", "a\x07b\x9b"])
    def test_are_shown_as_text(self, boss: Client, user: User, said: str) -> None:
        row = refused(user, 400, field=said, allowed=[said])
        Generation.objects.filter(pk=row.pk).update(message=said, credits_status=said, credits_used=1)
        for page in [listed(boss), boss.get(f"{LIST}{row.pk}/change/").content.decode()]:
            assert "<script>alert" not in page
            assert "\u202e" not in page
            assert "\x07" not in page
            assert "\x9b" not in page

    def test_are_cut_and_folded_up(self, boss: Client, user: User) -> None:
        row = refused(user, 400, padding="x" * 1_000_000)
        assert len(boss.get(LIST).content) < 60_000
        page = boss.get(f"{LIST}{row.pk}/change/").content.decode()
        assert "Show all 976.6\xa0KB" in page
        first, _, rest = page.partition("<details><summary>Show all")
        assert "x" * 3000 in first
        assert "x" * 5000 not in first
        assert "x" * 1_000_000 in rest


def test_a_count_says_where_it_stopped(boss: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generations.admin.base.Newest.most", 3)
    for _ in range(2):
        make_generation(user)
    assert "2 generations" in boss.get(LIST).content.decode()
    for _ in range(2):
        make_generation(user)
    assert "3+ generations" in boss.get(LIST).content.decode()


def test_what_takes_too_long_ends_with_a_word(boss: Client, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_rows: NewestOnly) -> int:
        raise TooMany

    monkeypatch.setattr("generations.admin.base.Newest.count", property(slow))
    answer = boss.get(LIST, {"q": "a"})
    assert (answer.status_code, answer["Location"]) == (302, LIST)


def test_a_list_asks_few_questions(boss: Client, user: User) -> None:
    for number in range(12):
        make_generation(user, prompt=f"fox {number}")
    assert questions(boss, LIST) <= 8


def test_a_list_of_somebody_who_made_much_is_the_same(
    boss: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generations.admin.filters.MUCH", 1)
    make_generation(user, prompt="mine")
    make_generation(make_user(), prompt="not mine")
    assert found(boss, owner=user.pk) == found(boss, q=user.username) == {"mine"}
    if connection.vendor == "sqlite":
        plan = of_person(Generation.objects.order_by("-created_at", "-id"), user.pk).explain()
        assert "all_newest_first" in plan
        assert "TEMP B-TREE" not in plan
