"""A collection chosen before generating."""

import re

import pytest
from django.test import Client

from accounts.models import Token, User
from generations.dispatch import catalogue
from generations.library import collecting
from generations.models import Collection, CollectionItem, Generation
from generations.studio import submission
from generations.studio.form import GenerateForm
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation
from tests.library.collections.making import HTMX, cards, do, make_collection, make_done

pytestmark = pytest.mark.django_db


@pytest.fixture
def foxes(user: User) -> Collection:
    return make_collection(user, "Foxes")


def test_results_land_in_the_collection_chosen_before_and_it_is_remembered(
    sandbox: FastSandbox, browser: Client, token: Token, foxes: Collection
) -> None:
    assert f'<option value="{foxes.pk}" data-name="Foxes">Foxes</option>' in browser.get("/").content.decode()
    browser.post("/generations/", form_data(into=str(foxes.pk), count="3"))
    assert foxes.generations.count() == 3
    assert f'<option value="{foxes.pk}" selected data-name' in browser.get("/").content.decode()
    browser.post("/generations/", form_data(into=""))
    assert foxes.generations.count() == 3
    assert f'<option value="{foxes.pk}" data-name' in browser.get("/").content.decode()
    assert f'<option value="{foxes.pk}" selected data-name' in browser.get(f"/?into={foxes.pk}").content.decode()


def test_what_is_refused_is_in_it_too(sandbox: FastSandbox, browser: Client, token: Token, foxes: Collection) -> None:
    browser.post("/generations/", form_data(into=str(foxes.pk), prompt="a fox sandbox:402"))
    assert foxes.generations.get().status == "rejected"


def test_a_click_into_a_team_collection_is_shown_when_it_is_done(
    sandbox: FastSandbox, browser: Client, token: Token, ana: User, anas: Client
) -> None:
    ours = make_collection(ana, "Ours", is_team=True)
    page = browser.get("/").content.decode()
    assert '<optgroup label="Visible to the team">' in page
    assert "Ours · ana" in page
    browser.post("/generations/", form_data(into=str(ours.pk)))
    row = Generation.objects.get()
    assert cards(anas, ours.get_absolute_url()) == []
    assert anas.get(row.get_absolute_url()).status_code == 404
    row.move(Generation.Status.DONE, expecting=Generation.Status(row.status))
    assert cards(anas, ours.get_absolute_url()) == ["a red fox"]


@pytest.mark.slow
@each("way", ["remove", "move", "private", "delete", "merge"])
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
    assert "You, and the team once it is done." in page
    assert "Hide from the team" in page
    rows, address = [leaving, staying, done, hers], ours.get_absolute_url()
    if way == "remove":
        do(browser, "remove", *rows, **{"from": str(ours.pk)})
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
    assert "Visibility" not in browser.get(row.get_absolute_url()).content.decode()
    Generation.objects.update(status="done")
    assert cards(anas, "/gallery/") == []


@each("into", ["deleted", "another's", "nonsense"])
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
        assert "The collection you chose no longer exists" in body
        assert re.search(r'<div id="into" hx-swap-oob="true">', body)
        assert f'<option value="{left.pk}" data-name' in body


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
        submission.create(user, token, form)
    assert not Generation.objects.exists()
    assert not CollectionItem.objects.exists()


def test_a_preset_brings_its_collection_back(
    sandbox: FastSandbox, browser: Client, token: Token, foxes: Collection, user: User
) -> None:
    browser.post("/presets/", {**form_data(into=str(foxes.pk)), "preset_name": "Portraits"})
    other = make_collection(user, "Other")
    browser.post("/generations/", form_data(into=str(other.pk)))
    body = browser.get("/").content.decode()
    assert f'<option value="{other.pk}" selected data-name' in body
    preset = user.presets.get()
    assert f'<option value="{foxes.pk}" selected data-name' in browser.get(f"/?preset={preset.pk}").content.decode()
