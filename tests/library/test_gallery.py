"""The team's gallery: what members show to each other, and nothing else."""

import re
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Token, User
from generations.library import curation, tick
from generations.models import Generation
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    caches["local"].clear()


@pytest.fixture
def ana(db: None) -> User:
    return make_user("ana")


@pytest.fixture
def rows(user: User, ana: User) -> dict[str, Generation]:
    """What two people made, most of it shown to the team."""
    now = timezone.now()
    made = {
        "fox": make_generation(ana, prompt="a red FOX", status="done", team_at=now),
        "sea": make_generation(ana, prompt="the sea", status="done", team_at=now, media_type="video"),
        "own": make_generation(user, prompt="my fox", status="done", team_at=now, model_id="mj", model_name="MJ"),
        "old": make_generation(
            ana, prompt="an old fox", status="done", team_at=now, created_at=now - timedelta(days=10)
        ),
        "private": make_generation(ana, prompt="HIDDEN fox", status="done"),
        "deleted": make_generation(ana, prompt="HIDDEN too", status="done", team_at=now, deleted_at=now),
        "running": make_generation(ana, prompt="HIDDEN yet", status="running", team_at=now),
        "own private": make_generation(user, prompt="my own fox", status="done"),
    }
    curation.star(user, made["sea"])
    curation.star(ana, made["fox"])
    return made


def found(client: Client, rows: dict[str, Generation], query: dict[str, str] | None = None) -> set[str]:
    body = client.get("/gallery/", query or {}).content.decode()
    assert "HIDDEN" not in body
    return {name for name, row in rows.items() if f'id="generation-{row.pk}"' in body}


@each(
    ("query", "names"),
    [
        ({}, {"fox", "sea", "own", "old"}),
        ({"q": "fox"}, {"fox", "own", "old"}),
        ({"kind": "video"}, {"sea"}),
        ({"model": "mj"}, {"own"}),
        ({"starred": "on"}, {"sea"}),
        ({"since": f"{timezone.now() - timedelta(days=3):%Y-%m-%d}"}, {"fox", "sea", "own"}),
        ({"until": f"{timezone.now() - timedelta(days=3):%Y-%m-%d}"}, {"old"}),
        ({"q": "fox", "state": "deleted"}, {"fox", "own", "old"}),
        ({"author": "nonsense"}, {"fox", "sea", "own", "old"}),
    ],
)
def test_filters_find_what_the_team_shows_and_nothing_private(
    browser: Client, rows: dict[str, Generation], query: dict[str, str], names: set[str]
) -> None:
    assert found(browser, rows, query) == names


def test_the_author_is_a_filter_and_stands_on_the_card(browser: Client, ana: User, rows: dict[str, Generation]) -> None:
    make_user("silent")
    assert found(browser, rows, {"author": str(ana.pk)}) == {"fox", "sea", "old"}
    body = browser.get("/gallery/").content.decode()
    assert f'name="author" id="find-author-{ana.pk}" value="{ana.pk}"' in body
    assert "silent" not in body
    assert "by ana" in body
    assert "Z Image Turbo" in body


def test_the_history_is_ones_own_alone(browser: Client, rows: dict[str, Generation]) -> None:
    body = browser.get("/generations/").content.decode()
    assert {name for name, row in rows.items() if f'id="generation-{row.pk}"' in body} == {"own", "own private"}


def test_everybody_has_their_own_star_and_the_card_counts_them(
    browser: Client, ana: User, rows: dict[str, Generation]
) -> None:
    fox = rows["fox"]
    theirs = Client()
    theirs.force_login(ana)

    def card(client: Client) -> str:
        found = re.search(
            rf'id="generation-{fox.pk}".*?</article>', client.get("/gallery/").content.decode(), re.DOTALL
        )
        assert found
        return found[0]

    assert 'aria-pressed="false"' in card(browser)
    assert '1<span class="sr-only"> star' in card(browser)
    assert 'aria-pressed="true"' in card(theirs)
    answer = browser.post(f"/generations/{fox.pk}/star/", headers=HTMX).content.decode()
    for body in [answer, card(browser), card(theirs)]:
        assert '2<span class="sr-only"> stars' in body
        assert 'aria-pressed="true"' in body


def test_a_private_card_tells_nothing_of_stars(browser: Client, rows: dict[str, Generation]) -> None:
    curation.star(rows["own private"].owner, rows["own private"])
    assert ' class="stars' not in browser.get("/generations/", {"q": "my own fox"}).content.decode()


def test_what_was_shown_before_it_was_done_is_seen_only_when_it_is(
    browser: Client, rows: dict[str, Generation]
) -> None:
    row = rows["running"]
    assert browser.get(row.get_absolute_url()).status_code == 404
    assert str(row.pk) not in browser.post("/generations/live/", {"live": f"{row.pk}:0"}).content.decode()
    assert not tick.any_changed(browser.session["_auth_user_id"], {str(row.pk): "0"})
    row.move(Generation.Status.DONE, expecting=Generation.Status.RUNNING)
    assert browser.get(row.get_absolute_url()).status_code == 200
    assert tick.any_changed(browser.session["_auth_user_id"], {str(row.pk): "0"})


def test_others_work_is_remixed_with_all_its_settings(browser: Client, rows: dict[str, Generation]) -> None:
    assert f"/?from={rows['fox'].pk}" in browser.get("/gallery/").content.decode()
    assert "a red FOX" in browser.get(f"/?from={rows['fox'].pk}").content.decode()
    assert "HIDDEN" not in browser.get(f"/?from={rows['private'].pk}").content.decode()


def test_the_gallery_goes_on_page_by_page_without_gaps_or_doubles(browser: Client, ana: User) -> None:
    now = timezone.now()
    for number in range(60):
        # Three share each moment, so that the id has to decide too.
        make_generation(ana, status="done", team_at=now, created_at=now - timedelta(seconds=number // 3))
    seen: list[str] = []
    url = f"/gallery/?author={ana.pk}"
    while url:
        body = browser.get(url).content.decode()
        seen += re.findall(r'id="generation-([\w-]+)"', body)
        following = re.search(r'href="(/gallery/\?author=\d+&amp;before=[^"]+)"', body)
        url = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 60


def test_a_warm_page_of_the_gallery_takes_three_queries(
    browser: Client, token: Token, ana: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        make_result(make_generation(ana, status="done", team_at=timezone.now()))
    cold = browser.get("/gallery/").content
    with django_assert_num_queries(3):  # the session, the person with their token, the rows
        warm = browser.get("/gallery/").content
    assert warm.count(b"<article") == cold.count(b"<article") == 24


def test_a_member_with_a_new_name_has_it_on_their_cards_at_once(browser: Client, ana: User) -> None:
    make_generation(ana, status="done", team_at=timezone.now())
    assert "by ana<" in browser.get("/gallery/").content.decode()
    ana.username = "Anna · 安娜"
    ana.save()
    assert "by Anna · 安娜<" in browser.get("/gallery/").content.decode()


def test_an_empty_gallery_says_how_to_fill_it(browser: Client) -> None:
    assert "show them to the team" in browser.get("/gallery/").content.decode()


def test_nothing_found_leads_back_to_the_whole_gallery(browser: Client, rows: dict[str, Generation]) -> None:
    body = browser.get("/gallery/", {"q": "zebra"}).content.decode()
    assert '<a href="/gallery/">Clear filters</a>' in body


def test_in_the_gallery_nothing_of_others_can_be_taken_back_or_deleted(
    browser: Client, rows: dict[str, Generation]
) -> None:
    body = browser.get("/gallery/").content.decode()
    assert 'value="star"' in body
    assert 'value="delete"' not in body
    assert 'value="private"' not in body
