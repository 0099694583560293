"""What somebody who is signed out can make the studio store has an end."""

import contextlib
import secrets
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import Token, User
from generations import tasks
from generations.models import Draft, Share
from generations.sharing import links
from generations.studio import drafts
from meigen_site.cookies import Messages
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation, make_result, make_token, make_user
from tests.studio.test_form import sign_in

GENERATE = "/generations/"


def post(user: User, client: Client | None = None, *, mark: str = "", **values: Any) -> tuple[Client, str]:
    """A form of a page of the user's, sent by somebody who is signed out. Returns what they read next."""
    client = client or Client()
    page = client.post(GENERATE, form_data(person=mark or drafts.mark(user), **values), follow=True)
    return client, page.content.decode()


class TestASignedOutForm:
    def test_waits_for_a_day(self, user: User) -> None:
        client, _ = post(user)
        row = Session.objects.get()
        assert timedelta(hours=23) < row.expire_date - timezone.now() <= timedelta(days=1)
        assert client.cookies["sessionid"]["max-age"] == drafts.WAITS

    def test_does_not_shorten_the_sign_in_that_follows(self, sandbox: FastSandbox, user: User, token: Token) -> None:
        client, _ = post(user, prompt="a patient heron")
        assert "a patient heron" in sign_in(client, user)
        assert client.session.get_expiry_age() == django_settings.SESSION_COOKIE_AGE

    def test_does_not_shorten_a_sign_in_that_sets_no_time_either(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        client, _ = post(user, prompt="a patient heron")
        client.force_login(user)
        assert "a patient heron" in client.get("/").content.decode()
        assert client.session.get_expiry_age() == django_settings.SESSION_COOKIE_AGE

    def test_that_is_too_large_is_not_kept_and_says_so(self, user: User) -> None:
        _, page = post(user, prompt="x" * 60_000, sref="y" * 60_000)
        assert "What you typed was not kept, because it is too long." in page
        assert not Session.objects.exists()

    def test_with_one_prompt_that_is_far_too_long_is_kept_to_be_shortened(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        client, _ = post(user, prompt="x" * 50_000)
        assert "x" * 50_000 in sign_in(client, user)

    def test_is_kept_ten_times_an_hour_for_one_person(self, user: User) -> None:
        pages = [post(user)[1] for _ in range(15)]
        assert Session.objects.count() == 10
        assert ["happened too often" in page for page in pages] == [False] * 10 + [True] * 5

    def test_of_a_page_older_than_a_week_is_not_kept_and_says_so(self, user: User) -> None:
        mark = drafts.mark(user)
        with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
            _, page = post(user, mark=mark)
            assert "was not kept" not in page
        Session.objects.all().delete()
        with time_machine.travel(timezone.now() + timedelta(days=7, hours=1)):
            _, page = post(user, mark=mark)
        assert "What you typed was not kept, because its page was older than a week." in page
        assert not Session.objects.exists()

    def test_is_never_that_of_whoever_signs_in_instead(self, sandbox: FastSandbox, user: User) -> None:
        client, _ = post(user, prompt="a patient heron")
        other = make_user("other")
        make_token(other)
        assert "a patient heron" not in sign_in(client, other)
        assert not Draft.objects.exists()

    def test_with_a_mark_that_somebody_made_up_is_not_kept(self, user: User) -> None:
        for mark in [str(user.pk), f"{user.pk}:abc", f"{user.pk}:1wGkhT:abc", "\0", "x" * 100_000]:
            post(user, mark=mark)
        assert not Session.objects.exists()


def names(patterns: Any = None) -> list[str]:
    """Every address that has a name, outside of the admin."""
    found: list[str] = []
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace != "admin":
            found += names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.append(pattern.name)
    return found


class TestWhoOnlyLooks:
    @pytest.fixture
    def share(self, user: User) -> Share:
        row = make_generation(user, status="done")
        make_result(row)
        return links.share(user, [row], allows_hearts=True)

    def addresses(self, share: Share) -> list[str]:
        made = share.generations.get()
        arguments: dict[str, Any] = {"secret": share.secret, "result": made.results.get().pk, "pk": made.pk}
        known = [{}, *({key: value} for key, value in arguments.items())]
        known.append({"secret": share.secret, "result": arguments["result"]})
        found = ["/admin/", "/admin/login/", "/admin/accounts/user/", "/nowhere/"]
        for name in names():
            for given in known:
                with contextlib.suppress(NoReverseMatch):
                    found.append(reverse(name, kwargs=given))
        return found

    @pytest.mark.slow
    @each("method", ["get", "head", "post"])
    def test_gets_no_session(self, share: Share, method: str) -> None:
        addresses = self.addresses(share)
        assert len(addresses) > 50
        for address in addresses:
            client = Client(raise_request_exception=False)
            answer = getattr(client, method)(address, headers={"User-Agent": "Firefox"})
            assert "sessionid" not in answer.cookies, address
        assert not Session.objects.exists()

    def test_gets_few_for_passkeys_they_never_show_and_not_for_long(self, db: None) -> None:
        headers = {"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"}
        statuses = [Client().get(reverse("mfa_login_webauthn"), headers=headers).status_code for _ in range(70)]
        assert statuses == [200] * 60 + [429] * 10
        assert Session.objects.filter(expire_date__lt=timezone.now() + timedelta(minutes=11)).count() == 60

    def test_gets_none_for_messages_that_are_never_read(self, db: None) -> None:
        """They compress well, so it takes many clicks until a cookie is full; here they come at once."""
        request = RequestFactory().get("/")
        request.user, request.session = AnonymousUser(), SessionStore()
        waiting, response = Messages(request), HttpResponse()
        for _ in range(200):
            waiting.add(messages.WARNING, secrets.token_hex(40))
        waiting.update(response)
        assert request.session.is_empty()
        assert 0 < len(response.cookies["messages"].value) < 4096

    def test_reads_why_nothing_was_done(self, db: None) -> None:
        client = Client()
        client.post("/shares/new/")
        assert "nothing was changed" in client.get("/accounts/login/").content.decode()


def test_sessions_that_have_expired_go_and_others_stay(browser: Client, user: User) -> None:
    post(user)
    Session.objects.exclude(pk=browser.session.session_key).update(expire_date=timezone.now() - timedelta(seconds=1))
    tasks.tidy()
    assert [row.pk for row in Session.objects.all()] == [browser.session.session_key]
