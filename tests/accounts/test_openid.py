"""Sign-in by OpenID Connect: who has an account comes in, and nobody gets one."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from meigen_api.secret import Secret
from meigen_site import env
from tests.accounts.provider import CLIENT, SECRET, Provider, running
from tests.accounts.test_second_factors import code_of, held, set_up_app
from tests.accounts.test_second_factors import sign_in as by_password
from tests.helpers import make_user

START = "/accounts/login/openid/"
UNKNOWN = "Ask an admin for an account."
FAILED = "Signing in with Example did not work."


def name_provider(settings: Settings, provider: Provider) -> None:
    app = env.OpenID(provider.url, CLIENT, Secret(SECRET), "Example").app
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    with running() as provider:
        name_provider(settings, provider)
        yield provider


@pytest.fixture
def fox(db: None) -> User:
    """The person whom the provider speaks of."""
    return make_user("fox")


def go(client: Client, **form: str) -> str:
    """The address at the provider to which the sign-in page leads."""
    page = client.post(START, form).content.decode()
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert found, page
    return unescape(found[1])


def back(there: str) -> str:
    """Where the provider sends people back to, without the host."""
    sent = urlsplit(httpx.get(there, trust_env=False).headers["Location"])
    assert sent.netloc == "testserver"
    return f"{sent.path}?{sent.query}"


def come(client: Client | None = None, **form: str) -> tuple[Client, str]:
    """A browser after the whole way, and the page on which it ended."""
    client = client or Client()
    answer = client.get(back(go(client, **form)), follow=True)
    assert answer.status_code in {200, 403}
    return client, answer.content.decode()


def is_in(client: Client) -> bool:
    return client.get("/accounts/time-zone/").status_code == 200


class TestSomebodyWithAnAccount:
    def test_comes_in_by_the_address_that_the_provider_has_verified(self, provider: Provider, fox: User) -> None:
        client, _ = come()
        assert client.session["_auth_user_id"] == str(fox.pk)
        assert SocialAccount.objects.get().user == fox

    def test_comes_to_the_page_that_was_asked_for(self, provider: Provider, fox: User) -> None:
        client = Client()
        answer = client.get(back(go(client, next="/accounts/tokens/?a=b")))
        assert answer["Location"] == "/accounts/tokens/?a=b"

    def test_does_not_come_to_another_site(self, provider: Provider, fox: User) -> None:
        client = Client()
        assert client.get(back(go(client, next="https://evil.example/")))["Location"] == "/"

    def test_keeps_the_password_and_other_sessions(self, provider: Provider, fox: User) -> None:
        other = by_password("fox")
        come()
        assert is_in(other)
        assert is_in(by_password("fox"))

    def test_is_known_by_number_after_the_address_has_changed(self, provider: Provider, fox: User) -> None:
        come()
        provider.person |= {"email": "vixen@example.com", "email_verified": False}
        assert is_in(come()[0])

    def test_is_found_in_capitals(self, provider: Provider, fox: User) -> None:
        provider.person["email"] = "Fox@Example.COM"
        assert is_in(come()[0])

    def test_still_needs_the_second_factor(self, provider: Provider, fox: User) -> None:
        secret = set_up_app(by_password("fox"))
        client, page = come()
        assert "Second factor" in page
        assert not is_in(client)
        with held():
            client.post("/accounts/login/code/", {"code": code_of(secret)})
        assert is_in(client)

    def test_stays_out_when_switched_off(self, provider: Provider, fox: User) -> None:
        User.objects.update(is_active=False)
        for _ in range(2):
            client, page = come()
            assert "This account is switched off." in page
            assert not is_in(client)
        assert not SocialAccount.objects.exists()

    def test_stays_out_when_switched_off_later(self, provider: Provider, fox: User) -> None:
        come()
        User.objects.update(is_active=False)
        client, page = come()
        assert "This account is switched off." in page
        assert not is_in(client)


class TestSomebodyWithout:
    @pytest.mark.parametrize(
        "person",
        [
            {"email": "owl@example.com"},
            {"email": ""},
            {"email": None},
            {"email": ["fox@example.com"]},
            {"email_verified": False},
            {"email_verified": "false"},
            {"email_verified": "true"},
            {"email_verified": None},
            {"email": "\uff46ox@example.com"},
            {"email": "fo\u2179@example.com"},
        ],
    )
    def test_is_told_whom_to_ask_and_gets_none(self, provider: Provider, fox: User, person: dict[str, object]) -> None:
        provider.person |= person
        client, page = come()
        assert UNKNOWN in page
        assert not is_in(client)
        assert User.objects.count() == 1
        assert not SocialAccount.objects.exists()

    def test_does_not_inherit_the_account_of_who_had_the_address_before(self, provider: Provider, fox: User) -> None:
        come()
        provider.person["sub"] = "8"
        client, page = come()
        assert UNKNOWN in page
        assert not is_in(client)

    def test_is_not_somebody_with_the_same_number_at_another_provider(
        self, provider: Provider, fox: User, settings: Settings
    ) -> None:
        come()
        with running() as another:
            name_provider(settings, another)
            another.person["email"] = "owl@example.com"
            client, page = come()
        assert UNKNOWN in page
        assert not is_in(client)


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        "claims",
        [
            {"aud": "another-studio"},
            {"aud": None},
            {"iss": "https://evil.example"},
            {"exp": 1},
            {"sub": "8"},
            {"sub": None},
        ],
    )
    def test_in_the_id_token_lets_nobody_in(self, provider: Provider, fox: User, claims: dict[str, object]) -> None:
        provider.claims = claims
        client, page = come()
        assert FAILED in page
        assert not is_in(client)

    def test_without_an_id_token_lets_nobody_in(self, provider: Provider, fox: User) -> None:
        provider.answers["/token"] = (200, b'{"access_token": "access", "token_type": "Bearer"}')
        client, page = come()
        assert FAILED in page
        assert not is_in(client)

    def test_a_state_that_this_browser_never_had_lets_nobody_in(self, provider: Provider, fox: User) -> None:
        theirs = back(go(Client()))
        client = Client()
        assert client.get(theirs).status_code == 403
        assert not is_in(client)
        mine = back(go(client))
        state = dict(parse_qsl(urlsplit(mine).query))["state"]
        assert client.get(mine.replace(state, "x" * 16)).status_code == 403
        assert not is_in(client)

    def test_a_state_serves_once(self, provider: Provider, fox: User) -> None:
        client = Client()
        there = go(client)
        client.get(back(there))
        client.post("/accounts/logout/")
        assert client.get(back(there)).status_code == 403

    def test_a_code_of_another_browser_lets_nobody_in(self, provider: Provider, fox: User) -> None:
        code = dict(parse_qsl(urlsplit(back(go(Client()))).query))["code"]
        client = Client()
        mine = back(go(client))
        own = dict(parse_qsl(urlsplit(mine).query))["code"]
        assert client.get(mine.replace(own, code)).status_code == 403
        assert not is_in(client)

    def test_a_refusal_by_the_provider_is_said(self, provider: Provider, fox: User) -> None:
        client = Client()
        sent = urlsplit(back(go(client)))
        state = dict(parse_qsl(sent.query))["state"]
        for error in ("access_denied", "server_error"):
            answer = client.get(f"{sent.path}?error={error}&state={state}")
            assert answer.status_code == 403
            assert FAILED in answer.content.decode()

    @pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/userinfo"])
    @pytest.mark.parametrize(
        "answer",
        [(500, b""), (200, b"<html>"), (200, b"[]"), (200, b"null"), (200, b"{}"), (302, b""), (200, b'{"sub": []}')],
    )
    def test_in_an_answer_is_no_error_of_ours(
        self, provider: Provider, fox: User, path: str, answer: tuple[int, bytes]
    ) -> None:
        client = Client()
        sent = back(go(client))
        provider.answers[path] = answer
        if path.startswith("/."):
            assert FAILED in client.post(START).content.decode()
        refused = client.get(sent)
        assert refused.status_code == 403
        assert FAILED in refused.content.decode()
        assert not is_in(client)


def test_a_provider_that_does_not_answer_is_said(provider: Provider, fox: User) -> None:
    client = Client()
    sent = back(go(client))
    provider.server_close()
    assert FAILED in client.post(START).content.decode()
    assert FAILED in client.get(sent).content.decode()


def test_no_proxy_of_the_environment_is_asked(provider: Provider, fox: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    assert is_in(come()[0])


def test_the_sign_in_page_offers_the_provider_by_its_name(provider: Provider, db: None) -> None:
    assert "Sign in with Example" in Client().get("/accounts/login/").content.decode()


def test_going_there_needs_a_press_of_the_button(provider: Provider, fox: User) -> None:
    assert Client().get(START).status_code == 405
    assert Client(enforce_csrf_checks=True).post(START).status_code == 403
    client = Client()
    there = dict(parse_qsl(urlsplit(go(client, scope="admin", process="connect")).query))
    assert set(there["scope"].split()) == {"openid", "profile", "email"}
    assert there["code_challenge_method"] == "S256"


def test_without_a_provider_there_is_no_way_to_one(db: None) -> None:
    client = Client()
    assert "/openid/" not in client.get("/accounts/login/").content.decode()
    assert client.post(START).status_code == 404
    assert client.get(f"{START}login.example/?code=a&state=b").status_code == 404


@pytest.mark.slow
def test_nobody_fills_the_studio_with_sign_ins_that_never_end(provider: Provider, fox: User) -> None:
    statuses = [Client().post(START, {"next": "/" + "x" * 1900}).status_code for _ in range(65)]
    assert statuses == [200] * 60 + [429] * 5
    soon = timezone.now() + timedelta(minutes=11)
    assert Session.objects.filter(expire_date__lt=soon).count() == 60
