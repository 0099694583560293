"""The token page: paste, check, replace, remove."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts import tokens
from accounts.models import Token, User
from accounts.token_check import Verdict
from meigen_api.secret import Secret
from sandbox.answers import Response, html
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_token, make_user

PLAIN = "meigen_sk_0123456789abcdef0123456789abcdef"
PAGE = "/accounts/tokens/"


def test_a_pasted_token_is_checked_free_of_charge_and_shown_masked(
    sandbox: FastSandbox, browser: Client, user: User
) -> None:
    response = browser.post(PAGE, {"token": f"  {PLAIN} ", "label": "Work"}, follow=True)
    body = response.content.decode()
    assert "meigen_sk_...cdef" in body
    assert "Work" in body
    assert PLAIN not in body
    token = Token.objects.get(owner=user)
    assert token.checked_at is not None
    assert sandbox.ledger.charges() == []


@each(
    ("pasted", "words"),
    [
        ("", "Paste a token first"),
        ("hello", "does not look like a Meigen token"),
        ("meigen_sk_ü", "not a token"),
        ("meigen_sk_a b", "not a token"),
    ],
)
def test_nonsense_gets_a_sentence(sandbox: FastSandbox, browser: Client, pasted: str, words: str) -> None:
    response = browser.post(PAGE, {"token": pasted})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Token.objects.exists()


def test_a_token_meigen_refuses_is_not_stored_nor_repeated(sandbox: FastSandbox, browser: Client) -> None:
    sandbox.revoke(PLAIN)
    response = browser.post(PAGE, {"token": PLAIN})
    assert response.status_code == 422
    assert "does not accept this token (401)" in response.content.decode()
    assert PLAIN not in response.content.decode()
    assert not Token.objects.exists()


@each("answer", [html(502), Response(200, b"<html>"), Response(503), Response(200, drop=True)])
def test_when_meigen_cannot_be_asked_the_token_is_kept_unchecked(
    sandbox: FastSandbox, browser: Client, answer: Response
) -> None:
    sandbox.fail_next("/api/", answer, times=2)
    response = browser.post(PAGE, {"token": PLAIN}, follow=True)
    assert "could not be reached" in response.content.decode()
    assert Token.objects.get().checked_at is None


def test_a_server_without_the_recovery_call_still_tells_a_bad_token(sandbox: FastSandbox, browser: Client) -> None:
    sandbox.fail_next("/api/generate/v2/requests", Response(404, b"not found"))
    sandbox.revoke(PLAIN)
    assert browser.post(PAGE, {"token": PLAIN}).status_code == 422


def test_a_token_pasted_as_the_label_is_not_stored(sandbox: FastSandbox, browser: Client) -> None:
    response = browser.post(PAGE, {"token": PLAIN, "label": PLAIN})
    assert "only a name" in response.content.decode()
    assert not Token.objects.exists()


def test_a_token_removed_while_meigen_was_asked_does_not_come_back(
    sandbox: FastSandbox, user: User, token: Token
) -> None:
    stale = Token.objects.get(pk=token.pk)
    tokens.remove(token)
    with pytest.raises(Token.DoesNotExist):
        tokens.replace(stale, Secret(PLAIN), Verdict.GOOD)
    assert not Token.objects.exists()


def test_the_same_token_again_takes_the_new_label(sandbox: FastSandbox, browser: Client) -> None:
    browser.post(PAGE, {"token": PLAIN, "label": "Old"})
    browser.post(PAGE, {"token": PLAIN, "label": "New"})
    assert Token.objects.get().label == "New"


def test_a_second_token_becomes_the_one_in_use(sandbox: FastSandbox, browser: Client, user: User) -> None:
    browser.post(PAGE, {"token": PLAIN})
    browser.post(PAGE, {"token": "meigen_sk_second", "label": "Second"})
    assert Token.objects.count() == 2
    token = Token.objects.default_for(user)
    assert token is not None
    assert token.label == "Second"


def test_replacing_keeps_the_row_and_counts_the_revision(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    browser.post(f"{PAGE}{token.pk}/replace/", {"token": PLAIN})
    token.refresh_from_db()
    assert (token.last4, token.revision) == ("cdef", 2)


def test_replacing_with_a_token_of_another_row_is_refused_in_words(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    make_token(user, PLAIN)
    response = browser.post(f"{PAGE}{token.pk}/replace/", {"token": PLAIN})
    assert response.status_code == 422
    assert "You have already added this token" in response.content.decode()


def test_removing_leaves_another_as_default(sandbox: FastSandbox, browser: Client, user: User, token: Token) -> None:
    second = make_token(user, PLAIN)
    browser.post(f"{PAGE}{second.pk}/remove/")
    assert Token.objects.default_for(user) == token
    assert Token.objects.get().is_default


def test_a_check_finds_a_token_that_has_died(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    sandbox.revoke(token.secret().reveal())
    response = browser.post(f"{PAGE}{token.pk}/check/")
    assert "refuses this token" in str([*get_messages(response.wsgi_request)])
    token.refresh_from_db()
    assert token.refused_at is not None


@each("action", ["replace", "check", "remove"])
def test_somebody_elses_token_is_not_there(sandbox: FastSandbox, browser: Client, action: str) -> None:
    foreign = make_token(make_user())
    assert browser.post(f"{PAGE}{foreign.pk}/{action}/", {"token": PLAIN}).status_code == 404


def test_it_leads_back_to_where_the_person_came_from_but_not_elsewhere(sandbox: FastSandbox, browser: Client) -> None:
    assert browser.post(PAGE, {"token": PLAIN, "next": "/"})["Location"] == "/"
    response = browser.post(PAGE, {"token": PLAIN, "next": "https://evil.example/"})
    assert response["Location"] == PAGE


class TestPurses:
    """Purchased and daily credits pay for different models: they are told apart wherever a balance is shown."""

    @each(
        ("purchased", "daily", "words"),
        [
            (400, 20, "400 purchased · 20 daily"),
            (0, 20, "0 purchased · 20 daily"),
            (400, 0, "400 purchased · 0 daily"),
            (400, None, "400 purchased"),
            (None, 20, "20 daily"),
            (None, None, ""),
        ],
    )
    def test_a_session_token_has_two(self, purchased: int | None, daily: int | None, words: str) -> None:
        assert Token(kind="session", credits=purchased, daily_credits=daily).spendable == words

    @each(("purchased", "words"), [(412, "412 credits"), (0, "0 credits"), (None, "")])
    def test_an_api_token_has_the_purchased_one_only(self, purchased: int | None, words: str) -> None:
        assert Token(kind="api", credits=purchased, daily_credits=20).spendable == words

    @each("kind", ["api", "session"])
    def test_an_unlimited_account_counts_nothing(self, kind: str) -> None:
        assert Token(kind=kind, credits=4, daily_credits=2, is_unlimited=True).spendable == "unlimited credits"

    def test_the_page_and_the_header_tell_both_and_what_each_pays_for(
        self, sandbox: FastSandbox, browser: Client, user: User
    ) -> None:
        tokens.add(user, Secret(sandbox.session_token("ana")), "Browser", Verdict.GOOD)
        Token.objects.update(credits=400, daily_credits=20)
        body = browser.get(PAGE).content.decode()
        header, page = body.split("<h1>")
        assert "400 purchased · 20 daily" in header
        assert "400 purchased · 20 daily" in page
        assert "Purchased credits pay for every model, daily credits only for basic ones" in page
        assert "420" not in body

    def test_of_an_api_token_too(self, browser: Client, token: Token) -> None:
        Token.objects.update(credits=400, daily_credits=20)
        body = browser.get(PAGE).content.decode()
        assert body.count("400 credits") == 2
        assert "It spends purchased credits and works with every model" in body
        assert "20 daily" not in body


class TestAtMeigen:
    """Managing the account's tokens with a session token."""

    @pytest.fixture
    def session(self, sandbox: FastSandbox, user: User) -> Token:
        return tokens.add(user, Secret(sandbox.session_token("ana")), "Browser", Verdict.GOOD)

    def test_a_session_token_is_explained_and_tells_when_it_ends(self, browser: Client, session: Token) -> None:
        body = browser.get(PAGE).content.decode()
        assert "Session token" in body
        assert "Expires on" in body
        assert "Manage tokens at Meigen" in body

    def test_without_one_the_page_says_what_is_needed(self, sandbox: FastSandbox, browser: Client) -> None:
        body = browser.get(f"{PAGE}at-meigen/", follow=True).content.decode()
        assert "Add a session token first" in body

    def test_a_made_token_is_stored_at_once_and_shown_once(self, browser: Client, user: User, session: Token) -> None:
        body = browser.post(f"{PAGE}at-meigen/", {"name": "Studio"}).content.decode()
        made = Token.objects.get(owner=user, kind="api")
        plain = made.secret().reveal()
        assert plain in body
        assert made.is_default
        assert plain not in browser.get(f"{PAGE}at-meigen/").content.decode()

    def test_usage_and_revocation(self, sandbox: FastSandbox, browser: Client, user: User, session: Token) -> None:
        browser.post(f"{PAGE}at-meigen/", {"name": "Studio"})
        browser.post("/generations/", {"prompt": "a fox", "model_id": "z-image-turbo"})
        [info] = sandbox.ledger.tokens("ana")
        assert "z-image-turbo" in browser.get(f"{PAGE}at-meigen/{info.id}/usage/").content.decode()
        browser.post(f"{PAGE}at-meigen/{info.id}/revoke/")
        assert not sandbox.ledger.tokens("ana")[0].active
        assert "revoked" in browser.get(f"{PAGE}at-meigen/").content.decode()

    def test_an_expired_session_says_what_to_do(self, sandbox: FastSandbox, browser: Client, user: User) -> None:
        tokens.add(user, Secret(sandbox.session_token("ana", seconds=-5)), "Browser", Verdict.UNKNOWN)
        assert "Copy a new one" in browser.get(f"{PAGE}at-meigen/").content.decode()

    @each("answer", [html(502), Response(200, b"nonsense"), Response(200, b'{"tokens": 5}')])
    def test_a_server_that_fails_gets_a_sentence(
        self, sandbox: FastSandbox, browser: Client, session: Token, answer: Response
    ) -> None:
        sandbox.fail_next("/api/tokens", answer, times=3)
        assert "Try again in a minute" in browser.get(f"{PAGE}at-meigen/").content.decode()
        response = browser.post(f"{PAGE}at-meigen/", {"name": "Studio"})
        assert response.status_code == 422
        assert browser.post(f"{PAGE}at-meigen/", {"name": ""}).status_code == 422

    def test_another_token_can_be_made_the_one_to_pay_with(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        second = make_token(user, PLAIN)
        browser.post(f"{PAGE}{token.pk}/use/")
        assert Token.objects.default_for(user) == token
        browser.post(f"{PAGE}{second.pk}/use/")
        assert Token.objects.default_for(user) == second
