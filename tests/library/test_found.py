"""Everything that a filter finds is counted and acted on at once, loaded or not, by its owner, and undone at once."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import Token, User
from generations.library import collecting, curation, found
from generations.models import Generation
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user
from tests.library.deeds import HTMX, unzipped

pytestmark = pytest.mark.django_db


@pytest.fixture
def foxes(user: User, token: Token) -> list[Generation]:
    """Thirty foxes, more than a page shows, beside an owl and a colleague's fox that the team sees."""
    make_generation(user, prompt="an owl", status="done", credits_used=100)
    make_generation(make_user(), prompt="their fox", status="done", credits_used=1000, team_at=timezone.now())
    return [make_generation(user, prompt=f"fox {n}", status="done", credits_used=2) for n in range(30)]


def counted(browser: Client, address: str) -> str:
    return strip_tags(browser.get("/generations/found/", {"next": address}, headers=HTMX).content.decode()).strip()


def do_all(browser: Client, verb: str, address: str, **more: Any) -> Any:
    data = {"do": verb, "all": "1", "next": address, **more}
    return browser.post("/generations/selected/", data, headers=HTMX)


def test_the_bar_says_how_many_and_what_was_charged(browser: Client, user: User, foxes: list[Generation]) -> None:
    make_generation(user, prompt="fox", status="failed", credits_used=50, credits_status="refunded")
    make_generation(user, prompt="fox", status="queued")
    assert counted(browser, "/generations/?q=fox") == "32 results · 60 credits charged"
    assert counted(browser, "/generations/?q=fox&pages=3&before=nonsense&day=2000-01-01").startswith("32 results")
    assert counted(browser, "/generations/?q=owl") == "1 result · 100 credits charged"
    assert counted(browser, "/gallery/") == "1 result"
    assert counted(browser, "/generations/?q=zebra") == ""


def test_what_is_not_loaded_is_starred_shown_collected_and_downloaded(
    browser: Client, user: User, foxes: list[Generation]
) -> None:
    make_result(foxes[0])
    do_all(browser, "star", "/generations/?q=fox")
    do_all(browser, "team", "/generations/?q=fox")
    do_all(browser, "collect", "/generations/?q=fox", collection="Foxes")
    assert {star.generation_id for star in user.stars.all()} == {row.pk for row in foxes}
    assert Generation.objects.owned_by(user).filter(team_at__isnull=False).count() == 30
    assert user.collections.get().generations.count() == 30
    assert len(unzipped(do_all(browser, "download", "/generations/?q=fox")).namelist()) == 2


def test_what_is_deleted_with_a_filter_comes_back_with_one_undo(
    browser: Client, user: User, foxes: list[Generation]
) -> None:
    before = make_generation(user, prompt="fox", status="done")
    curation.delete(user, [before.pk])
    loaded = [str(row.pk) for row in foxes[6:]]
    body = do_all(browser, "delete", "/generations/?q=fox", selected=loaded).content.decode()
    assert sorted(re.findall(r'<article id="generation-([^"]+)"', body)) == sorted(loaded)
    kept = Generation.objects.owned_by(user).kept()
    assert [*kept.values_list("prompt", flat=True)] == ["an owl"]
    assert Generation.objects.get(prompt="their fox").deleted_at is None
    assert "30 deleted." in body
    undo = re.search(r'name="deleted" value="([^"]+)"', body)
    assert undo
    stranger = Client()
    stranger.force_login(make_user())
    for client, left in [(stranger, 1), (browser, 31)]:
        response = client.post("/generations/selected/", {"do": "restore", "deleted": undo[1]}, headers=HTMX)
        assert response["HX-Refresh"] == "true"
        assert kept.count() == left
    before.refresh_from_db()
    assert before.deleted_at  # it was deleted by another click


@each("moment", ["", "nonsense", "2026-13-45", "2026-01-01T00:00", "9999-12-31T23:59:60Z", "2026-01-01T00:00:00Z"])
def test_nothing_was_deleted_at_another_moment(browser: Client, foxes: list[Generation], moment: str) -> None:
    curation.delete(foxes[0].owner, [foxes[0].pk])
    response = browser.post("/generations/selected/", {"do": "restore", "deleted": moment}, follow=True)
    assert "Nothing is selected" in response.content.decode()
    assert Generation.objects.filter(deleted_at__isnull=False).count() == 1


@each("verb", ["star", "team", "delete", "download", "collect"])
@each(
    "address",
    [
        "/generations/?model=gone",
        "/generations/?q=fox&collection=00000000-0000-0000-0000-000000000001",
        "/gallery/?author=77",
        "/generations/?since=soon",
        "/collections/00000000-0000-0000-0000-000000000001/",
        "/usage/",
        "nonsense",
        "",
    ],
)
def test_a_filter_that_is_not_valid_is_no_filter_to_act_on(
    browser: Client, foxes: list[Generation], address: str, verb: str
) -> None:
    rows = Generation.objects.order_by("pk").values()
    before = list(rows)
    assert "not valid any more" in counted(browser, address)
    assert "not valid any more" in do_all(browser, verb, address, collection="x").content.decode()
    assert list(rows) == before


def test_more_than_can_be_selected_at_once_is_refused_whole_and_in_words(
    browser: Client, foxes: list[Generation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found, "MOST", 29)
    for said in [
        counted(browser, "/generations/?q=fox"),
        do_all(browser, "delete", "/generations/?q=fox").content.decode(),
    ]:
        assert "more than 29 results" in said
    assert not Generation.objects.filter(deleted_at__isnull=False).exists()
    monkeypatch.setattr(found, "MOST", 30)
    assert counted(browser, "/generations/?q=fox").startswith("30 results")


def test_an_action_is_done_whole_or_not_at_all(
    browser: Client, user: User, foxes: list[Generation], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_args: Any, **_options: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("generations.library.selection.undo_deletion", breaks)
    with pytest.raises(RuntimeError):
        do_all(browser, "delete", "/generations/?q=fox")
    assert not Generation.objects.filter(deleted_at__isnull=False).exists()


def test_a_collection_and_the_trash_are_taken_whole_too(browser: Client, user: User, foxes: list[Generation]) -> None:
    place, _ = collecting.create(user, "Foxes")
    collecting.add(user, place.pk, [row.pk for row in foxes])
    assert counted(browser, place.get_absolute_url()) == "30 results · 60 credits charged"
    do_all(browser, "remove", place.get_absolute_url(), **{"from": place.pk})
    assert not place.generations.exists()
    do_all(browser, "delete", "/generations/?q=fox")
    assert counted(browser, "/generations/?state=deleted") == "30 results · 60 credits charged"
    do_all(browser, "restore", "/generations/?state=deleted")
    assert not Generation.objects.filter(deleted_at__isnull=False).exists()


def test_a_link_of_everything_shows_no_more_than_a_link_can(
    browser: Client, foxes: list[Generation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generations.library.selection.MOST", 29)
    assert "at most 29 results" in do_all(browser, "share", "/generations/?q=fox").content.decode()
