"""The page of a collection and the overview; arranging by hand."""

import re
import uuid

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Token, User
from generations import models
from generations.library import collecting, curation
from generations.models import Collection, CollectionItem, Generation
from tests.cases import each
from tests.helpers import make_generation, make_result
from tests.library.collections.making import HTMX, cards, do, make_collection, make_done
from tests.library.opening import opened

pytestmark = pytest.mark.django_db


@pytest.mark.slow
@each("order", Collection.Order.values)
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


@each("place", ["x", "1_x", "_", "1", "9" * 50, "²_²"])
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
    assert "2+ results" in browser.get("/collections/").content.decode()


def test_the_overview_takes_as_many_queries_for_many_as_for_one(
    browser: Client, user: User, token: Token, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for n in range(12):
        make_collection(user, f"Foxes {n}", make_done(user, "a fox"))
    browser.get("/collections/")  # a session's first request in a while notes when it was used
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
        assert "Nothing here yet" in browser.get(f"{collection.get_absolute_url()}{page}").content.decode()
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
    assert "another collection with this name" in page.content.decode()
    assert browser.post(f"{owls.get_absolute_url()}settings/", {"name": "hers"}).status_code == 302


@each("name", ["", "  ", "x" * 81, "\x00"])
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
    do(browser, "remove", first, **place)
    assert cover() == "second"


@pytest.mark.slow
@each("order", Collection.Order.values)
def test_a_result_opened_in_a_collection_leads_through_it_in_its_order(browser: Client, user: User, order: str) -> None:
    rows = [make_generation(user, status="done", prompt=f"fox {n}") for n in range(7)]
    collection = make_collection(user, "Foxes", *rows[::2], *rows[1:4:2])
    make_collection(user, "All", *rows)
    Collection.objects.update(order=order)
    for n, item in enumerate(CollectionItem.objects.filter(collection=collection).order_by("pk")):
        CollectionItem.objects.filter(pk=item.pk).update(position=n // 2)
    collection.refresh_from_db()
    wall = [row.get_absolute_url() for row in collection.wall(user)]
    page = opened(browser, collection.get_absolute_url(), wall[0])
    for way, expected in (("next", wall[1:]), ("prev", wall[-2::-1])):
        led = []
        while found := re.search(rf'href="([^"]+)"[^>]* rel="{way}"', page.content.decode()):
            led.append(found[1].split("?")[0])
            page = browser.get(found[1])
        assert led == expected


def test_the_set_and_the_forms_of_a_result_stay_in_the_collection(browser: Client, user: User) -> None:
    row, other = make_done(user, "a fox"), make_done(user, "an owl")
    make_generation(user, prompt="not in it", status="done")
    make_result(row, number=1)
    collection = make_collection(user, "Foxes", other, row)
    inside = f"{row.get_absolute_url()}?in={collection.pk}"
    beside = f'href="{other.get_absolute_url()}?in={collection.pk}"'
    page = browser.get(inside).content.decode()
    assert f'href="?picture=1&amp;in={collection.pk}"' in page
    assert beside in page
    assert set(re.findall(r'name="next" value="([^"]+)"', page)) == {inside}


def test_a_collection_that_is_none_or_another_persons_leads_through_the_history(
    browser: Client, user: User, ana: User
) -> None:
    row, newer = make_done(user, "a fox"), make_done(user, "an owl")
    hers = make_collection(ana, "SECRET plans")
    CollectionItem.objects.create(collection=hers, generation=row, added_by=ana)
    empty = make_collection(user, "Foxes")
    for name in (hers.pk, empty.pk, uuid.uuid4(), "x", ""):
        page = browser.get(f"{row.get_absolute_url()}?in={name}").content.decode()
        assert f'href="{newer.get_absolute_url()}" data-key="ArrowLeft"' in page
        assert "SECRET" not in page


# By hand


def test_arranging_needs_no_mouse_and_begins_with_what_is_seen(browser: Client, user: User) -> None:
    a, b, c = (make_done(user, prompt) for prompt in "abc")
    collection = make_collection(user, "Letters", a, b, c)
    url = f"{collection.get_absolute_url()}arrange/"
    body = browser.post(url, {"move": f"later:{c.pk}"}, headers=HTMX).content.decode()
    assert "Now at position 2 of 3." in body
    assert re.findall(r'class="cut">(\w)<', body) == ["b", "c", "a"]
    for move, wanted in [
        (f"earlier:{a.pk}", "bac"),
        (f"first:{c.pk}", "cba"),
        (f"earlier:{c.pk}", "cba"),
        (f"later:{a.pk}", "cba"),
        (f"onto:{a.pk}&onto={c.pk}", "acb"),
        (f"onto:{a.pk}&onto={b.pk}", "cba"),
        (f"onto:{a.pk}&onto={uuid.uuid4()}", "cba"),
        (f"onto:{a.pk}&onto=nonsense", "cba"),
        (f"last:{c.pk}", "bac"),
        (f"first:{c.pk}", "cba"),
        ("nonsense", "cba"),
        (f"first:{uuid.uuid4()}", "cba"),
    ]:
        assert browser.post(url, QueryDict(f"move={move}").dict()).status_code == 302
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
    curation.show_to_team(ana, [b.pk], shown=False)
    collecting.arrange(user, collection.pk, c.pk, "earlier")
    assert cards(browser, collection.get_absolute_url()) == ["c", "a"]
    curation.show_to_team(ana, [b.pk], shown=True)
    assert set(cards(browser, collection.get_absolute_url())) == {"a", "b", "c"}
