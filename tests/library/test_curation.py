"""What has ended: stars, the team, collections, deleting with undo, many at once."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Token, User
from generations.dispatch import outcomes
from generations.library import collecting, curation
from generations.models import Collection, Generation
from generations.sharing import links
from meigen_api.types import Status
from tests.cases import each
from tests.helpers import make_generation, make_result
from tests.library.deeds import HTMX, do, unzipped

pytestmark = pytest.mark.django_db


# Deleting


def test_what_is_deleted_is_out_of_every_list_and_its_links_show_nothing(
    browser: Client, user: User, done: Generation
) -> None:
    link = f"/s/{links.share(user, [done]).secret}/"
    body = browser.post(f"/generations/{done.pk}/delete/", headers=HTMX).content.decode()
    assert "Deleted." in body
    assert "Undo" in body
    for page in ["/", "/generations/", "/gallery/"]:
        assert "CANARY" not in browser.get(page).content.decode()
    assert Client().get(link).status_code == Client().get(f"{link}0/").status_code == 404
    assert "CANARY" in browser.get("/generations/?state=deleted").content.decode()


def test_undo_brings_it_back_whole(browser: Client, user: User, done: Generation) -> None:
    link = f"/s/{links.share(user, [done]).secret}/"
    browser.post(f"/generations/{done.pk}/delete/")
    assert "CANARY" in browser.post(f"/generations/{done.pk}/restore/", headers=HTMX).content.decode()
    assert "CANARY" in browser.get("/generations/").content.decode()
    assert Client().get(link).status_code == 200


@each("status", ["queued", "sending", "running"])
def test_what_is_under_way_cannot_be_deleted(browser: Client, user: User, token: Token, status: str) -> None:
    row = make_generation(user, status=status)
    assert "still in progress" in browser.post(f"/generations/{row.pk}/delete/", headers=HTMX).content.decode()
    row.refresh_from_db()
    assert row.deleted_at is None


@each("answer", [401, 402])
def test_a_refused_one_that_is_deleted_is_never_sent_by_itself(user: User, token: Token, answer: int) -> None:
    row = make_generation(user, status="rejected", answer_status=answer, finished_at=timezone.now())
    assert curation.delete(user, [row.pk]) == [row.pk]
    for waiting in [Generation.objects.with_replaced_token(), Generation.objects.lacking_credits(timezone.now())]:
        assert row.pk not in waiting.values_list("pk", flat=True)
    curation.restore(user, [row.pk])
    assert row.pk not in Generation.objects.with_replaced_token().values_list("pk", flat=True)
    assert (row.pk in Generation.objects.lacking_credits(timezone.now()).values_list("pk", flat=True)) == (
        answer == 402
    )


def test_what_runs_after_all_is_in_sight_again(user: User, token: Token) -> None:
    row = make_generation(user, status="stalled", deleted_at=timezone.now())
    status = Status("processing", generation_id="job-1")
    assert outcomes.start(row, status, expecting=Generation.Status.STALLED, token_revision=1, now=timezone.now())
    row.refresh_from_db()
    assert (row.status, row.deleted_at) == ("running", None)


def test_a_deleted_one_cannot_be_sent_again_without_being_in_sight(browser: Client, user: User, token: Token) -> None:
    row = make_generation(user, status="cancelled")
    browser.post(f"/generations/{row.pk}/delete/")
    body = browser.post(f"/generations/{row.pk}/send-again/", headers=HTMX).content.decode()
    assert "It is deleted. Undo that first." in body
    row.refresh_from_db()
    assert row.status == "cancelled"


def test_the_card_of_a_deleted_one_is_not_the_card_kept_in_memory(browser: Client, done: Generation) -> None:
    assert "Undo" not in browser.get("/generations/").content.decode()
    browser.post(f"/generations/{done.pk}/delete/")
    assert "Undo" in browser.get("/generations/?state=deleted").content.decode()
    browser.post(f"/generations/{done.pk}/restore/")
    assert "Undo" not in browser.get("/generations/").content.decode()


# The team


def test_the_team_sees_what_is_shown_to_it_and_nothing_that_is_only_the_owners(
    browser: Client, colleague: Client, user: User, done: Generation
) -> None:
    links.share(user, [done])
    Generation.objects.filter(pk=done.pk).update(answer_body='{"secret":"ANSWER"}', balance_purchased=4321)
    url = done.get_absolute_url()
    assert colleague.get(url).status_code == 404
    browser.post(f"{url}team/")
    body = colleague.get(url).content.decode()
    assert "CANARY" in body
    assert user.username in body
    for private in [
        "ANSWER",
        "4321",
        "/s/",
        "Timeline",
        "The request as sent",
        'formaction="' + url + "delete/",
    ]:
        assert private not in body
    assert colleague.get(f"{url}results/0/").status_code == 200
    assert "CANARY" in colleague.get("/gallery/").content.decode()
    assert "CANARY" not in colleague.get("/generations/").content.decode()


def test_a_colleague_may_star_remix_and_refer_to_it_but_change_nothing(
    browser: Client, colleague: Client, user: User, done: Generation
) -> None:
    url = done.get_absolute_url()
    browser.post(f"{url}team/")
    for verb in [
        "team",
        "delete",
        "restore",
        "cancel",
        "cancel-all",
        "send-again",
        "check-again",
        "fetch-again",
        "share",
    ]:
        assert colleague.post(f"{url}{verb}/").status_code == 404, verb
    do(colleague, "delete", done)
    do(colleague, "private", done)
    done.refresh_from_db()
    assert done.team_at is not None
    assert done.deleted_at is None
    assert 'aria-pressed="true"' in colleague.post(f"{url}star/", headers=HTMX).content.decode()
    assert 'aria-pressed="false"' in browser.get("/generations/").content.decode()
    assert "CANARY" in colleague.get(f"/?from={done.pk}").content.decode()
    assert colleague.post(f"{url}results/0/use/").status_code == 302


def test_what_is_taken_back_from_the_team_is_gone_for_it(browser: Client, colleague: Client, done: Generation) -> None:
    url = done.get_absolute_url()
    browser.post(f"{url}team/")
    colleague.post(f"{url}star/")
    browser.post(f"{url}team/", {"shown": "0"})
    for address in [url, f"{url}results/0/", f"{url}results/0/thumbnail/", f"{url}compare/"]:
        assert colleague.get(address).status_code == 404, address
    for page in ["/gallery/", "/generations/?starred=on", "/gallery/?starred=on"]:
        assert "CANARY" not in colleague.get(page).content.decode()


@each("status", ["queued", "running", "failed", "rejected"])
def test_only_what_is_finished_is_shown_to_the_team(browser: Client, user: User, token: Token, status: str) -> None:
    row = make_generation(user, status=status)
    browser.post(f"/generations/{row.pk}/team/")
    row.refresh_from_db()
    assert row.team_at is None


def test_the_reference_pictures_of_another_person_are_not_in_the_form(
    browser: Client, colleague: Client, user: User, done: Generation
) -> None:
    done.team_at = done.created_at
    done.save()
    reference = user.references.create(name="mine", public_url="https://images.meigen.ai/PRIVATE.png")
    done.referenceuse_set.create(reference=reference, number=0)
    assert str(reference.pk) in browser.get(f"/?from={done.pk}").content.decode()
    assert str(reference.pk) not in colleague.get(f"/?from={done.pk}").content.decode()


def test_said_twice_it_is_shown_or_taken_back_once(browser: Client, done: Generation) -> None:
    for shown in ["1", "1", "0", "0"]:
        browser.post(f"{done.get_absolute_url()}team/", {"shown": shown})
        done.refresh_from_db()
        assert (done.team_at is not None) == (shown == "1")


@each("private", ["https://images.meigen.ai/PRIVATE.mp4", "images.meigen.ai/PRIVATE.png"])
def test_what_somebody_referred_to_stays_theirs(
    browser: Client, colleague: Client, user: User, token: Token, private: str
) -> None:
    row = make_generation(
        user,
        status="done",
        credits_used=98765432,
        team_at=timezone.now(),
        fields={
            "referenceVideos": [private],
            "referenceAudios": [private],
            "frameReferenceImages": [private],
            "niji7Options": {"sref": private, "chaos": 7},
        },
    )
    make_result(row)
    archive = unzipped(do(colleague, "download", row)).read("metadata.json").decode()
    pages = [row.get_absolute_url(), f"/?from={row.pk}", "/gallery/"]
    for body in [archive, *(colleague.get(page).content.decode() for page in pages)]:
        assert "PRIVATE" not in body
        assert "98765432" not in body
    assert "chaos" in archive
    assert "98765432" in unzipped(do(browser, "download", row)).read("metadata.json").decode()


def test_undoing_a_change_of_many_takes_back_what_it_changed_and_no_more(
    browser: Client, user: User, done: Generation
) -> None:
    before = make_generation(user, status="done", team_at=timezone.now())

    def undo(response: Any) -> None:
        """Presses Undo in the latest message of the page that this leads to."""
        told = browser.get(response["Location"]).content.decode()
        form = re.findall(r'action="/generations/selected/".*?</form>', told.split('id="messages"')[1], re.DOTALL)
        latest = [words for words in form if ">Undo</button>" in words][-1]
        (verb,) = re.findall(r'name="do" value="(\w+)"', latest)
        browser.post("/generations/selected/", {"do": verb, "selected": re.findall(r'selected" value="(.*?)"', latest)})

    def seen() -> list[bool]:
        return [Generation.objects.get(pk=row.pk).team_at is not None for row in (done, before)]

    shown = do(browser, "team", done, before)
    assert seen() == [True, True]
    undo(shown)
    assert seen() == [False, True]
    hidden = do(browser, "private", done, before)
    assert seen() == [False, False]
    undo(hidden)
    assert seen() == [False, True]


def test_what_the_team_shows_is_found_among_ones_stars_and_collections(colleague: Client, done: Generation) -> None:
    Generation.objects.update(team_at=timezone.now())
    colleague.post(f"{done.get_absolute_url()}star/", {"on": "1"})
    do(colleague, "collect", done, collection="Mood")
    for query in ["starred=on", f"collection={Collection.objects.get().pk}"]:
        assert "CANARY" in colleague.get(f"/generations/?{query}").content.decode()
    Generation.objects.update(team_at=None)
    for query in ["starred=on", f"collection={Collection.objects.get().pk}"]:
        assert "CANARY" not in colleague.get(f"/generations/?{query}").content.decode()


# Many at once


def test_many_are_starred_and_collected_and_found_again(browser: Client, user: User, done: Generation) -> None:
    other = make_generation(user, status="done", prompt="an owl")
    do(browser, "star", done, other)
    do(browser, "star", done)
    assert user.stars.count() == 2
    do(browser, "collect", done, collection="  Summer   campaign ")
    do(browser, "collect", done, other, collection="summer CAMPAIGN")
    collection = Collection.objects.get()
    assert collection.name == "Summer campaign"
    body = browser.get(f"/generations/?collection={collection.pk}").content.decode()
    assert body.count("<article") == 2
    assert "Summer campaign" in browser.get("/collections/").content.decode()


@each(
    ("name", "problem"),
    [
        ("", "Give the collection a name"),
        ("   ", "Give the collection a name"),
        ("\u2800", "contains only invisible characters"),
        ("x" * 92, "name is 12 characters too long: at most 80 are allowed."),
    ],
)
def test_a_collection_needs_a_name(browser: Client, done: Generation, name: str, problem: str) -> None:
    body = browser.post(
        "/generations/selected/", {"do": "collect", "selected": done.pk, "collection": name}, headers=HTMX
    ).content.decode()
    assert problem in body
    assert not Collection.objects.exists()


def test_another_persons_collection_is_not_a_filter(colleague: Client, user: User, done: Generation) -> None:
    collection, _ = collecting.create(user, "Secret plans")
    collecting.add(user, collection.pk, [done.pk])
    body = colleague.get(f"/generations/?collection={collection.pk}").content.decode()
    assert "CANARY" not in body
    assert "Secret plans" not in body


def test_many_are_deleted_and_brought_back(browser: Client, user: User, done: Generation) -> None:
    running = make_generation(user, status="running")
    body = browser.post(
        "/generations/selected/", {"do": "delete", "selected": [done.pk, running.pk]}, headers=HTMX
    ).content.decode()
    assert "1 deleted" in body
    assert "were not deleted" in body
    again = do(browser, "delete", done, next="/generations/")
    assert "were not deleted" not in browser.get(again["Location"]).content.decode()
    do(browser, "restore", done)
    assert "CANARY" in browser.get("/generations/").content.decode()


def test_a_stranger_can_do_nothing_with_the_ids_of_others(colleague: Client, done: Generation) -> None:
    for verb in ["star", "collect", "team", "private", "delete", "restore", "compare", "download"]:
        response = do(colleague, verb, done, collection="mine")
        assert response.status_code == 302, verb
    done.refresh_from_db()
    assert (done.team_at, done.deleted_at, done.stars.count(), done.collections.count()) == (None, None, 0, 0)
    assert colleague.get(done.get_absolute_url() + "compare/").status_code == 404


@each("verb", ["", "nonsense", "star", "download", "compare"])
@each("ids", [[], ["nonsense"], ["\x00"]])
def test_a_senseless_selection_is_answered_in_words(
    browser: Client, done: Generation, verb: str, ids: list[str]
) -> None:
    response = browser.post("/generations/selected/", {"do": verb, "selected": ids}, headers=HTMX)
    assert "Nothing is selected" in response.content.decode()


@each("count", [500, 2500])
def test_too_many_at_once_are_refused_whole(browser: Client, done: Generation, count: int) -> None:
    ids = [str(uuid.uuid4()) for _ in range(count)]
    response = browser.post("/generations/selected/", {"do": "delete", "selected": [*ids, done.pk]}, headers=HTMX)
    assert "at most 500 at once" in response.content.decode()
    done.refresh_from_db()
    assert done.deleted_at is None


def test_a_plain_form_goes_back_to_where_it_came_from_and_nowhere_else(browser: Client, done: Generation) -> None:
    assert do(browser, "star", done, next="/generations/?kind=image")["Location"] == "/generations/?kind=image"
    assert do(browser, "star", done, next="https://evil.example/")["Location"] == "/generations/"
    assert do(browser, "star", done, next="nonsense").status_code == 302
