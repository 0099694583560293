"""The refresh tick: cheap for a page that waits, and silent about everything but that something changed."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import time_machine
from django.conf import settings as django_settings
from django.core import signing
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Token, User
from generations.library import tick
from generations.models import Generation
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_result, make_user

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

S = Generation.Status
HTMX = {"HX-Request": "true"}
LONG = tick.LASTS + timedelta(seconds=2)


def ask(token: str, *live: str, client: Client | None = None) -> Response:
    """One tick, by default of a browser without any cookie."""
    return (client or Client()).post("/tick/", {"tick": token, "live": live}, headers=HTMX)


def seen(row: Generation) -> str:
    return f"{row.pk}:{row.version}"


def is_news(response: Response) -> bool:
    """Whether the answer is `changed` rather than nothing; it may never be anything else."""
    assert response.content == b""
    assert response["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response
    assert not response.cookies
    if response.status_code == 204:
        assert "HX-Trigger" not in response
        return False
    assert (response.status_code, response["HX-Trigger"]) == (200, "changed")
    return True


def live_form(response: Response) -> str:
    found = re.search(r'<form id="live".*?</form>', response.content.decode(), re.DOTALL)
    assert found
    return found[0]


def token_of(form: str) -> str:
    found = re.search(r'name="tick" value="([^"]+)"', form)
    assert found
    return found[1]


class TestAnswer:
    def test_nothing_new_is_an_empty_204_after_one_query(
        self, user: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        rows = [make_generation(user, status=S.RUNNING) for _ in range(3)]
        with django_assert_num_queries(1):
            assert not is_news(ask(tick.token_for(user), *map(seen, rows)))

    def test_one_changed_row_of_several_is_news(
        self, user: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        rows = [make_generation(user, status=S.RUNNING) for _ in range(3)]
        rows[1].mark_changed()
        with django_assert_num_queries(1):
            assert is_news(ask(tick.token_for(user), *map(seen, rows)))

    def test_a_place_in_line_is_not_part_of_what_is_compared(self, user: User) -> None:
        row = make_generation(user)
        assert not is_news(ask(tick.token_for(user), f"{row.pk}:1.7"))
        assert is_news(ask(tick.token_for(user), f"{row.pk}:17"))

    def test_a_page_on_which_nothing_is_live_any_more_is_sent_to_be_told_so(
        self, user: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(0):
            assert is_news(ask(tick.token_for(user)))

    def test_a_row_that_is_gone_is_nothing_new(self, user: User) -> None:
        row = make_generation(user)
        token, gone = tick.token_for(user), seen(row)
        Generation.objects.update(erased_at=timezone.now())
        assert not is_news(ask(token, gone))

    def test_nonsense_among_the_ids_is_passed_over(
        self, user: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        row = make_generation(user)
        token = tick.token_for(user)
        wrong = ["", ":", ":::", "x:1", f"{row.pk.hex}:0", f"{str(row.pk).upper()}:0", f"{row.pk}' OR 1=1:0", "\0:1"]
        with django_assert_num_queries(1):
            assert not is_news(ask(token, *wrong, seen(row)))
        row.mark_changed()
        assert is_news(ask(token, *wrong, seen(row)))
        assert is_news(ask(token, f"{row.pk}:"))

    def test_no_more_than_five_hundred_are_looked_at(
        self, user: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        row = make_generation(user)
        others = [f"{uuid.uuid4()}:1" for _ in range(tick.MOST)]
        with django_assert_num_queries(1):
            assert not is_news(ask(tick.token_for(user), *others, f"{row.pk}:0"))
        assert is_news(ask(tick.token_for(user), *others[1:], f"{row.pk}:0"))

    def test_a_flood_of_fields_is_refused(self, user: User) -> None:
        assert ask(tick.token_for(user), *["x:1"] * 4000).status_code == 400


class TestToken:
    def test_it_lasts_a_quarter_of_an_hour(self, user: User) -> None:
        row = make_generation(user)
        start = timezone.now()
        with time_machine.travel(start, tick=False) as clock:
            token = tick.token_for(user)
            clock.shift(tick.LASTS - timedelta(seconds=1))
            assert not is_news(ask(token, seen(row)))
            clock.shift(3)
            assert is_news(ask(token, seen(row)))

    def test_a_forged_one_only_hears_changed_and_costs_no_query(
        self, user: User, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        row = make_generation(user)
        good = tick.token_for(user)
        bad = [
            "",
            str(user.pk),
            good[:-1],
            good.replace(f"{user.pk}:", f"{user.pk + 1}:", 1),
            signing.TimestampSigner().sign(str(user.pk)),
            signing.dumps(user.pk),
        ]
        with django_assert_num_queries(0):
            for token in bad:
                assert is_news(ask(token, seen(row))), token
        settings.SECRET_KEY = "another installation's"
        assert is_news(ask(good, seen(row)))

    def test_a_missing_one_only_hears_changed(self, user: User) -> None:
        assert is_news(Client().post("/tick/", {"live": seen(make_generation(user))}))

    def test_it_tells_nothing_about_what_belongs_to_others(
        self, user: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        theirs = make_generation(make_user())
        token = tick.token_for(user)
        for marker in ["0", "1", "1.1", "2", "", "x"]:
            answers = []
            for pk in [theirs.pk, uuid.uuid4()]:
                with django_assert_num_queries(1):
                    answers.append(ask(token, f"{pk}:{marker}"))
            assert not any(map(is_news, answers))
            mine, others = ({**answer.headers, "X-Request-ID": ""} for answer in answers)
            assert mine == others


class TestStack:
    def test_no_session_is_real_view_and_none_is_made(
        self, browser: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        row = make_generation(user)
        token = tick.token_for(user)
        # Whoever is signed in, the token alone counts.
        with django_assert_num_queries(1):
            assert not is_news(ask(token, seen(row), client=browser))
        browser.logout()
        assert not is_news(ask(token, seen(row), client=browser))
        row.mark_changed()
        assert is_news(ask(token, seen(row), client=browser))

    def test_it_needs_no_csrf_token(self, user: User) -> None:
        row = make_generation(user)
        assert not is_news(ask(tick.token_for(user), seen(row), client=Client(enforce_csrf_checks=True)))

    @each("method", ["get", "head", "put", "patch", "delete", "options"])
    def test_it_is_a_post_and_nothing_else(self, browser: Client, method: str) -> None:
        assert getattr(browser, method)("/tick/").status_code == 405

    def test_it_keeps_the_headers_of_the_security_middleware(self, user: User, settings: Settings) -> None:
        settings.SECURE_HSTS_SECONDS = 31_536_000
        settings.SECURE_SSL_REDIRECT = True
        row = make_generation(user)
        response = Client().post("/tick/", {"tick": tick.token_for(user), "live": seen(row)}, secure=True)
        assert response.status_code == 204
        assert response["Strict-Transport-Security"].startswith("max-age=31536000")
        assert response["X-Content-Type-Options"] == "nosniff"
        assert ask(tick.token_for(user)).status_code == 301

    def test_the_address_answers_the_same_behind_the_whole_stack(self, user: User, settings: Settings) -> None:
        settings.MIDDLEWARE = [name for name in django_settings.MIDDLEWARE if not name.endswith("ticks_first")]
        row = make_generation(user)
        client = Client(enforce_csrf_checks=True)
        assert not is_news(ask(tick.token_for(user), seen(row), client=client))
        assert is_news(ask("", seen(row), client=client))


class TestPage:
    def test_a_page_with_live_cards_ticks_with_a_token_of_its_person(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        row = make_generation(user, status=S.RUNNING)
        for page in ["/", "/generations/", row.get_absolute_url()]:
            form = live_form(browser.get(page))
            assert tick.holder(token_of(form)) == user.pk
            assert 'hx-post="/tick/" hx-trigger="every 2s"' in form
            assert not is_news(ask(token_of(form), seen(row)))

    def test_a_page_with_nothing_live_asks_nothing(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        row = make_generation(user, status=S.DONE)
        make_result(row)
        for page in ["/", "/generations/"]:
            form = live_form(browser.get(page))
            assert "hx-" not in form
            assert "tick" not in form

    def test_the_full_request_waits_for_news_unless_something_is_in_line(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        running = make_generation(user, status=S.RUNNING)
        pages = ["/", "/generations/", running.get_absolute_url()]
        for page in pages:
            assert 'hx-trigger="changed"' in live_form(browser.get(page))
        queued = make_generation(user)
        for page in ["/", "/generations/", queued.get_absolute_url()]:
            assert 'hx-trigger="changed, every 6s"' in live_form(browser.get(page))


class TestFullRequest:
    """`live`, which the page asks when the tick says so."""

    def ask(self, browser: Client, form: str, *rows: Generation) -> Response:
        data = dict(re.findall(r'name="(whole|in_line|tick)" value="([^"]*)"', form))
        return browser.post("/generations/live/", {**data, "live": [seen(row) for row in rows]}, headers=HTMX)

    def test_nothing_new_is_a_204_while_the_token_is_good(self, browser: Client, user: User) -> None:
        row = make_generation(user, status=S.RUNNING)
        assert self.ask(browser, live_form(browser.get("/generations/")), row).status_code == 204

    def test_a_stale_token_is_renewed_though_nothing_changed(self, browser: Client, user: User) -> None:
        row = make_generation(user, status=S.RUNNING)
        start = timezone.now()
        with time_machine.travel(start, tick=False) as clock:
            form = live_form(browser.get(row.get_absolute_url()))
            for _ in range(3):
                clock.shift(LONG)
                assert is_news(ask(token_of(form), seen(row)))
                response = self.ask(browser, form, row)
                form = live_form(response)
                assert 'hx-swap-oob="true"' in form
                assert 'name="whole"' in form
                assert 'hx-trigger="changed"' in form
                assert "<article" not in response.content.decode()
                assert not is_news(ask(token_of(form), seen(row)))
                assert self.ask(browser, form, row).status_code == 204

    def test_changed_cards_bring_a_fresh_token(self, browser: Client, user: User) -> None:
        row = make_generation(user, status=S.SENDING)
        start = timezone.now()
        with time_machine.travel(start, tick=False) as clock:
            form = live_form(browser.get("/generations/"))
            known = seen(row)
            row.move(S.RUNNING, expecting=S.SENDING)
            clock.shift(60)
            assert is_news(ask(token_of(form), known))
            fresh = token_of(live_form(self.ask(browser, form, Generation(pk=row.pk, version=1))))
            clock.shift(LONG - timedelta(seconds=60))
            row.refresh_from_db()
            assert is_news(ask(token_of(form), seen(row)))
            assert not is_news(ask(fresh, seen(row)))

    def test_a_page_whose_cards_are_all_gone_stops_asking_with_its_token(self, browser: Client, user: User) -> None:
        row = make_generation(user, status=S.RUNNING)
        start = timezone.now()
        with time_machine.travel(start, tick=False) as clock:
            form = live_form(browser.get("/generations/"))
            clock.shift(LONG)
            Generation.objects.filter(pk=row.pk).update(erased_at=timezone.now())
            assert "hx-post" not in live_form(self.ask(browser, form, row))

    def test_what_a_filter_finds_decides_whether_the_page_asks(self, browser: Client, user: User) -> None:
        make_generation(user, status=S.RUNNING)
        assert "every 2s" not in live_form(browser.get("/generations/", {"state": "done"}, headers=HTMX))
        assert "every 2s" in live_form(browser.get("/generations/", {"state": "waiting"}, headers=HTMX))

    def test_another_person_in_the_same_browser_gets_a_token_of_their_own(self, browser: Client, user: User) -> None:
        row = make_generation(user, status=S.RUNNING)
        form = live_form(browser.get("/generations/"))
        other = make_user()
        own = make_generation(other, status=S.RUNNING)
        browser.force_login(other)
        assert tick.holder(token_of(live_form(self.ask(browser, form, row, own)))) == other.pk

    def test_a_signed_out_browser_gets_an_empty_401(self, browser: Client, user: User) -> None:
        row = make_generation(user, status=S.RUNNING)
        form = live_form(browser.get("/generations/"))
        browser.logout()
        response = self.ask(browser, form, row)
        assert (response.status_code, response.content) == (401, b"")

    def test_asking_for_places_ends_with_the_line_and_comes_back_with_it(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        row = make_generation(user)
        form = live_form(browser.get("/generations/"))
        assert "every 6s" in form
        row.move(S.RUNNING, expecting=S.QUEUED)
        row.refresh_from_db()
        form = live_form(self.ask(browser, form, row))
        assert "every 6s" not in form
        assert self.ask(browser, form, row).status_code == 204
        row.move(S.QUEUED, expecting=S.RUNNING)
        assert "every 6s" in live_form(self.ask(browser, form, row))

    def test_after_an_action_places_are_asked_for_until_the_page_is_known(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        row, other = make_generation(user, status=S.CANCELLED), make_generation(user, status=S.RUNNING)
        form = live_form(browser.post(f"/generations/{row.pk}/send-again/", headers=HTMX))
        assert "every 6s" in form
        form = live_form(self.ask(browser, form, other))
        assert "every 6s" not in form
        assert "every 2s" in form
