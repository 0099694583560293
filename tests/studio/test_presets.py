"""Presets: the whole form under a name, for oneself or the team."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Token, User
from generations.models import Preset
from generations.studio import presets
from tests.cases import each
from tests.helpers import form_data, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]

HTMX = {"HX-Request": "true"}


def save(browser: Client, name: str = "Portraits", **overrides: Any) -> str:
    data = form_data(**{"prompt": "a {red|blue} fox", "aspect_ratio": "1:1", "count": "4", **overrides})
    return browser.post("/presets/", {**data, "preset_name": name}, headers=HTMX).content.decode()


def test_a_preset_brings_the_whole_form_back(browser: Client, token: Token) -> None:
    assert "Portraits" in save(browser)
    body = browser.get(f"/?preset={Preset.objects.get().pk}").content.decode()
    assert "a {red|blue} fox" in body
    assert '<option value="z-image-turbo" selected>' in body
    assert re.search(r'value="1:1"[^>]* checked', body)
    assert 'name="count" value="4"' in body


def test_the_references_of_a_preset_come_back_too_for_its_owner_alone(
    browser: Client, user: User, token: Token
) -> None:
    reference = user.references.create(name="mine", public_url="https://images.meigen.ai/PRIVATE.png")
    save(browser, reference=str(reference.pk), preset_team="on")
    url = f"/?preset={Preset.objects.get().pk}"
    assert str(reference.pk) in browser.get(url).content.decode()
    colleague = Client()
    colleague.force_login(make_user())
    body = colleague.get(url).content.decode()
    assert "a {red|blue} fox" in body
    assert str(reference.pk) not in body


def test_what_its_owner_referred_to_is_not_in_the_teams_preset(browser: Client, token: Token) -> None:
    private = "images.meigen.ai/PRIVATE.png"
    save(browser, sref=private, first_frame="PRIVATE", model_id="midjourney-v8.1", preset_team="on")
    kept = Preset.objects.get()
    assert kept.values["sref"] == private
    theirs = presets.values_for(make_user(), kept)
    assert "PRIVATE" not in str(theirs)
    assert theirs["prompt"] == kept.values["prompt"]
    colleague = Client()
    colleague.force_login(make_user())
    url = f"/?preset={kept.pk}"
    assert "PRIVATE" in browser.get(url).content.decode()
    assert "PRIVATE" not in colleague.get(url).content.decode()
    kept.values["sref"] = "123456::2"
    assert presets.values_for(make_user(), kept)["sref"] == "123456::2"


def test_the_same_name_keeps_the_newer_form(browser: Client, token: Token) -> None:
    save(browser, "Portraits")
    save(browser, "  portraits ", prompt="an owl")
    assert Preset.objects.get().values["prompt"] == "an owl"


@each(
    ("name", "problem"),
    [
        ("", "Give the preset a name"),
        ("  ", "Give the preset a name"),
        ("\u200b\u2800", "contains only invisible characters"),
        ("x" * 85, "5 characters too many: at most 80 are allowed."),
    ],
)
def test_a_preset_needs_a_name(browser: Client, token: Token, name: str, problem: str) -> None:
    assert problem in save(browser, name)
    assert not Preset.objects.exists()


def test_only_shared_presets_are_the_teams(user: User, token: Token) -> None:
    mine = presets.save(user, "MINE", {"prompt": "SECRET"}, [], is_team=False)
    ours = presets.save(user, "OURS", {"prompt": "for all"}, [], is_team=True)
    colleague = Client()
    colleague.force_login(make_user())
    body = colleague.get("/presets/").content.decode()
    assert "OURS" in body
    assert "MINE" not in body
    assert "SECRET" not in colleague.get(f"/?preset={mine.pk}").content.decode()
    assert colleague.post(f"/presets/{ours.pk}/delete/").status_code == 404


def test_a_preset_whose_model_is_gone_says_so_and_fills_in_the_rest(browser: Client, user: User, token: Token) -> None:
    browser.get("/")  # the catalogue is known from here on
    gone = presets.save(user, "Old", {"prompt": "a fox", "model_id": "gone-1"}, [], is_team=False)
    assert "no longer offers this model" in browser.get("/presets/").content.decode()
    body = browser.get(f"/?preset={gone.pk}").content.decode()
    assert "gone-1: Meigen no longer offers this model" in body
    assert ">\na fox</textarea>" in body


def test_the_page_says_what_a_preset_makes_and_costs(browser: Client, user: User, token: Token) -> None:
    browser.get("/")  # the catalogue is known from here on
    reference = user.references.create(name="mine", public_url="https://images.meigen.ai/mine.png")
    form = {"prompt": "a <b>fox</b>", "model_id": "gpt-image-2", "aspect_ratio": "4:3", "resolution": "2K"}
    presets.save(user, "Foxes", {**form, "quality": "high", "count": "3"}, [str(reference.pk)], is_team=True)
    body = browser.get("/presets/").content.decode()
    assert "a &lt;b&gt;fox&lt;/b&gt;" in body
    words = re.sub(r"<[^>]*>", "", body)
    assert "GPT Image 2.0 · 4:3, 2K, quality high, 3 times, 1 reference · 120 credits · shared with the team" in words


def test_a_preset_is_renamed_and_shared_or_not(browser: Client, user: User, token: Token) -> None:
    row = presets.save(user, "Foxes", {"prompt": "x"}, [], is_team=False)
    browser.post(f"/presets/{row.pk}/", {"preset_name": " Red foxes ", "preset_team": "on"})
    row.refresh_from_db()
    assert (row.name, row.is_team, row.values) == ("Red foxes", True, {"prompt": "x"})
    body = browser.post(f"/presets/{row.pk}/", {"preset_name": "red foxes"}, follow=True).content.decode()
    assert "saved." in body
    row.refresh_from_db()
    assert (row.name, row.is_team) == ("red foxes", False)


@each(
    ("name", "problem"),
    [("", "Give the preset a name"), ("OWLS", "You already have another preset with this name."), ("x" * 81, "1 char")],
)
def test_a_name_that_cannot_be_is_refused_beside_its_field(
    browser: Client, user: User, token: Token, name: str, problem: str
) -> None:
    row = presets.save(user, "Foxes", {"prompt": "x"}, [], is_team=True)
    presets.save(user, "Owls", {"prompt": "y"}, [], is_team=False)
    response = browser.post(f"/presets/{row.pk}/", {"preset_name": name})
    assert response.status_code == 422
    body = response.content.decode()
    assert problem in body
    assert f'id="preset_name-{row.pk}"' in body
    assert body.count('<details class="menu" open>') == 1
    row.refresh_from_db()
    assert (row.name, row.is_team) == ("Foxes", True)


def test_a_preset_is_deleted(browser: Client, token: Token) -> None:
    save(browser)
    body = browser.post(f"/presets/{Preset.objects.get().pk}/delete/", follow=True).content.decode()
    assert "No presets yet" in body
    assert "“Portraits” deleted." in body


def test_what_is_anothers_offers_to_be_used_alone(browser: Client, token: Token) -> None:
    row = presets.save(make_user("ana"), "Hers", {"prompt": "x"}, [], is_team=True)
    body = browser.get("/presets/").content.decode()
    assert f"?preset={row.pk}" in body
    assert f"/presets/{row.pk}/" not in body
    assert browser.post(f"/presets/{row.pk}/", {"preset_name": "Mine"}).status_code == 404


def test_saving_again_takes_nothing_from_the_team(browser: Client, token: Token) -> None:
    save(browser, preset_team="on")
    save(browser, prompt="an owl")
    assert Preset.objects.get().is_team


@each(("first", "second"), [("k", "\N{KELVIN SIGN}"), ("\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}")])
def test_names_are_the_same_where_the_database_says_so(browser: Client, token: Token, first: str, second: str) -> None:
    save(browser, first)
    assert " saved." in save(browser, second)


def test_what_no_database_keeps_is_left_out(browser: Client, token: Token) -> None:
    assert " saved." in save(browser, "Por\0traits", prompt="a\0 fox", reference="\0")
    assert browser.get(f"/?preset={Preset.objects.get().pk}").status_code == 200


@each("preset", ["nonsense", "", "00000000-0000-0000-0000-000000000000"])
def test_an_unknown_preset_is_passed_over(browser: Client, token: Token, preset: str) -> None:
    assert browser.get("/", {"preset": preset}).status_code == 200
