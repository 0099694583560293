"""`a {red|blue} car`: one click, several prompts, each its own generation."""

import re

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Token, User
from generations.dispatch import submit
from generations.models import Generation
from generations.studio.alternatives import count, expand, is_unclosed
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data

HTMX = {"HX-Request": "true"}


@each(
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
        ('As JSON: {"mood": "{calm|quiet}"} please', ['As JSON: {"mood": "{calm|quiet}"} please']),
        (
            '{"a": {"b": 1}} and a {red|blue} car',
            ['{"a": {"b": 1}} and a red car', '{"a": {"b": 1}} and a blue car'],
        ),
        ('["{a|b}", "c"]', ['["{a|b}", "c"]']),
        ('{"say": "\\\\{x|y\\\\}"}', ['{"say": "\\\\{x|y\\\\}"}']),
        ("if (x) { if (y) { a|b } }", ["if (x) { if (y) { a|b } }"]),
        (r"a \{literal\} brace", ["a {literal} brace"]),
        (r"a \{red|blue\} car", ["a {red|blue} car"]),
        (r"a {red\|ish|blue} car", ["a red|ish car", "a blue car"]),
        (r"C:\images and {a|b}", [r"C:\images and a", r"C:\images and b"]),
        ("a } b {1|2}", ["a } b 1", "a } b 2"]),
    ],
)
def test_alternatives_expand_in_reading_order(prompt: str, prompts: list[str]) -> None:
    assert expand(prompt) == prompts


@each(
    ("prompt", "is_so"),
    [("a {red|blue car", True), ("a {red", False), ("a {red|blue} car", False), (r"a \{red|blue", False)],
)
def test_a_brace_that_is_never_closed_is_noticed(prompt: str, *, is_so: bool) -> None:
    assert is_unclosed(prompt) is is_so


@each("prompt", ["{" * 10_000, '{"a":' * 2000, "{|" * 5000, "[" * 10_000, '{"' * 5000, "\\" * 9999])
def test_text_that_is_all_braces_is_read_at_once(prompt: str) -> None:
    assert expand(prompt) == [prompt]


@given(st.text(alphabet='ab {}|\\"\n', max_size=30))
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
        assert '<li dir="auto">c fox</li>' in body

    def test_braces_can_be_used_as_typed(self, sandbox: FastSandbox, browser: Client, user: User, token: Token) -> None:
        data = form_data(prompt=r"if (x) { a|b } \{", as_typed="on")
        body = browser.post("/studio/price/", data, headers=HTMX).content.decode()
        assert " · 2 credits" in body
        assert "generations." not in body
        assert 'class="prompts"></ol>' in body  # the box to choose otherwise stays in sight
        browser.post("/generations/", data)
        assert Generation.objects.get().request_fields["prompt"] == r"if (x) { a|b } \{"

    def test_a_prompt_that_was_sent_is_sent_again_as_it_was(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        browser.post("/generations/", form_data(prompt=r"\{a|b\} fox"))
        row = Generation.objects.get()
        assert row.prompt == "{a|b} fox"
        body = browser.get("/", {"from": str(row.pk)}).content.decode()
        assert re.search(r'<input[^>]*name="as_typed"[^>]* checked', body)
        assert "= 2 generations" not in body

    def test_a_count_that_is_refused_has_no_price(self, sandbox: FastSandbox, browser: Client, token: Token) -> None:
        for wanted in ["99", "0", "-1", "1.5", "many"]:
            body = browser.post("/studio/price/", form_data(count=wanted), headers=HTMX).content.decode()
            assert "Choose a number from 1 to 8." in body
            assert "credits" not in body
            refused = browser.post("/generations/", form_data(count=wanted, shown_price="2")).content.decode()
            assert "Choose a number from 1 to 8." in refused
            assert "The price is" not in refused

    def test_an_unclosed_brace_is_said(self, sandbox: FastSandbox, browser: Client, token: Token) -> None:
        body = browser.post("/studio/price/", form_data(prompt="a {red|blue car"), headers=HTMX).content.decode()
        assert "opened and never closed" in body

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

    def test_an_alternative_that_shows_nothing_is_refused(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        for nothing in ["", "\u200b", " \u2800\u00ad"]:
            response = browser.post("/generations/", form_data(prompt=f"{{a fox|{nothing}}}"), headers=HTMX)
            assert response.status_code == 422
            assert "alternatives is empty" in response.content.decode()
        assert not Generation.objects.exists()

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
