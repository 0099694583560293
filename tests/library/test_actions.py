"""Every state of a generation offers exactly what works in it, and everything else is refused in words."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Token, User
from generations.models import CollectionItem, Generation, Result, Share, Star
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import film, make_generation, make_result, make_user
from tests.library.deeds import HTMX, do

pytestmark = pytest.mark.django_db

FILES = {"star", "remix", "use_result", "share", "download", "compare", "team", "collect", "delete"}
ENDED = {"edit", "remix", "collect", "delete"}
TRASH = {"restore", "remix"}
TOOLS = {"star", "remix", "use_result", "share", "download", "delete"}
STEPS = {
    *("restore", "cancel", "cancel_click", "send_again", "check_again", "fetch_again"),
    *("replace_token", "top_up", "edit"),
}
LIVE = {"queued", "sending", "running"}
LINKS = {"replace_token", "top_up", "edit", "remix"}


def lost(row: Generation, number: int = 0) -> Result:
    return make_result(row, number=number, kept_at=None, gone_at=timezone.now(), file="", thumbnail="", preview="")


def with_file(row: Generation) -> None:
    make_result(row)


def with_video(row: Generation) -> None:
    make_result(row, film(1), content_type="video/mp4")


def with_one_lost(row: Generation) -> None:
    make_result(row)
    lost(row, 1)


def with_file_but_no_token(row: Generation) -> None:
    make_result(row)
    remove_token(row)


def refuse_token(row: Generation) -> None:
    Token.objects.update(refused_at=timezone.now())


def remove_token(row: Generation) -> None:
    Token.objects.all().delete()


def rejected(answer: int, **more: Any) -> dict[str, Any]:
    return {"status": "rejected", "answer_status": answer, "finished_at": timezone.now(), **more}


def trashed(**more: Any) -> dict[str, Any]:
    return {"deleted_at": timezone.now(), **more}


NOTHING: Callable[[Generation], Any] = lambda row: None  # noqa: E731
STATES: dict[str, tuple[dict[str, Any], Callable[[Generation], Any], set[str]]] = {
    "queued": ({}, NOTHING, {"cancel", "remix", "collect"}),
    "queued in a batch": ({"batch_size": 2}, NOTHING, {"cancel", "cancel_click", "remix", "collect"}),
    "queued, token refused": ({}, refuse_token, {"replace_token", "cancel", "remix", "collect"}),
    "queued, token removed": ({}, remove_token, {"cancel", "remix", "collect"}),
    "queued for the team": ({"team_at": timezone.now()}, NOTHING, {"cancel", "remix", "private", "collect"}),
    "sending": ({"status": "sending"}, NOTHING, {"remix", "collect"}),
    "sending, token refused": ({"status": "sending"}, refuse_token, {"replace_token", "remix", "collect"}),
    "running": ({"status": "running"}, NOTHING, {"remix", "collect"}),
    "done": ({"status": "done", "credits_used": 2}, with_file, FILES),
    "done, token removed": ({"status": "done"}, with_file_but_no_token, FILES),
    "done, a video": ({"status": "done", "media_type": "video"}, with_video, FILES - {"compare"}),
    "done for the team": ({"status": "done", "team_at": timezone.now()}, with_file, FILES - {"team"} | {"private"}),
    "done, one file lost": ({"status": "done"}, with_one_lost, FILES | {"fetch_again"}),
    "done, all files lost": ({"status": "done"}, lost, {"fetch_again", "star", "remix", "team", "collect", "delete"}),
    "failed, charged": ({"status": "failed", "credits_used": 2, "credits_status": "charged"}, NOTHING, ENDED),
    "failed, refunded": ({"status": "failed", "credits_used": 2, "credits_status": "refunded"}, NOTHING, ENDED),
    "refused for its content": (rejected(400), NOTHING, ENDED),
    "refused, unknown": (rejected(404), NOTHING, ENDED | {"send_again"}),
    "refused for its key": (rejected(409), NOTHING, ENDED),
    "refused for want of credits": (rejected(402), NOTHING, ENDED | {"top_up", "send_again", "cancel"}),
    "refused for credits, token removed": (rejected(402), remove_token, ENDED | {"cancel"}),
    "refused for its token": (rejected(401), refuse_token, ENDED | {"replace_token", "cancel"}),
    "refused, token removed": (rejected(401), remove_token, ENDED | {"cancel"}),
    "stalled": ({"status": "stalled"}, NOTHING, ENDED | {"check_again"}),
    "stalled, token removed": ({"status": "stalled"}, remove_token, ENDED),
    "stalled, token refused": ({"status": "stalled"}, refuse_token, ENDED | {"replace_token"}),
    "stalled with a job": ({"status": "stalled", "remote_id": "job-1"}, remove_token, ENDED | {"check_again"}),
    "cancelled": ({"status": "cancelled"}, NOTHING, ENDED | {"send_again"}),
    "cancelled after 402": ({"status": "cancelled", "answer_status": 402}, NOTHING, ENDED | {"send_again"}),
    "cancelled after 401": ({"status": "cancelled", "answer_status": 401}, refuse_token, ENDED),
    "cancelled, token removed": ({"status": "cancelled"}, remove_token, ENDED),
    "deleted": (trashed(status="done"), with_file, TRASH | {"use_result", "download", "compare"}),
    "deleted, file lost": (trashed(status="done"), lost, TRASH),
    "deleted, failed": (trashed(status="failed"), NOTHING, TRASH),
    "deleted, refused for credits": (trashed(**rejected(402)), NOTHING, TRASH),
    "deleted, stalled": (trashed(status="stalled"), NOTHING, TRASH),
    "deleted, cancelled": (trashed(status="cancelled"), NOTHING, TRASH),
}
FIRST = {
    "queued": "cancel",
    "queued, token refused": "replace_token",
    "done, one file lost": "fetch_again",
    "refused for its content": "edit",
    "refused, unknown": "send_again",
    "refused for want of credits": "top_up",
    "refused for its token": "replace_token",
    "stalled": "check_again",
    "cancelled": "send_again",
    "cancelled after 401": "edit",
    "deleted": "restore",
}
STATED = each("state", STATES)


def in_state(state: str, user: User) -> Generation:
    columns, prepare, _expected = STATES[state]
    made = make_generation(user, **columns)
    prepare(made)
    return Generation.objects.get(pk=made.pk)


def button(name: str, row: Generation) -> str:
    """How a page's HTML offers the action."""
    url = row.get_absolute_url()
    posts = {
        "cancel_click": "cancel-all/",
        "send_again": "send-again/",
        "check_again": "check-again/",
        "fetch_again": "fetch-again/",
        "use_result": "results/0/use/",
    }
    other = {
        "replace_token": rf'href="{reverse("tokens")}"',
        "top_up": r'href="https://www\.meigen\.ai"',
        "edit": rf'href="/\?from={row.pk}">Edit and send as new<',
        "remix": rf'href="/\?from={row.pk}"[^>]*>(Remix|<svg)',
        "download": rf'href="{url}results/0/\?download"',
        "compare": rf'href="{url}compare/',
        "share": rf'(href="{url}#share"|formaction="{url}share/")',
        "team": rf'formaction="{url}team/"[^\n]* name="shown" value="1"',
        "private": rf'formaction="{url}team/"[^\n]* name="shown" value="0"',
        "collect": r'name="do" value="collect"',
    }
    return other.get(name, rf'action="{url}{posts.get(name, f"{name}/")}"')


NAMES = FILES | STEPS | {"private"}


def offers(html: str, row: Generation) -> set[str]:
    return {name for name in NAMES if re.search(button(name, row), html)}


def main(browser: Client, url: str) -> str:
    return browser.get(url).content.decode().partition("<main")[2]


def card(browser: Client, row: Generation) -> str:
    query = "?state=deleted" if row.deleted_at else ""
    return main(browser, f"/generations/{query}").partition("<article")[2].partition("</article>")[0]


def press(browser: Client, name: str, row: Generation) -> Any:
    """Does it as the page would."""
    url = row.get_absolute_url()
    match name:
        case "collect" | "private":
            return do(browser, name, row, collection="Foxes")
        case "use_result":
            return browser.post(f"{url}results/0/use/")
        case "cancel_click":
            return browser.post(f"{url}cancel-all/")
        case "replace_token":
            return browser.get(reverse("tokens"))
        case "edit" | "remix":
            return browser.get(f"/?from={row.pk}")
        case "download":
            return browser.get(f"{url}results/0/?download")
        case "compare":
            return browser.get(f"{url}compare/")
    return browser.post(f"{url}{name.replace('_', '-')}/", {"shown": "1", "on": "1"})


def warned(browser: Client) -> list[str]:
    """The refusals that the next page shows."""
    return re.findall(r'<div class="note warning">\s*<p>([^<]+)', browser.get("/accounts/time-zone/").content.decode())


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Generation, Result, Star, Share, CollectionItem)]


@pytest.mark.slow
@STATED
def test_the_page_offers_exactly_what_works(browser: Client, user: User, token: Token, state: str) -> None:
    row = in_state(state, user)
    assert offers(main(browser, row.get_absolute_url()), row) == STATES[state][2]


@pytest.mark.slow
@STATED
def test_the_card_offers_of_it_what_a_card_has_room_for(browser: Client, user: User, token: Token, state: str) -> None:
    row = in_state(state, user)
    expected = STATES[state][2]
    room = STEPS if row.deleted_at or row.status in LIVE else STEPS | TOOLS
    html = card(browser, row)
    assert offers(html, row) == expected & room
    told = re.search(r'data-can="([^"]*)"', html)
    assert told
    of_bar = {"star", "share", "download", "compare", "team", "private", "collect", "delete", "restore"}
    assert set(told[1].split()) == expected & of_bar


@pytest.mark.slow
@STATED
def test_the_menu_of_a_tile_offers_all_that_can_be_done_with_its_picture(
    browser: Client, user: User, token: Token, state: str
) -> None:
    row = in_state(state, user)
    menu = browser.get(reverse("menu", args=[row.pk])).content.decode()
    expected = STATES[state][2] & (TOOLS | {"compare", "collect"})
    assert offers(menu, row) == expected - {"collect"}
    assert (f'{row.get_absolute_url()}#collections"' in menu) == ("collect" in expected)


@each("state", FIRST)
def test_one_step_stands_first(browser: Client, user: User, token: Token, state: str) -> None:
    row = in_state(state, user)
    [first] = re.findall(r'<(?:a|button) class="button small first"[^>]*>[^<]*<', card(browser, row))
    assert offers(first, row) == {FIRST[state]}


@pytest.mark.slow
@STATED
def test_every_action_that_is_offered_works(
    sandbox: FastSandbox, browser: Client, user: User, token: Token, state: str
) -> None:
    sandbox.rate = (1000, 60)  # all states send to the same one
    for name in STATES[state][2] - {"top_up"}:
        row = in_state(state, user)
        before = everything()
        response = press(browser, name, row)
        assert response.status_code in {200, 302}, name
        assert warned(browser) == [], name
        assert (everything() != before) == (name not in LINKS | {"use_result", "download", "compare"}), name


@pytest.mark.slow
@STATED
def test_every_action_that_is_not_offered_is_refused_in_words_and_changes_nothing(
    sandbox: FastSandbox, browser: Client, user: User, token: Token, state: str
) -> None:
    row = in_state(state, user)
    before = everything()
    # "Cancel all waiting" is "Cancel" where only one waits. The rest are links to pages that work for everything.
    by_other_names = {"cancel_click"} if row.status == "queued" else set()
    for name in NAMES - STATES[state][2] - LINKS - by_other_names:
        response = press(browser, name, row)
        if name == "download":
            assert response.status_code == 404
        elif name == "compare":
            assert "There is no second picture" in response.content.decode()
        else:
            assert response.status_code == 302, name
            [said] = warned(browser)
            assert said.endswith("."), name
        assert everything() == before, name
    assert not sandbox.ledger.charges()


def test_what_the_team_shows_can_be_used_but_not_changed(user: User, token: Token) -> None:
    row = make_generation(user, status="done", team_at=timezone.now())
    make_result(row)
    lost(row, 1)
    colleague = Client()
    colleague.force_login(make_user("colleague"))
    expected = {"star", "remix", "use_result", "download", "compare", "collect"}
    assert offers(main(colleague, row.get_absolute_url()), row) == expected
    gallery = main(colleague, "/gallery/").partition("<article")[2].partition("</article>")[0]
    assert offers(gallery, row) == expected & TOOLS
    for name in expected:
        assert press(colleague, name, row).status_code in {200, 302}, name
        assert warned(colleague) == [], name
    before = everything()
    for name in STEPS - LINKS | {"share", "team", "delete"}:
        assert press(colleague, name, row).status_code == 404, name
    press(colleague, "private", row)
    assert warned(colleague)
    assert everything() == before


@each(
    ("query", "verbs"),
    [
        ("", "star team private delete download share compare collect"),
        ("?state=waiting", "private collect"),
        ("?state=done", "star team private delete download share compare collect"),
        ("?state=trouble", "private delete collect"),
        ("?state=cancelled", "private delete collect"),
        ("?state=deleted", "restore download compare"),
    ],
)
def test_the_selection_bar_offers_what_the_listed_states_have(
    browser: Client, user: User, token: Token, query: str, verbs: str
) -> None:
    make_generation(user, status="done")
    bar = browser.get(f"/generations/{query}").content.decode().partition('<form id="selection"')[2]
    assert set(re.findall(r'name="do" value="(\w+)"', bar)) == set(verbs.split())


@pytest.mark.slow
@STATED
def test_every_key_of_the_page_presses_something_that_is_offered(
    browser: Client, user: User, token: Token, state: str
) -> None:
    row = in_state(state, user)
    keys = {".": "star", "r": "remix", "d": "download", "l": "share", "c": "compare"}
    pressed = set(re.findall(r'data-key="(.)"', main(browser, row.get_absolute_url()))) & keys.keys()
    assert {keys[key] for key in pressed} == STATES[state][2] & set(keys.values())


def test_what_waits_for_credits_with_a_refused_token_is_not_sent_with_the_others(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    row = make_generation(user, **rejected(402))
    refuse_token(row)
    browser.post("/generations/send-again/")
    row.refresh_from_db()
    assert row.status == "rejected"


def test_a_stale_button_says_what_is_true_now(browser: Client, user: User, token: Token) -> None:
    row = make_generation(user, status="running")
    for status, said in [("running", "already being sent"), ("cancelled", "nothing to cancel")]:
        Generation.objects.filter(pk=row.pk).update(status=status)
        assert said in browser.post(f"/generations/{row.pk}/cancel/", headers=HTMX).content.decode()


def test_a_request_whose_uploads_are_forgotten_is_not_sent_again(browser: Client, user: User, token: Token) -> None:
    row = make_generation(user, status="cancelled", created_at=timezone.now() - timedelta(days=2))
    reference = user.references.create(name="mine", kind="image", uploaded_at=timezone.now())
    row.referenceuse_set.create(reference=reference, number=0)
    assert offers(main(browser, row.get_absolute_url()), row) == ENDED


def test_the_admin_changes_and_deletes_nothing_by_hand(user: User, token: Token) -> None:
    row = make_generation(user)
    boss = Client()
    boss.force_login(make_user("boss", is_staff=True, is_superuser=True))
    listed = boss.get("/admin/generations/generation/").content.decode()
    one = boss.get(f"/admin/generations/generation/{row.pk}/change/").content.decode()
    assert "delete_selected" not in listed
    assert "deletelink" not in one
    assert 'name="_save"' not in one
