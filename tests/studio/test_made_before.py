"""Before the click: what was made with the same wish is offered at 0 credits."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Token, User
from generations.models import Generation
from tests.cases import each
from tests.helpers import form_data, make_generation, make_result, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]

WORDS = "for 0 credits"


def ask(browser: Client, **overrides: Any) -> str:
    return browser.post("/studio/price/", form_data(**overrides), headers={"HX-Request": "true"}).content.decode()


def made(owner: User, **overrides: Any) -> Generation:
    row = make_generation(owner, **{"status": "done", **overrides})
    make_result(row)
    return row


def test_the_same_prompt_model_and_settings_are_offered(browser: Client, user: User, token: Token) -> None:
    row = made(user)
    body = ask(browser, prompt="  a red\n fox ")
    assert WORDS in body
    assert row.get_absolute_url() in body


@each("other", [{"prompt": "a red fox!"}, {"model_id": "nanobanana-2"}, {"aspect_ratio": "1:1"}, {"prompt": ""}])
def test_another_wish_is_not(browser: Client, user: User, token: Token, other: dict[str, str]) -> None:
    made(user)
    assert WORDS not in ask(browser, **other)


def test_each_alternative_counts(browser: Client, user: User, token: Token) -> None:
    row = made(user)
    assert row.get_absolute_url() in ask(browser, prompt="a {blue|red} fox")


def test_another_reference_is_another_wish(browser: Client, user: User, token: Token) -> None:
    made(user, model_id="nanobanana-2")
    reference = user.references.create(name="mine", public_url="https://images.meigen.ai/a.png")
    assert WORDS in ask(browser, model_id="nanobanana-2")
    assert WORDS not in ask(browser, model_id="nanobanana-2", reference=str(reference.pk))


def test_what_others_made_is_offered_only_when_they_show_it(browser: Client, user: User, token: Token) -> None:
    row = made(make_user("paula"))
    assert WORDS not in ask(browser)
    Generation.objects.filter(pk=row.pk).update(team_at=row.created_at)
    assert "made by paula" in ask(browser)


@each("status", ["queued", "running", "failed", "cancelled"])
def test_only_results_are_offered(browser: Client, user: User, token: Token, status: str) -> None:
    made(user, status=status)
    assert WORDS not in ask(browser)


def test_what_is_deleted_or_lost_is_not_offered(browser: Client, user: User, token: Token) -> None:
    row = made(user)
    Generation.objects.filter(pk=row.pk).update(deleted_at=row.created_at)
    make_generation(user, status="done")
    assert WORDS not in ask(browser)


def test_what_a_click_made_is_found_by_the_same_form(browser: Client, user: User, token: Token) -> None:
    data = form_data(prompt="a calico cat", model_id="nanobanana-2", aspect_ratio="16:9", resolution="2K")
    browser.post("/generations/", data)
    row = Generation.objects.get()
    Generation.objects.filter(pk=row.pk).update(status="done")
    make_result(row)
    assert WORDS in ask(browser, **data)
