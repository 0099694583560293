"""Finishing: the same request again at a higher setting, at the price on the button, and never twice."""

import re
import threading
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import catalogue
from generations.library.cards import prepared
from generations.media import attachments
from generations.models import Approval, Budget, Draft, Generation, Project, ReferenceUse
from generations.studio import finishing
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox", "token")]

GPT, NANO, SEEDANCE = "gpt-image-2", "nanobanana-2", "seedance-2-0"


def make_done(owner: User, model: str = NANO, **fields: Any) -> Generation:
    row = make_generation(owner, status="done", prompt="a heron at dawn", model_id=model, fields=fields)
    make_result(row)
    return row


@pytest.fixture
def done(user: User) -> Generation:
    return make_done(user, resolution="2K")


def steps(row: Generation) -> list[tuple[str, str, int]]:
    model = catalogue.offer().model(row.model_id)
    assert model
    return [(step.name, step.value, step.price.most) for step in finishing.steps(row, model, row.clip_seconds)]


def buttons(page: str) -> list[dict[str, Any]]:
    """What each button that finishes something posts."""
    forms = re.findall(rf'<form method="post" action="{reverse("finish")}"[^>]*>(.*?)</form>', page, re.DOTALL)
    found = []
    for form in forms:
        data: dict[str, Any] = {"finish": []}
        sent = re.sub(r'<input type="checkbox"(?![^>]* checked>)[^>]*>', "", form)
        for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', sent):
            data[name] = [*data["finish"], value] if name == "finish" else value
        found.append(data)
    return found


def button(browser: Client, row: Generation) -> dict[str, Any]:
    """The page's first button."""
    return buttons(browser.get(row.get_absolute_url()).content.decode())[0]


def said(response: Any) -> str:
    return " ".join(map(str, get_messages(response.wsgi_request)))


def made_from(row: Generation) -> list[Generation]:
    return list(Generation.objects.filter(made_from=row))


class TestTheSteps:
    def test_begin_with_the_next_size(self, user: User) -> None:
        row = make_done(user, GPT, resolution="1K", quality="low")
        assert steps(row) == [
            ("resolution", "2K", 5),
            ("resolution", "4K", 10),
            ("quality", "medium", 10),
            ("quality", "high", 18),
        ]

    def test_begin_above_the_default_where_nothing_was_asked_for(self, user: User) -> None:
        assert steps(make_done(user)) == [("resolution", "4K", 5)]

    def test_have_the_tiers_above_that_have_the_size(self, user: User) -> None:
        row = make_done(user, SEEDANCE, tier="mini", resolution="480p", duration=5)
        assert steps(row) == [("resolution", "720p", 80), ("tier", "fast", 65), ("tier", "pro", 70)]
        assert steps(make_done(user, SEEDANCE, tier="pro", resolution="4k", duration=5)) == []

    def test_end_at_the_top(self, user: User) -> None:
        assert steps(make_done(user, resolution="4K")) == []
        assert steps(make_done(user, "z-image-turbo")) == []

    def test_do_not_depend_on_the_order_of_the_catalogue(self, user: User) -> None:
        model = catalogue.offer().model(NANO)
        assert model
        model = replace(model, resolutions=("4K", "2K", "1K"))
        above = {size: finishing.steps(make_done(user, resolution=size), model) for size in ("1K", "2K", "4K")}
        assert {size: [step.value for step in found] for size, found in above.items()} == {
            "1K": ["2K", "4K"],
            "2K": ["4K"],
            "4K": [],
        }


class TestTheButton:
    def test_says_its_price(self, browser: Client, done: Generation) -> None:
        catalogue.offer()
        page = browser.get(done.get_absolute_url()).content.decode()
        assert "Finish in 4K · 5 credits" in page

    def test_says_how_much_more_it_is(self, browser: Client, user: User) -> None:
        catalogue.offer()
        page = browser.get(make_done(user, GPT, resolution="2K", quality="low").get_absolute_url()).content.decode()
        assert "Finish in 4K · 10 credits" in page
        assert "5 credits more than this one" in page
        assert "Finish in medium quality · 20 credits" in page

    def test_sends_the_same_request_with_that_setting_and_leads_to_it(self, browser: Client, done: Generation) -> None:
        catalogue.offer()
        response = browser.post(reverse("finish"), button(browser, done))
        [made] = made_from(done)
        assert response["Location"] == made.get_absolute_url()
        assert made.request_fields == {**done.request_fields, "resolution": "4K"}
        assert (made.credits_estimated, made.status) == (5, "running")

    def test_pressed_twice_pays_once(self, browser: Client, done: Generation) -> None:
        catalogue.offer()
        data = button(browser, done)
        first, second = (browser.post(reverse("finish"), data)["Location"] for _ in range(2))
        assert first == second
        assert len(made_from(done)) == 1

    def test_pressed_again_after_the_source_was_deleted_pays_once(self, browser: Client, done: Generation) -> None:
        catalogue.offer()
        data = button(browser, done)
        browser.post(reverse("finish"), data)
        Generation.objects.filter(pk=done.pk).update(deleted_at=timezone.now())
        browser.post(reverse("finish"), data)
        assert len(made_from(done)) == 1

    def test_of_another_page_pays_nothing_for_what_is_finished_already(self, browser: Client, done: Generation) -> None:
        catalogue.offer()
        one, other = button(browser, done), button(browser, done)
        browser.post(reverse("finish"), one)
        assert "finished already" in said(browser.post(reverse("finish"), other))
        assert len(made_from(done)) == 1

    def test_becomes_a_link_to_what_is_finished(self, browser: Client, done: Generation) -> None:
        catalogue.offer()
        browser.post(reverse("finish"), button(browser, done))
        [made] = made_from(done)
        Generation.objects.filter(pk=made.pk).update(status="done")
        page = browser.get(done.get_absolute_url()).content.decode()
        assert buttons(page) == []
        assert "Open in 4K" in page

    def test_is_still_there_for_another_result_of_the_same_request(self, browser: Client, user: User) -> None:
        catalogue.offer()
        both = [make_done(user, resolution="2K") for _ in range(2)]
        for row in both:
            browser.post(reverse("finish"), button(browser, row))
        assert [len(made_from(row)) for row in both] == [1, 1]

    def test_is_there_again_when_that_came_to_nothing(self, browser: Client, done: Generation) -> None:
        catalogue.offer()
        browser.post(reverse("finish"), button(browser, done))
        Generation.objects.filter(made_from=done).update(status="failed")
        browser.post(reverse("finish"), button(browser, done))
        assert len(made_from(done)) == 2

    def test_sends_the_references_with_it(self, browser: Client, user: User, done: Generation) -> None:
        reference = attachments.add_result(user, done.results.get())
        row = make_done(user, resolution="2K", referenceImages=["https://images.meigen.ai/old.png"])
        ReferenceUse.objects.create(generation=row, reference=reference, number=0)
        catalogue.offer()
        browser.post(reverse("finish"), button(browser, row))
        [made] = made_from(row)
        reference.refresh_from_db()
        assert made.request_fields["referenceImages"] == [reference.public_url]
        assert made.references.get() == reference

    def test_uploads_once_what_several_refer_to(self, browser: Client, user: User, done: Generation) -> None:
        reference = attachments.add_result(user, done.results.get())
        rows = [make_done(user, resolution="2K", referenceImages=["https://images.meigen.ai/a.png"]) for _ in "ab"]
        for row in rows:
            ReferenceUse.objects.create(generation=row, reference=reference, number=0)
        tokens = [f"{row.pk}:resolution:4K" for row in rows]
        browser.post(reverse("finish"), {"finish": tokens, "nonce": "n", "shown_price": "10"})
        addresses = {tuple(made.request_fields["referenceImages"]) for row in rows for made in made_from(row)}
        assert len(addresses) == 1

    def test_leaves_the_draft_alone(self, browser: Client, user: User, done: Generation) -> None:
        Draft.objects.create(owner=user, values={"prompt": "a patient fox"})
        catalogue.offer()
        browser.post(reverse("finish"), button(browser, done))
        assert Draft.objects.get().values == {"prompt": "a patient fox"}

    def test_books_it_on_the_project_of_what_it_finishes(self, browser: Client, done: Generation) -> None:
        project = Project.objects.create(name="Spring")
        Generation.objects.filter(pk=done.pk).update(project=project)
        catalogue.offer()
        browser.post(reverse("finish"), button(browser, done))
        assert made_from(done)[0].project == project


class TestWhatIsRefused:
    def test_costs_nothing_when_the_price_has_risen(self, browser: Client, done: Generation) -> None:
        catalogue.offer()
        data = button(browser, done) | {"shown_price": "4"}
        response = browser.post(reverse("finish"), data)
        assert "The price is now 5 credits. Nothing was sent" in said(response)
        assert response["Location"] == done.get_absolute_url()
        assert made_from(done) == []

    @each("shown", ["", "none", "-1", "free"])
    def test_has_no_price(self, browser: Client, done: Generation, shown: str) -> None:
        catalogue.offer()
        browser.post(reverse("finish"), button(browser, done) | {"shown_price": shown})
        assert made_from(done) == []

    @each("token", ["resolution:8K", "resolution:1K", "resolution:2K", "tier:pro", "prompt:a fox", "count:8", "", ":"])
    def test_is_no_step_of_the_result(self, browser: Client, done: Generation, token: str) -> None:
        catalogue.offer()
        browser.post(reverse("finish"), button(browser, done) | {"finish": f"{done.pk}:{token}"})
        assert made_from(done) == []

    @each("tokens", [[], ["x"], ["' OR 1=1:resolution:4K"]])
    def test_is_nothing_at_all(self, browser: Client, tokens: list[str]) -> None:
        response = browser.post(reverse("finish"), {"finish": tokens, "nonce": "n", "shown_price": "9"})
        assert "Nothing was sent" in said(response)
        assert not Generation.objects.exists()

    def test_is_another_persons_even_if_the_team_sees_it(self, browser: Client) -> None:
        theirs = make_done(make_user("ana"), resolution="2K")
        Generation.objects.filter(pk=theirs.pk).update(team_at=timezone.now())
        catalogue.offer()
        assert buttons(browser.get(theirs.get_absolute_url()).content.decode()) == []
        data = {"finish": f"{theirs.pk}:resolution:4K", "nonce": "n", "shown_price": "9"}
        assert "Nothing was sent" in said(browser.post(reverse("finish"), data))
        assert made_from(theirs) == []

    def test_does_not_fit_into_the_budget(self, browser: Client, user: User, done: Generation) -> None:
        Budget.objects.create(scope="person", person=user, credits=4)
        catalogue.offer()
        assert "Your budget" in said(browser.post(reverse("finish"), button(browser, done)))
        assert made_from(done) == []

    def test_is_all_of_it_if_one_part_is_refused(self, browser: Client, user: User, done: Generation) -> None:
        catalogue.offer()
        other = make_done(user, resolution="4K")
        tokens = [f"{done.pk}:resolution:4K", f"{other.pk}:resolution:8K"]
        browser.post(reverse("finish"), {"finish": tokens, "nonce": "n", "shown_price": "99"})
        assert made_from(done) == []

    def test_belongs_to_several_projects(self, browser: Client, user: User, done: Generation) -> None:
        catalogue.offer()
        other = make_done(user, GPT, resolution="2K")
        Generation.objects.filter(pk=other.pk).update(project=Project.objects.create(name="Spring"))
        tokens = [f"{row.pk}:resolution:4K" for row in (done, other)]
        response = browser.post(reverse("finish"), {"finish": tokens, "nonce": "n", "shown_price": "99"})
        assert "several projects" in said(response)
        assert made_from(done) == []

    def test_waits_for_approval_above_its_limit(
        self, browser: Client, user: User, done: Generation, settings: Settings
    ) -> None:
        settings.APPROVAL_ABOVE = 4
        catalogue.offer()
        browser.post(reverse("finish"), button(browser, done))
        assert [row.status for row in made_from(done)] == ["held"]
        assert Approval.objects.get().credits == 5

    def test_needs_a_token_first(self, browser: Client, user: User, done: Generation, token: Token) -> None:
        catalogue.offer()
        data = button(browser, done)
        token.delete()
        assert browser.post(reverse("finish"), data)["Location"].startswith(reverse("tokens"))
        assert made_from(done) == []

    def test_the_address_takes_no_get(self, browser: Client) -> None:
        assert browser.get(reverse("finish")).status_code == 405


def test_lineage_and_finishing_ask_two_queries_where_the_page_knows_the_models(user: User, done: Generation) -> None:
    request = RequestFactory().get("/")
    request.user, request.known_offer = user, catalogue.offer()  # type: ignore[attr-defined]
    for _ in range(3):
        make_result(make_generation(user, status="done", made_from=done))
    [card] = prepared([done], user)
    with CaptureQueriesContext(connection) as asked:
        page = render_to_string("generations/_lineage.html", {"card": card}, request)
    assert "Led to" in page
    assert "Finish in 4K" in page
    assert sum("generations_" in query["sql"] for query in asked) == 2


@pytest.mark.django_db(transaction=True)
def test_a_double_click_at_once_pays_once(user: User, browser: Client, done: Generation) -> None:
    catalogue.offer()
    data, answers = button(browser, done), []
    together = threading.Barrier(4)

    def press() -> None:
        client = Client()
        client.force_login(user)
        together.wait()
        try:
            answers.append(client.post(reverse("finish"), data).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 4
    assert len(made_from(done)) == 1
