"""Who sees what of a collection."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from generations.library import collecting, curation
from generations.models import Collection, Generation
from generations.studio import presets
from tests.helpers import make_generation
from tests.library.collections.making import cards, do, inside, make_collection, make_done

pytestmark = pytest.mark.django_db


def test_a_private_collection_does_not_exist_for_anybody_else(
    user: User, ana: User, anas: Client, settings: Any
) -> None:
    row = make_done(user, "a CANARY fox", team_at=timezone.now())
    collection = make_collection(user, "SECRET plans", row)
    preset = presets.save(user, "Ours", {"prompt": "x", "into": str(collection.pk)}, [], is_team=True)
    for page in [
        "/collections/",
        "/collections/names/",
        "/collections/options/",
        f"/collections/options/?collection={collection.pk}",
        f"/gallery/?collection={collection.pk}",
        f"/generations/?collection={collection.pk}",
        f"/?into={collection.pk}",
        f"/?preset={preset.pk}",
        row.get_absolute_url(),
    ]:
        response = anas.get(page)
        assert response.status_code == 200
        assert "SECRET" not in response.content.decode(), page
    for page in ["", "settings/", "arrange/", "delete/"]:
        assert anas.get(f"{collection.get_absolute_url()}{page}").status_code == 404
    for verb in ["remove", "move", "cover"]:
        do(anas, verb, row, **{"from": str(collection.pk), "collection": "Mine"})
    assert inside(collection) == {"a CANARY fox"}


def test_of_a_team_collection_others_see_what_the_team_may_see_and_nothing_else(
    browser: Client, user: User, anas: Client
) -> None:
    seen, hidden, deleted = (make_done(user, prompt) for prompt in ["seen", "HIDDEN one", "HIDDEN two"])
    collection = make_collection(user, "Ours", seen, hidden, deleted, is_team=True)
    url = collection.get_absolute_url()
    assert len(cards(anas, url)) == 3
    collecting.choose_cover(user, collection, hidden.pk)
    curation.show_to_team(user, [hidden.pk], shown=False)
    curation.delete(user, [deleted.pk])
    assert cards(anas, url) == ["seen"]
    assert cards(browser, url) == ["HIDDEN one", "seen"]
    overview = anas.get("/collections/").content.decode()
    assert f"1 result · by {user.username}" in overview
    assert f"/generations/{seen.pk}/results/0/thumbnail/" in overview
    assert str(hidden.pk) not in overview
    mine = browser.get("/collections/").content.decode()
    assert "2 results" in mine
    assert f"/generations/{hidden.pk}/results/0/thumbnail/" in mine


def test_only_the_owner_renames_switches_arranges_merges_and_deletes(user: User, ana: User, anas: Client) -> None:
    row = make_done(user, "a fox")
    collection = make_collection(user, "Ours", row, is_team=True)
    other = make_collection(ana, "Hers")
    url = collection.get_absolute_url()
    for path, data in [
        ("settings/", {"name": "Stolen"}),
        ("team/", {"shown": ""}),
        ("order/", {"order": "oldest"}),
        ("arrange/", {"move": f"first:{row.pk}"}),
        ("merge/", {"into": str(other.pk)}),
        ("delete/", {}),
    ]:
        assert anas.post(f"{url}{path}", data).status_code == 404, path
    do(anas, "cover", row, **{"from": str(collection.pk)})
    assert "settings/" not in anas.get(url).content.decode()
    collection.refresh_from_db()
    assert (collection.name, collection.is_team, collection.order, collection.cover) == ("Ours", True, "newest", None)
    assert inside(collection) == {"a fox"}


def test_what_a_member_adds_to_a_team_collection_the_team_sees_and_is_told_so_before(
    user: User, anas: Client, ana: User, browser: Client
) -> None:
    collection = make_collection(user, "Ours", is_team=True)
    assert "the team sees what is in it" in anas.get(collection.get_absolute_url()).content.decode()
    assert "Ours · " in anas.get("/collections/names/").content.decode()
    assert "visible to the team" in anas.get("/collections/names/").content.decode()
    hers, running = make_done(ana, "her owl"), make_generation(ana, status="running", prompt="her sea")
    private = make_done(user, "NOT hers")
    response = do(anas, "collect", hers, running, private, collection=f"ours · {user.username}")
    assert "The team sees what is in it." in anas.get(response["Location"]).content.decode()
    assert inside(collection) == {"her owl", "her sea"}
    assert cards(browser, collection.get_absolute_url()) == ["her owl"]
    assert cards(browser, "/gallery/") == ["her owl"]
    running.move(Generation.Status.DONE, expecting=Generation.Status.RUNNING)
    assert cards(browser, collection.get_absolute_url()) == ["her sea", "her owl"]
    private.refresh_from_db()
    assert private.team_at is None


def test_a_bare_name_is_ones_own_collection_so_nothing_is_shown_by_mistake(user: User, ana: User, anas: Client) -> None:
    ours = make_collection(user, "Ours", is_team=True)
    row = make_done(ana, "her owl")
    do(anas, "collect", row, collection="Ours")
    row.refresh_from_db()
    assert row.team_at is None
    assert inside(ours) == set()
    assert inside(Collection.objects.get(owner=ana)) == {"her owl"}


def test_an_item_is_taken_out_by_whose_it_is_or_by_the_collections_owner(
    user: User, browser: Client, ana: User, anas: Client
) -> None:
    his, hers, more = make_done(user, "his"), make_done(ana, "hers"), make_done(ana, "more")
    collection = make_collection(user, "Ours", his, is_team=True)
    collecting.add(ana, collection.pk, [hers.pk, more.pk])
    place = {"from": str(collection.pk), "next": collection.get_absolute_url()}
    response = do(anas, "remove", his, hers, **place)
    assert "Results that others added to their own collection stay" in anas.get(response["Location"]).content.decode()
    assert inside(collection) == {"his", "more"}
    do(browser, "remove", more, **place)
    assert inside(collection) == {"his"}
    assert Generation.objects.filter(team_at__isnull=False).count() == 3


def test_making_it_the_teams_says_before_how_much_the_team_will_see_and_does_just_that(
    user: User, browser: Client, anas: Client, ana: User
) -> None:
    rows = [make_done(user, f"mine {n}") for n in range(2)]
    shown = make_done(user, "shown", team_at=timezone.now())
    running = make_generation(user, status="running", prompt="running")
    failed = make_generation(user, status="failed", prompt="failed")
    elsewhere = make_done(user, "elsewhere")
    collection = make_collection(user, "Plans", *rows, shown, running, failed)
    page = browser.get(f"{collection.get_absolute_url()}settings/").content.decode()
    assert "reveals 2 finished results of yours that the team does not see now" in page
    assert "1 more in progress follows" in page
    for _click in range(2):
        browser.post(f"{collection.get_absolute_url()}team/", {"shown": "1"})
        assert set(cards(anas, collection.get_absolute_url())) == {"mine 0", "mine 1", "shown"}
    running.move(Generation.Status.DONE, expecting=Generation.Status.RUNNING)
    assert "running" in cards(anas, collection.get_absolute_url())
    elsewhere.refresh_from_db()
    assert elsewhere.team_at is None
    browser.post(f"{collection.get_absolute_url()}team/", {"shown": ""})
    assert anas.get(collection.get_absolute_url()).status_code == 404
    assert len(cards(anas, "/gallery/")) == 4
