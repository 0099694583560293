"""Collections: private or the team's, chosen before generating, arranged, moved, merged, deleted without loss."""

import re
import threading
import uuid
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Token, User
from generations import actions, collecting, library, models, presets
from generations.dispatch import catalogue
from generations.forms import GenerateForm
from generations.models import Collection, CollectionItem, Generation
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation, make_result, make_user

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def ana(db: None) -> User:
    return make_user("ana")


@pytest.fixture
def anas(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client


def make_collection(owner: User, name: str = "SECRET plans", *rows: Generation, is_team: bool = False) -> Collection:
    collection, _ = collecting.create(owner, name, is_team=is_team)
    for row in rows:
        collecting.add(owner, collection.pk, [row.pk])
    return collection


def make_done(owner: User, prompt: str, **overrides: Any) -> Generation:
    row = make_generation(owner, prompt=prompt, status="done", **overrides)
    make_result(row)
    return row


def do(client: Client, verb: str, *rows: Generation, **more: Any) -> Any:
    return client.post("/generations/selected/", {"do": verb, "selected": [row.pk for row in rows], **more})


def cards(client: Client, url: str) -> list[str]:
    """The prompts of a page's cards, in their order."""
    return re.findall(r'class="card-prompt" href="[^"]+">([^<]+)<', client.get(url).content.decode())


def inside(collection: Collection) -> set[str]:
    return set(collection.generations.values_list("prompt", flat=True))


# Who sees what


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
    for verb in ["take_out", "move", "cover"]:
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
    library.show_to_team(user, [hidden.pk], shown=False)
    library.delete(user, [deleted.pk])
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
    assert "the team sees what is in it" in anas.get("/collections/names/").content.decode()
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
    response = do(anas, "take_out", his, hers, **place)
    assert "What others put into their collection stays" in anas.get(response["Location"]).content.decode()
    assert inside(collection) == {"his", "more"}
    do(browser, "take_out", more, **place)
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
    assert "sees 2 finished results of yours that it does not see now" in page
    assert "1 that is under way follows" in page
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


# The page of one


@pytest.mark.parametrize("order", Collection.Order.values)
def test_a_collection_goes_on_page_by_page_in_its_order(browser: Client, user: User, order: str) -> None:
    rows = [make_generation(user, status="done", prompt=f"fox {n}") for n in range(60)]
    collection = make_collection(user, "Foxes", *rows)
    Collection.objects.update(order=order)
    for n, item in enumerate(CollectionItem.objects.order_by("pk")):
        CollectionItem.objects.filter(pk=item.pk).update(position=n // 3)
    seen: list[str] = []
    url = collection.get_absolute_url()
    while url:
        body = browser.get(url).content.decode()
        seen += re.findall(r'class="card-prompt" href="[^"]+">fox (\d+)<', body)
        following = re.search(r'href="(/collections/[^"]+\?after=[^"]+)"', body)
        url = following[1] if following else ""
    wanted = {
        "newest": list(range(59, -1, -1)),
        "oldest": list(range(60)),
        "hand": [third * 3 + rest for third in range(20) for rest in (2, 1, 0)],
    }
    assert seen == [str(n) for n in wanted[order]]


@pytest.mark.parametrize("place", ["x", "1_x", "_", "1", "9" * 50, "²_²"])
def test_a_nonsense_place_shows_the_beginning(browser: Client, user: User, place: str) -> None:
    collection = make_collection(user, "Foxes", make_done(user, "a fox"))
    assert cards(browser, f"{collection.get_absolute_url()}?after={place}") == ["a fox"]


def test_a_warm_page_of_a_collection_takes_few_queries(
    browser: Client, user: User, token: Token, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    collection = make_collection(user, "Foxes", *[make_done(user, "a fox") for _ in range(30)])
    cold = browser.get(collection.get_absolute_url()).content
    with django_assert_num_queries(5):  # the session, the person, the collection, the rows, the place of the last
        warm = browser.get(collection.get_absolute_url()).content
    assert warm.count(b"<article") == cold.count(b"<article") == 24


def test_the_overview_stops_counting_at_many_and_says_so(
    browser: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models.collection, "MANY", 2)
    make_collection(user, "Mine", *(make_done(user, prompt) for prompt in ["one", "two", "three"]))
    assert "2 results or more" in browser.get("/collections/").content.decode()


def test_the_overview_takes_as_many_queries_for_many_as_for_one(
    browser: Client, user: User, token: Token, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(12):
        make_collection(user, f"Foxes {n}", make_done(user, "a fox"))
    with django_assert_num_queries(4):
        browser.get("/collections/")


def test_a_large_collection_is_found_and_counted_as_a_small_one(
    browser: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generations.models.collection.MANY", 2)
    foxes = make_collection(user, "Foxes", *[make_done(user, f"fox {n}") for n in range(4)])
    owls = make_collection(user, "Owls", *[make_done(user, f"owl {n}") for n in range(2)])
    assert cards(browser, f"/generations/?collection={foxes.pk}") == ["fox 3", "fox 2", "fox 1", "fox 0"]
    assert cards(browser, f"/generations/?collection={owls.pk}") == ["owl 1", "owl 0"]
    assert {row.name: row.count for row in Collection.objects.with_face(user)} == {"Foxes": 2, "Owls": 2}


def test_empty_pages_say_what_to_do(browser: Client, user: User) -> None:
    assert "No collections yet" in browser.get("/collections/").content.decode()
    collection = make_collection(user, "Foxes")
    for page in ["", "arrange/"]:
        assert "Nothing in it yet" in browser.get(f"{collection.get_absolute_url()}{page}").content.decode()
    assert "There is no other collection" in browser.get(f"{collection.get_absolute_url()}settings/").content.decode()


def test_one_is_made_and_renamed(browser: Client, user: User) -> None:
    response = browser.post("/collections/", {"name": "  Red   foxes ", "is_team": "on"})
    collection = Collection.objects.get()
    assert response["Location"] == collection.get_absolute_url()
    assert (collection.name, collection.is_team) == ("Red foxes", True)
    browser.post(f"{collection.get_absolute_url()}settings/", {"name": "Blue foxes"})
    collection.refresh_from_db()
    assert (collection.name, collection.is_team) == ("Blue foxes", True)


def test_a_name_is_taken_once(browser: Client, user: User, ana: User) -> None:
    foxes, owls = make_collection(user, "Foxes"), make_collection(user, "Owls")
    make_collection(ana, "Hers")
    assert browser.post("/collections/", {"name": "FOXES"})["Location"] == foxes.get_absolute_url()
    page = browser.post(f"{owls.get_absolute_url()}settings/", {"name": "foxes"})
    assert page.status_code == 422
    assert "another collection of this name" in page.content.decode()
    assert browser.post(f"{owls.get_absolute_url()}settings/", {"name": "hers"}).status_code == 302


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "\x00"])
def test_a_name_that_is_none_is_told_so(browser: Client, user: User, name: str) -> None:
    collection = make_collection(user, "Foxes")
    for url in ["/collections/", f"{collection.get_absolute_url()}settings/"]:
        response = browser.post(url, {"name": name})
        assert response.status_code == 422
        assert 'class="errorlist"' in response.content.decode()
    assert Collection.objects.get().name == "Foxes"


def test_the_cover_is_the_owners_choice_as_long_as_it_is_in_it(browser: Client, user: User) -> None:
    first, second, third = (make_done(user, prompt) for prompt in ["first", "second", "third"])
    collection = make_collection(user, "Foxes", first, second)

    def cover() -> str:
        found = re.search(r'<img src="/generations/([\w-]+)/results', browser.get("/collections/").content.decode())
        return Generation.objects.get(pk=found[1]).prompt if found else ""

    place = {"from": str(collection.pk)}
    assert cover() == "second"
    do(browser, "cover", first, **place)
    assert cover() == "first"
    do(browser, "cover", third, **place)
    do(browser, "cover", first, second, **place)
    assert cover() == "first"
    do(browser, "take_out", first, **place)
    assert cover() == "second"


# By hand


def test_arranging_needs_no_mouse_and_begins_with_what_is_seen(browser: Client, user: User) -> None:
    a, b, c = (make_done(user, prompt) for prompt in "abc")
    collection = make_collection(user, "Letters", a, b, c)
    url = f"{collection.get_absolute_url()}arrange/"
    body = browser.post(url, {"move": f"later:{c.pk}"}, headers=HTMX).content.decode()
    assert "Now at place 2 of 3." in body
    assert re.findall(r'class="cut">(\w)<', body) == ["b", "c", "a"]
    for move, wanted in [
        (f"earlier:{a.pk}", "bac"),
        (f"first:{c.pk}", "cba"),
        (f"earlier:{c.pk}", "cba"),
        (f"later:{a.pk}", "cba"),
        ("nonsense", "cba"),
        (f"first:{uuid.uuid4()}", "cba"),
    ]:
        assert browser.post(url, {"move": move}).status_code == 302
        assert "".join(cards(browser, collection.get_absolute_url())) == wanted
    d = make_done(user, "d")
    collecting.add(user, collection.pk, [d.pk])  # what is new comes first
    assert "".join(cards(browser, collection.get_absolute_url())) == "dcba"
    browser.post(f"{collection.get_absolute_url()}order/", {"order": "oldest"})
    assert "".join(cards(browser, collection.get_absolute_url())) == "abcd"
    browser.post(f"{collection.get_absolute_url()}order/", {"order": "nonsense"})
    browser.post(f"{collection.get_absolute_url()}order/", {"order": "hand"})
    assert "".join(cards(browser, collection.get_absolute_url())) == "dcba"


def test_what_is_unseen_keeps_its_place_between_the_others(user: User, ana: User, browser: Client) -> None:
    a, c = make_done(user, "a"), make_done(user, "c")
    b = make_done(ana, "b", team_at=timezone.now())
    collection = make_collection(user, "Letters", c, b, a)
    library.show_to_team(ana, [b.pk], shown=False)
    collecting.arrange(user, collection.pk, c.pk, "earlier")
    assert cards(browser, collection.get_absolute_url()) == ["c", "a"]
    library.show_to_team(ana, [b.pk], shown=True)
    assert set(cards(browser, collection.get_absolute_url())) == {"a", "b", "c"}


# Moving, merging, deleting


def test_items_move_to_another_collection_and_are_gone_from_the_page(browser: Client, user: User) -> None:
    a, b = make_done(user, "a"), make_done(user, "b")
    source = make_collection(user, "Drafts", a, b)
    target = make_collection(user, "Final", a)
    body = browser.post(
        "/generations/selected/",
        {"do": "move", "selected": [a.pk, b.pk], "from": str(source.pk), "collection": "final"},
        headers=HTMX,
    ).content.decode()
    assert "2 are in Final now." in body
    assert body.count('hx-swap-oob="delete"') == 2
    assert (inside(source), inside(target)) == (set(), {"a", "b"})


def test_moving_to_where_it_is_loses_nothing(browser: Client, user: User) -> None:
    a = make_done(user, "a")
    source = make_collection(user, "Drafts", a)
    do(browser, "move", a, **{"from": str(source.pk), "collection": "Drafts"})
    assert inside(source) == {"a"}


def test_merging_keeps_everything_once_and_a_second_click_is_no_error(browser: Client, user: User, ana: User) -> None:
    a, b, c = (make_done(user, prompt) for prompt in "abc")
    source, target = make_collection(user, "Drafts", a, b), make_collection(user, "Final", b, c)
    first, second = (
        browser.post(f"{source.get_absolute_url()}merge/", {"into": str(target.pk)}) for _click in range(2)
    )
    assert first["Location"] == target.get_absolute_url()
    assert second["Location"] == "/collections/"
    assert sorted(cards(browser, target.get_absolute_url())) == ["a", "b", "c"]
    assert list(Collection.objects.filter(owner=user)) == [target]


@pytest.mark.parametrize("into", ["", "nonsense", "itself", "another's"])
def test_merging_into_what_cannot_be_changes_nothing(browser: Client, user: User, ana: User, into: str) -> None:
    source = make_collection(user, "Drafts", make_done(user, "a"))
    known = {"itself": str(source.pk), "another's": str(make_collection(ana, "Hers").pk)}
    response = browser.post(f"{source.get_absolute_url()}merge/", {"into": known.get(into, into)})
    assert "Choose another collection" in browser.get(response["Location"]).content.decode()
    assert inside(source) == {"a"}


def test_merging_into_a_team_collection_shows_ones_own_and_says_so_before(
    browser: Client, user: User, ana: User, anas: Client
) -> None:
    source = make_collection(user, "Drafts", make_done(user, "a"), make_done(user, "b"))
    target = make_collection(ana, "Hers", is_team=True)
    page = browser.get(f"{source.get_absolute_url()}settings/").content.decode()
    assert "the team then sees 2 finished results of yours more" in page
    assert f'<option value="{target.pk}">Hers · ana (Team)</option>' in page
    browser.post(f"{source.get_absolute_url()}merge/", {"into": str(target.pk)})
    assert sorted(cards(anas, target.get_absolute_url())) == ["a", "b"]


def test_deleting_asks_first_keeps_what_is_in_it_and_may_be_clicked_twice(browser: Client, user: User) -> None:
    collection = make_collection(user, "Foxes", make_done(user, "a fox"))
    url = f"{collection.get_absolute_url()}delete/"
    assert "Delete “Foxes”?" in browser.get(url).content.decode()
    assert Collection.objects.exists()
    for _click in range(2):
        assert browser.post(url)["Location"] == "/collections/"
    assert not Collection.objects.exists()
    assert cards(browser, "/generations/") == ["a fox"]
    assert browser.get(url).status_code == 404


def test_a_page_that_is_open_while_its_collection_is_deleted_says_so(browser: Client, user: User) -> None:
    row = make_done(user, "a fox")
    collection = make_collection(user, "Foxes", row)
    collecting.delete(user, collection.pk)
    for verb in ["take_out", "move", "cover"]:
        body = browser.post(
            "/generations/selected/",
            {"do": verb, "selected": row.pk, "from": str(collection.pk), "collection": "Other"},
            headers=HTMX,
        ).content.decode()
        assert "not there any more" in body
    assert not Collection.objects.exists()


def test_the_result_page_leads_to_its_collections_and_out_of_them(
    browser: Client, user: User, ana: User, anas: Client
) -> None:
    row = make_done(user, "a fox")
    collection = make_collection(user, "Ours", row, is_team=True)
    make_collection(user, "SECRET plans", row)
    own, theirs = (
        browser.get(row.get_absolute_url()).content.decode(),
        anas.get(row.get_absolute_url()).content.decode(),
    )
    assert collection.get_absolute_url() in own
    assert collection.get_absolute_url() in theirs
    assert own.count("Take out of") == 2
    assert "Take out of" not in theirs
    assert "SECRET" not in theirs


# Chosen before generating


@pytest.fixture
def foxes(user: User) -> Collection:
    return make_collection(user, "Foxes")


def test_results_land_in_the_collection_chosen_before_and_it_is_remembered(
    sandbox: FastSandbox, browser: Client, token: Token, foxes: Collection
) -> None:
    assert f'<option value="{foxes.pk}">Foxes</option>' in browser.get("/").content.decode()
    browser.post("/generations/", form_data(into=str(foxes.pk), count="3"))
    assert foxes.generations.count() == 3
    assert f'<option value="{foxes.pk}" selected>' in browser.get("/").content.decode()
    browser.post("/generations/", form_data(into=""))
    assert foxes.generations.count() == 3
    assert f'<option value="{foxes.pk}">' in browser.get("/").content.decode()
    assert f'<option value="{foxes.pk}" selected>' in browser.get(f"/?into={foxes.pk}").content.decode()


def test_what_is_refused_is_in_it_too(sandbox: FastSandbox, browser: Client, token: Token, foxes: Collection) -> None:
    browser.post("/generations/", form_data(into=str(foxes.pk), prompt="a fox sandbox:402"))
    assert foxes.generations.get().status == "rejected"


def test_a_click_into_a_team_collection_is_shown_when_it_is_done(
    sandbox: FastSandbox, browser: Client, token: Token, ana: User, anas: Client
) -> None:
    ours = make_collection(ana, "Ours", is_team=True)
    page = browser.get("/").content.decode()
    assert '<optgroup label="The team sees what is in these">' in page
    assert "Ours · ana" in page
    browser.post("/generations/", form_data(into=str(ours.pk)))
    row = Generation.objects.get()
    assert cards(anas, ours.get_absolute_url()) == []
    assert anas.get(row.get_absolute_url()).status_code == 404
    row.move(Generation.Status.DONE, expecting=Generation.Status(row.status))
    assert cards(anas, ours.get_absolute_url()) == ["a red fox"]


@pytest.mark.parametrize("way", ["take_out", "move", "private", "delete", "merge"])
def test_what_leaves_the_team_before_it_is_done_is_not_shown_when_it_is(
    browser: Client, user: User, ana: User, anas: Client, way: str
) -> None:
    leaving, staying, hers = (make_generation(user, status="running", prompt=words) for words in ("a", "b", "c"))
    Generation.objects.filter(pk=hers.pk).update(owner=ana)
    done = make_done(user, "d")
    ours = make_collection(user, "Ours", leaving, staying, done, is_team=True)
    collecting.add(ana, ours.pk, [hers.pk])
    make_collection(ana, "Hers", is_team=True).add(user, [staying])
    other = make_collection(user, "Other")
    page = browser.get(leaving.get_absolute_url()).content.decode()
    assert "You, and the team as soon as it is done." in page
    assert "Take back from the team" in page
    rows, address = [leaving, staying, done, hers], ours.get_absolute_url()
    if way == "take_out":
        do(browser, "take_out", *rows, **{"from": str(ours.pk)})
    elif way == "move":
        do(browser, "move", *rows, **{"from": str(ours.pk), "collection": "Other"})
    else:
        data = {"private": {"shown": ""}, "delete": {}, "merge": {"into": str(other.pk)}}[way]
        browser.post(f"{address}{'team' if way == 'private' else way}/", data)
    Generation.objects.update(status="done")
    assert cards(anas, "/gallery/") == ["d", "c", "b"]
    assert "Only you." in browser.get(leaving.get_absolute_url()).content.decode()


def test_a_running_one_is_taken_back_on_its_page(browser: Client, user: User, anas: Client) -> None:
    row = make_generation(user, status="running")
    make_collection(user, "Ours", row, is_team=True)
    browser.post(f"{row.get_absolute_url()}team/", {"shown": "0"})
    assert "Who sees it" not in browser.get(row.get_absolute_url()).content.decode()
    Generation.objects.update(status="done")
    assert cards(anas, "/gallery/") == []


@pytest.mark.parametrize("into", ["deleted", "another's", "nonsense"])
def test_a_collection_that_is_not_there_costs_no_click(
    sandbox: FastSandbox, browser: Client, user: User, token: Token, ana: User, foxes: Collection, into: str
) -> None:
    known = {"deleted": str(foxes.pk), "another's": str(make_collection(ana, "Hers").pk)}
    collecting.delete(user, foxes.pk)
    left = make_collection(user, "Left")
    body = browser.post("/generations/", form_data(into=known.get(into, into)), headers=HTMX).content.decode()
    assert Generation.objects.count() == 1
    assert not CollectionItem.objects.exists()
    if into != "nonsense":
        assert "The collection you chose is not there any more" in body
        assert re.search(r'<div id="into" class="field" hx-swap-oob="true">', body)
        assert f'<option value="{left.pk}">' in body


def test_a_click_sent_twice_is_in_it_once(
    sandbox: FastSandbox, browser: Client, token: Token, foxes: Collection
) -> None:
    data = form_data(into=str(foxes.pk))
    for _click in range(2):
        browser.post("/generations/", data)
    assert foxes.generations.count() == Generation.objects.count() == 1


def test_a_click_that_is_not_written_leaves_nothing_in_the_collection(
    sandbox: FastSandbox, user: User, token: Token, foxes: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = GenerateForm(catalogue.offer(), data=form_data(into=str(foxes.pk)))
    assert form.is_valid()
    monkeypatch.setattr("generations.dispatch.wake.sweep", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        actions.ask(user, token, form)
    assert not Generation.objects.exists()
    assert not CollectionItem.objects.exists()


def test_a_preset_brings_its_collection_back(
    sandbox: FastSandbox, browser: Client, token: Token, foxes: Collection, user: User
) -> None:
    browser.post("/presets/", {**form_data(into=str(foxes.pk)), "preset_name": "Portraits"})
    other = make_collection(user, "Other")
    browser.post("/generations/", form_data(into=str(other.pk)))
    body = browser.get("/").content.decode()
    assert f'<option value="{other.pk}" selected>' in body
    preset = user.presets.get()
    assert f'<option value="{foxes.pk}" selected>' in browser.get(f"/?preset={preset.pk}").content.decode()


# At the same time


def at_once(*works: Callable[[], Any]) -> None:
    """Runs these in threads of their own that start together."""
    barrier = threading.Barrier(len(works))
    problems: list[Exception] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            work()
        except Exception as problem:  # noqa: BLE001
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_who_put_what_into_it_is_known_of_the_oldest_too(user: User, ana: User) -> None:
    collection = Collection.objects.create(owner=ana, name="Old", is_team=True)
    row = make_generation(user, status="done")
    CollectionItem.objects.create(collection=collection, generation=row)
    migration = import_module("generations.migrations.0016_who_put_it_there")
    migration.name_the_makers(apps, None)
    assert CollectionItem.objects.get().added_by == user


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_two_clicks_make_one_collection_with_everything_once(self, user: User) -> None:
        rows = [make_generation(user, status="done") for _ in range(5)]
        ids = [row.pk for row in rows]

        def click() -> None:
            collecting.add(user, collecting.create(user, "Foxes")[0].pk, ids)

        at_once(*[click] * 4)
        assert Collection.objects.get().generations.count() == 5

    def test_what_is_added_while_it_becomes_the_teams_is_shown(self, user: User) -> None:
        collection = make_collection(user, "Foxes")
        rows = [make_generation(user, status="done") for _ in range(6)]
        adds = [lambda pk=row.pk: collecting.add(user, collection.pk, [pk]) for row in rows]
        at_once(*adds, lambda: collecting.show(user, collection.pk, shown=True))
        assert collection.generations.filter(team_at__isnull=False).count() == 6

    def test_no_click_is_lost_to_a_collection_that_is_deleted_meanwhile(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        foxes = make_collection(user, "Foxes")
        offer = catalogue.offer()

        def click() -> None:
            form = GenerateForm(offer, data=form_data(into=str(foxes.pk)))
            assert form.is_valid()
            actions.ask(user, token, form)

        at_once(*[click] * 4, lambda: collecting.delete(user, foxes.pk))
        assert Generation.objects.count() == 4
        assert not CollectionItem.objects.exists()

    def test_adding_merging_and_deleting_together_break_nothing(self, user: User) -> None:
        a, b, c = (make_collection(user, name) for name in "abc")
        rows = [make_generation(user, status="done") for _ in range(4)]
        for row in rows:
            collecting.add(user, a.pk, [row.pk])
        at_once(
            lambda: collecting.merge(user, a.pk, b.pk),
            lambda: collecting.merge(user, a.pk, b.pk),
            lambda: collecting.add(user, a.pk, [row.pk for row in rows]),
            lambda: collecting.move(user, a, c.pk, [rows[0].pk]),
            lambda: collecting.delete(user, c.pk),
        )
        assert set(Collection.objects.values_list("name", flat=True)) == {"b"}
        assert Generation.objects.count() == 4
        assert b.generations.filter(pk__in=[row.pk for row in rows[1:]]).count() == 3
