"""The command palette: what can be gone to by its name, and nothing that is not one's own to see."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Token, User
from generations.library import collecting
from generations.studio import presets
from tests.cases import each
from tests.helpers import make_generation, make_user

pytestmark = pytest.mark.django_db

Found = list[tuple[str, str]]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    caches["local"].clear()


@pytest.fixture
def ana(db: None) -> User:
    return make_user("ana")


def found(client: Client, words: str = "") -> Found:
    """(address, name) of each entry, in order."""
    body = client.get("/palette/", {"q": words}).content.decode()
    entries = re.findall(r'role="option".*?href="([^"]*)"><span[^>]*>(.*?)</span>', body)
    return [(unescape(address), unescape(name)) for address, name in entries]


def names(client: Client, words: str = "") -> list[str]:
    return [name for _address, name in found(client, words)]


@pytest.mark.usefixtures("sandbox")
def test_every_kind_of_thing_leads_to_where_it_is_used(browser: Client, user: User, token: Token, ana: User) -> None:
    earlier = make_generation(user, prompt="Sea of glass", model_id="nanobanana-2")
    collection, _new = collecting.create(user, "Seaside")
    preset = presets.save(user, "Sea, wide", {"prompt": "x"}, [], is_team=False)
    assert found(browser, "sea")[:3] == [
        (f"/?from={earlier.pk}", "Sea of glass"),
        (f"/collections/{collection.pk}/", "Seaside"),
        (f"/?preset={preset.pk}", "Sea, wide"),
    ]
    make_generation(ana, status="done", team_at=timezone.now())
    caches["local"].clear()  # who shows something is remembered for a minute
    assert found(browser, "ana")[0] == (f"/gallery/?author={ana.pk}", "ana")
    assert found(browser, "hist")[0] == ("/generations/", "History")
    browser.get("/")  # asks Meigen for its models
    assert found(browser, "nanobanana")[0] == ("/?model_id=nanobanana-2", "Nanobanana 2")


def test_nothing_of_others_is_found_that_they_do_not_share(browser: Client, user: User, ana: User) -> None:
    make_generation(ana, prompt="secret fox", status="done", team_at=timezone.now())
    make_generation(user, prompt="secret owl", deleted_at=timezone.now())
    collecting.create(ana, "secret collection")
    presets.save(ana, "secret preset", {"prompt": "x"}, [], is_team=False)
    assert names(browser, "secret") == ["Search the history for “secret”"]
    collecting.create(ana, "secret team collection", is_team=True)
    presets.save(ana, "secret team preset", {"prompt": "x"}, [], is_team=True)
    assert names(browser, "secret")[:2] == ["secret team collection", "secret team preset"]


def test_pages_that_take_a_right_are_for_those_who_have_it(browser: Client, admin_client: Client) -> None:
    assert "Administration" not in names(browser, "admin")
    assert "Approvals" not in names(browser, "approvals")
    assert "Administration" in names(admin_client, "admin")
    assert "Approvals" in names(admin_client, "approvals")


@each(
    ("words", "hits"),
    [
        ("RED fox", ["a red fox"]),
        ("fox red", ["a red fox"]),
        ("fox", ["fox in snow", "a red fox"]),  # what begins with it comes first
        ("cafe\u0301", ["Café"]),  # another spelling of the accent
        ("fox unicorn", []),
    ],
)
def test_words_find_names(browser: Client, user: User, words: str, hits: list[str]) -> None:
    for name in ["a red fox", "fox in snow", "Café"]:
        collecting.create(user, name)
    assert names(browser, words)[:-1] == hits


def test_a_prompt_is_listed_once_and_leads_to_its_latest_request(browser: Client, user: User) -> None:
    make_generation(user, prompt="a heron", created_at=timezone.now() - timedelta(days=1))
    latest = make_generation(user, prompt="a heron")
    assert found(browser, "heron")[:-1] == [(f"/?from={latest.pk}", "a heron")]


def test_what_is_not_among_them_is_looked_for_in_the_history(browser: Client, user: User) -> None:
    assert found(browser, 'no "such" & thing') == [
        ("/generations/?q=no%20%22such%22%20%26%20thing", 'Search the history for “no "such" & thing”')
    ]


def test_names_are_words_and_never_markup(browser: Client, user: User) -> None:
    collecting.create(user, "<img src=x onerror=alert(1)>")
    body = browser.get("/palette/", {"q": "<img"}).content.decode()
    assert "<img" not in body
    assert "&lt;img src=x onerror=alert(1)&gt;" in body


def test_it_asks_a_handful_of_questions_however_much_there_is(
    browser: Client, user: User, ana: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def fill(start: int) -> None:
        for number in range(start, start + 10):
            make_generation(user, prompt=f"prompt {number}")
            collecting.create(ana, f"collection {number}", is_team=True)
            presets.save(ana, f"preset {number}", {"prompt": "x"}, [], is_team=True)

    fill(0)
    names(browser)  # who shows something is remembered for a minute
    with django_assert_num_queries(9):  # who asks and may what: 5; prompts, models, collections, presets
        names(browser, "1")
    fill(10)
    with django_assert_num_queries(9):
        names(browser, "1")
