"""What was made from a result, and what it was made from, is linked both ways for whoever may see it."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from generations.library import trash
from generations.library.lineage import Lineage, lineage
from generations.media import attachments
from generations.models import Draft, Generation, Reference, ReferenceUse
from generations.models.visibility import trash_ends
from tests.cases import each
from tests.helpers import form_data, make_generation, make_result, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def done(user: User) -> Generation:
    row = make_generation(user, status="done", prompt="a heron at dawn")
    make_result(row)
    return row


def remix(browser: Client, row: Generation | uuid.UUID | str, **values: Any) -> Generation:
    """What a click makes on the form that was opened with this row."""
    source = row.pk if isinstance(row, Generation) else row
    browser.post(reverse("generations"), form_data(made_from=str(source), **values))
    return Generation.objects.latest("created_at")


def shown(row: Generation) -> Generation:
    Generation.objects.filter(pk=row.pk).update(team_at=timezone.now(), status="done")
    return row


def referring(owner: User, row: Generation, **values: Any) -> Generation:
    """A generation with the row's result as its reference picture."""
    reference = attachments.add_result(owner, row.results.get())
    made = make_generation(owner, **values)
    ReferenceUse.objects.create(generation=made, reference=reference, number=0)
    return made


@pytest.mark.usefixtures("sandbox", "token")
class TestTheForm:
    def test_of_a_remix_names_what_it_was_opened_with(self, browser: Client, done: Generation) -> None:
        page = browser.get(f"/?from={done.pk}").content.decode()
        assert f'name="made_from" value="{done.pk}" checked' in page

    def test_with_another_prompt_of_the_address_names_nothing(self, browser: Client) -> None:
        assert 'name="made_from"' not in browser.get("/?prompt=a+fox").content.decode()

    def test_says_what_the_click_was_made_from(self, browser: Client, done: Generation) -> None:
        assert remix(browser, done, prompt="a heron at dusk").made_from == done

    def test_keeps_it_in_the_draft(self, browser: Client, user: User, done: Generation) -> None:
        browser.post(reverse("price"), form_data(made_from=str(done.pk)))
        assert Draft.objects.get(owner=user).values["made_from"] == str(done.pk)
        assert f'name="made_from" value="{done.pk}" checked' in browser.get("/").content.decode()

    def test_does_not_keep_it_in_a_preset(self, browser: Client, user: User, done: Generation) -> None:
        browser.post(reverse("presets"), form_data(made_from=str(done.pk), preset_name="Herons"))
        assert "made_from" not in user.presets.get().values

    @each("forged", ["x", "{}", "' OR 1=1", str(uuid.uuid4()), "../../admin"])
    def test_takes_a_click_with_a_forged_id_and_forgets_the_id(self, browser: Client, forged: str) -> None:
        assert remix(browser, forged).made_from is None
        assert browser.get("/", {"made_from": forged}).status_code == 200

    def test_takes_a_click_with_the_id_of_what_is_not_theirs_and_forgets_the_id(self, browser: Client) -> None:
        foreign = make_generation(make_user("ana"), status="done")
        assert remix(browser, foreign).made_from is None

    def test_links_to_what_a_colleague_shows(self, browser: Client) -> None:
        theirs = shown(make_generation(make_user("ana"), status="done"))
        assert remix(browser, theirs).made_from == theirs


class TestLineage:
    def test_leads_both_ways(self, user: User, done: Generation) -> None:
        made = make_generation(user, made_from=done)
        assert lineage(made, user) == Lineage([done], [])
        assert lineage(done, user) == Lineage([], [made])

    def test_has_what_used_a_picture_as_a_reference(self, user: User, done: Generation) -> None:
        made = referring(user, done)
        assert lineage(made, user) == Lineage([done], [])
        assert lineage(done, user) == Lineage([], [made])

    def test_has_each_once(self, user: User, done: Generation) -> None:
        made = referring(user, done, made_from=done)
        assert lineage(made, user) == Lineage([done], [])
        assert lineage(done, user) == Lineage([], [made])

    def test_keeps_its_sources_however_much_it_led_to(self, user: User, done: Generation) -> None:
        made = make_generation(user, made_from=done)
        led_to = [make_generation(user, made_from=made) for _ in range(30)]
        assert lineage(made, user) == Lineage([done], led_to[:-24:-1])

    def test_shows_nobody_what_is_not_theirs(self, user: User, done: Generation) -> None:
        ana = make_user("ana")
        shown(done)
        remixed, referred = make_generation(ana, made_from=done), referring(ana, done)
        assert lineage(done, user) == Lineage([], [])
        assert lineage(done, ana) == Lineage([], [referred, remixed])
        shown(remixed)
        assert lineage(done, user) == Lineage([], [remixed])

    def test_shows_nobody_a_source_that_was_hidden_since(self, user: User, done: Generation) -> None:
        ana = make_user("ana")
        remixed = make_generation(ana, made_from=done)
        assert lineage(remixed, ana) == Lineage([], [])

    def test_leaves_out_what_is_in_the_trash(self, user: User, done: Generation) -> None:
        made = make_generation(user, made_from=done)
        Generation.objects.filter(pk=made.pk).update(deleted_at=timezone.now())
        assert lineage(done, user) == Lineage([], [])

    def test_ends_where_a_source_is_erased(self, user: User, done: Generation) -> None:
        grandchild = make_generation(user, made_from=(made := make_generation(user, status="done", made_from=done)))
        now = timezone.now()
        Generation.objects.filter(pk=made.pk).update(deleted_at=trash_ends(now) - timedelta(days=1))
        trash.erase(made.pk, now)
        for row in (made, grandchild):
            row.refresh_from_db()
            assert row.made_from is None


class TestTheResultPage:
    def test_links_both_ways(self, browser: Client, user: User, done: Generation) -> None:
        made = make_generation(user, made_from=done, prompt="a heron at dusk")
        page = browser.get(done.get_absolute_url()).content.decode()
        assert "Led to" in page
        assert f'<a href="{made.get_absolute_url()}"' in page
        page = browser.get(made.get_absolute_url()).content.decode()
        assert "Made from" in page
        assert f'<a href="{done.get_absolute_url()}"' in page

    def test_says_nothing_of_what_others_keep_to_themselves(self, browser: Client, done: Generation) -> None:
        make_generation(make_user("ana"), made_from=shown(done), prompt="CANARY")
        page = browser.get(done.get_absolute_url()).content.decode()
        assert "CANARY" not in page
        assert "Led to" not in page

    def test_asks_two_queries_for_it(self, browser: Client, user: User, done: Generation) -> None:
        for _ in range(3):
            make_result(make_generation(user, status="done", made_from=done))
        with CaptureQueriesContext(
            connection,
        ) as asked:
            lineage(done, user)
        assert len(asked) == 2


def test_a_reference_picture_knows_the_result_it_is_a_copy_of(user: User, done: Generation) -> None:
    made = attachments.add_result(user, done.results.get())
    assert Reference.objects.get(pk=made.pk).result == done.results.get()
