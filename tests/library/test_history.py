"""The history: what it finds, and that its address says so."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Token, User
from generations.library import collecting, curation
from generations.models import Generation
from tests.cases import each
from tests.helpers import make_generation, make_user

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def rows(user: User, token: Token) -> dict[str, Generation]:
    caches["local"].clear()
    now = timezone.now()
    made = {
        "fox": make_generation(user, prompt="A RED fox", status="done"),
        "owl": make_generation(user, prompt="an owl 100%", status="failed", model_id="midjourney", model_name="MJ"),
        "sea": make_generation(user, prompt="the sea", status="queued", media_type="video"),
        "old": make_generation(user, prompt="an old fox", status="cancelled", created_at=now - timedelta(days=10)),
        "another's": make_generation(make_user(), prompt="their fox", status="done"),
    }
    curation.star(user, made["fox"])
    return made


@each(
    ("query", "found"),
    [
        ({}, {"fox", "owl", "sea", "old"}),
        ({"q": "FOX"}, {"fox", "old"}),
        ({"q": "100%"}, {"owl"}),
        ({"q": "_"}, set()),
        ({"state": "done"}, {"fox"}),
        ({"state": "waiting"}, {"sea"}),
        ({"state": "trouble"}, {"owl"}),
        ({"kind": "video"}, {"sea"}),
        ({"model": "midjourney"}, {"owl"}),
        ({"starred": "on"}, {"fox"}),
        ({"since": f"{timezone.now() - timedelta(days=3):%Y-%m-%d}"}, {"fox", "owl", "sea"}),
        ({"until": f"{timezone.now() - timedelta(days=3):%Y-%m-%d}"}, {"old"}),
        ({"q": "fox", "state": "cancelled"}, {"old"}),
        ({"q": "their"}, set()),
    ],
)
def test_filters_find(browser: Client, rows: dict[str, Generation], query: dict[str, str], found: set[str]) -> None:
    body = browser.get("/generations/", query).content.decode()
    assert {name for name, row in rows.items() if f'id="generation-{row.pk}"' in body} == found


@each("words", ["", "fox"])
def test_what_one_deleted_is_found_by_star_and_collection_too(
    browser: Client, user: User, rows: dict[str, Generation], words: str
) -> None:
    theirs = rows["another's"]
    collection, _ = collecting.create(user, "Foxes")
    Generation.objects.filter(pk=theirs.pk).update(team_at=timezone.now())
    for row in (rows["fox"], rows["old"], theirs):
        curation.star(user, row)
        collecting.add(user, collection.pk, [row.pk])
    Generation.objects.filter(pk__in=[rows["old"].pk, theirs.pk]).update(deleted_at=timezone.now())
    for marked in ({"starred": "on"}, {"collection": str(collection.pk)}):
        body = browser.get("/generations/", {"q": words, "state": "deleted", **marked}).content.decode()
        assert {name for name, row in rows.items() if f'id="generation-{row.pk}"' in body} == {"old"}


@each(
    "query", [{"state": "nonsense"}, {"model": "gone"}, {"since": "soon"}, {"q": "x" * 5000}, {"until": "9999-12-31"}]
)
def test_a_filter_that_makes_no_sense_breaks_nothing(
    browser: Client, rows: dict[str, Generation], query: dict[str, Any]
) -> None:
    assert browser.get("/generations/", query).status_code == 200


@each("words", ["", "fox"])
def test_a_day_begins_where_the_studio_is(browser: Client, user: User, settings: Settings, words: str) -> None:
    row = make_generation(user, status="done", created_at=datetime(2026, 1, 2, 20, tzinfo=UTC))

    def is_found(**days: str) -> bool:
        response = browser.get("/generations/", {"q": words, **days})
        assert response.status_code == 200
        return str(row.pk) in response.content.decode()

    assert not is_found(since="2026-01-03")
    assert is_found(until="2026-01-02")
    settings.TIME_ZONE = "Asia/Shanghai"
    assert is_found(since="2026-01-03")
    assert not is_found(until="2026-01-02")
    for name in ("Asia/Shanghai", "America/Los_Angeles"):
        settings.TIME_ZONE = name
        assert is_found(since="0001-01-01", until="9999-12-31")
        assert is_found(until="9999-12-30")
        assert not is_found(until="0001-01-01")
        assert not is_found(since="9999-12-31")


def test_the_next_page_keeps_the_filters(browser: Client, user: User, token: Token) -> None:
    for number in range(30):
        make_generation(user, prompt=f"a fox & {number}", status="done")
        make_generation(user, prompt="no", status="done")
    body = browser.get("/generations/", {"q": "fox &"}).content.decode()
    address = re.search(r'href="(/generations/\?q=fox[^"]+)"', body)
    assert address
    following = browser.get(address[1].replace("&amp;", "&"), headers=HTMX).content.decode()
    assert following.count("<article") == 6


@pytest.mark.slow
@each(("pages", "shown"), [("2", 48), ("3", 60), ("0", 24), ("-1", 24), ("x", 24), ("²", 24), ("9" * 5000, 24)])
def test_a_list_shows_as_many_pages_as_its_address_says_and_goes_on_after_them(
    browser: Client, user: User, pages: str, shown: int
) -> None:
    rows = [make_generation(user, status="done", team_at=timezone.now()) for _ in range(60)]
    collection, _ = collecting.create(user, "Foxes")
    collecting.add(user, collection.pk, [row.pk for row in rows])
    for address in ["/", "/generations/", "/gallery/", collection.get_absolute_url()]:
        body = browser.get(address, {"pages": pages}).content.decode()
        assert body.count("<article") == shown
        assert ("Show older" in body) == (shown < 60)
    following = re.search(r'href="([^"]+)" hx-get', body)
    if following:
        rest = browser.get(following[1].replace("&amp;", "&"), headers=HTMX).content.decode()
        assert rest.count("<article") == min(24, 60 - shown)


def test_a_list_shows_no_more_pages_at_once_than_is_quick(browser: Client, user: User) -> None:
    today = timezone.localdate()
    Generation.objects.bulk_create(
        Generation(owner=user, prompt="a fox", body="{}", nonce=str(n), status="done", counted_on=today)
        for n in range(260)
    )
    assert browser.get("/generations/", {"pages": "999"}).content.count(b"<article") == 240


def test_nothing_found_says_how_to_go_on(browser: Client, rows: dict[str, Generation]) -> None:
    assert "Clear filters" in browser.get("/generations/", {"q": "zebra"}).content.decode()


def test_a_result_leads_to_its_neighbours_of_ones_own(browser: Client, rows: dict[str, Generation]) -> None:
    newest_first = Generation.objects.filter(owner=rows["fox"].owner).newest_first()
    newer, middle, older = list(newest_first)[:3]
    page = browser.get(middle.get_absolute_url()).content.decode()
    assert re.findall(r'href="([^"]+)" data-key="(Arrow\w+)"', page) == [
        (newer.get_absolute_url(), "ArrowLeft"),
        (older.get_absolute_url(), "ArrowRight"),
    ]
    assert "ArrowLeft" not in browser.get(newer.get_absolute_url()).content.decode()


def test_a_star_goes_on_and_off(browser: Client, user: User, rows: dict[str, Generation]) -> None:
    url = f"/generations/{rows['fox'].pk}/star/"
    for _ in range(2):  # said twice it is the same
        assert 'aria-pressed="false"' in browser.post(url, {"on": "0"}, headers=HTMX).content.decode()
    for _ in range(2):
        assert 'aria-pressed="true"' in browser.post(url, {"on": "1"}, headers=HTMX).content.decode()
    assert user.stars.get().generation == rows["fox"]
