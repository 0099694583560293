"""Moving, merging and deleting lose nothing."""

import pytest
from django.test import Client

from accounts.models import User
from generations.library import collecting
from generations.models import Collection
from tests.cases import each
from tests.library.collections.making import HTMX, cards, do, inside, make_collection, make_done

pytestmark = pytest.mark.django_db


def test_items_move_to_another_collection_and_are_gone_from_the_page(browser: Client, user: User) -> None:
    a, b = make_done(user, "a"), make_done(user, "b")
    source = make_collection(user, "Drafts", a, b)
    target = make_collection(user, "Final", a)
    body = browser.post(
        "/generations/selected/",
        {"do": "move", "selected": [a.pk, b.pk], "from": str(source.pk), "collection": "final"},
        headers=HTMX,
    ).content.decode()
    assert "2 moved to Final." in body
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


@each("into", ["", "nonsense", "itself", "another's"])
def test_merging_into_what_cannot_be_changes_nothing(browser: Client, user: User, ana: User, into: str) -> None:
    source = make_collection(user, "Drafts", make_done(user, "a"))
    known = {"itself": str(source.pk), "another's": str(make_collection(ana, "Hers").pk)}
    response = browser.post(f"{source.get_absolute_url()}merge/", {"into": known.get(into, into)})
    assert response.status_code == 422
    assert "Choose a different collection" in response.content.decode()
    assert inside(source) == {"a"}


def test_merging_into_a_team_collection_shows_ones_own_and_says_so_before(
    browser: Client, user: User, ana: User, anas: Client
) -> None:
    source = make_collection(user, "Drafts", make_done(user, "a"), make_done(user, "b"))
    target = make_collection(ana, "Hers", is_team=True)
    page = browser.get(f"{source.get_absolute_url()}settings/").content.decode()
    assert "the team will see 2 more finished results of yours" in page
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
    for verb in ["remove", "move", "cover"]:
        body = browser.post(
            "/generations/selected/",
            {"do": verb, "selected": row.pk, "from": str(collection.pk), "collection": "Other"},
            headers=HTMX,
        ).content.decode()
        assert "no longer exists" in body
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
    assert own.count("Remove from") == 2
    assert "Remove from" not in theirs
    assert "SECRET" not in theirs
