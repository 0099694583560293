"""`a {red|blue} car`: one click, several prompts, each its own generation."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Token, User
from generations.dispatch import submit
from generations.models import Generation
from generations.studio.alternatives import count, expand
from tests.conftest import FastSandbox
from tests.helpers import form_data

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        ("a car", ["a car"]),
        ("a {red|blue} car", ["a red car", "a blue car"]),
        ("{a|b} {1|2}", ["a 1", "a 2", "b 1", "b 2"]),
        ("a {red | red} car", ["a red car"]),
        ("a {big |}car", ["a bigcar", "a car"]),
        ("braces {alone} stay", ["braces {alone} stay"]),
        ("{a|b", ["{a|b"]),
        ('{"scene": {"mood": "calm | quiet"}}', ['{"scene": {"mood": "calm | quiet"}}']),
    ],
)
def test_alternatives_expand_in_reading_order(prompt: str, prompts: list[str]) -> None:
    assert expand(prompt) == prompts


@given(st.text(alphabet="ab {}|\n", max_size=30))
def test_any_text_expands_to_at_most_what_was_counted(prompt: str) -> None:
    if count(prompt) <= 40:
        assert 1 <= len(expand(prompt)) <= count(prompt)


@pytest.mark.django_db
class TestTheForm:
    def test_each_is_its_own_generation_of_one_click(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        data = form_data(prompt="a {red|blue} car", count="2")
        browser.post("/generations/", data)
        rows = Generation.objects.order_by("number")
        assert [row.prompt for row in rows] == ["a red car"] * 2 + ["a blue car"] * 2
        assert {(row.nonce, row.batch_size) for row in rows} == {(data["nonce"], 4)}
        assert len({row.idempotency_key for row in rows}) == 4
        browser.post("/generations/", data)  # the page sent twice
        assert Generation.objects.count() == 4

    def test_the_number_and_the_price_stand_there_before_the_click(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        body = browser.post("/studio/price/", form_data(prompt="{a|b|c} fox", count="2"), headers=HTMX).content.decode()
        assert " · 12 credits" in body
        assert "= 6 generations." in body

    def test_too_many_are_refused_before_anything_is_asked(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        prompt = "{a|b|c|d|e|f|g|h|i|j}" * 6
        for url in ["/generations/", "/studio/price/"]:
            response = browser.post(url, form_data(prompt=prompt), headers=HTMX)
        response = browser.post("/generations/", form_data(prompt=prompt), headers=HTMX)
        assert response.status_code == 422
        assert "make 1000000 generations; at most 40 are allowed at once" in response.content.decode()
        assert not Generation.objects.exists()

    def test_an_empty_alternative_alone_is_refused(self, sandbox: FastSandbox, browser: Client, token: Token) -> None:
        response = browser.post("/generations/", form_data(prompt="{a fox|}"), headers=HTMX)
        assert response.status_code == 422
        assert "alternatives is empty" in response.content.decode()

    def test_what_waits_of_a_click_is_cancelled_together(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        token.note_refusal(token.created_at, token.revision)  # nothing leaves
        browser.post("/generations/", form_data(prompt="{a|b|c} fox"))
        token.refresh_from_db()
        browser.post("/generations/", form_data(prompt="another click"))
        first = Generation.objects.get(number=1, batch_size=3)
        body = browser.post(f"/generations/{first.pk}/cancel-all/", headers=HTMX).content.decode()
        assert body.count('data-status="cancelled"') == 3
        assert Generation.objects.get(status="queued").prompt == "another click"
        assert submit.claim(first.pk) is None
