"""The token page: paste, check, replace, remove."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import Token, User
from meigen_api.sandbox.answers import Response, html
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


@pytest.mark.parametrize(
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


@pytest.mark.parametrize("answer", [html(502), Response(200, b"<html>"), Response(503), Response(200, drop=True)])
def test_when_meigen_cannot_be_asked_the_token_is_kept_unchecked(
    sandbox: FastSandbox, browser: Client, answer: Response
) -> None:
    sandbox.fail_next("/api/", answer, times=2)
    response = browser.post(PAGE, {"token": PLAIN}, follow=True)
    assert "could not be asked" in response.content.decode()
    assert Token.objects.get().checked_at is None


def test_a_server_without_the_recovery_call_still_tells_a_bad_token(sandbox: FastSandbox, browser: Client) -> None:
    sandbox.fail_next("/api/generate/v2/requests", Response(404, b"not found"))
    sandbox.revoke(PLAIN)
    assert browser.post(PAGE, {"token": PLAIN}).status_code == 422


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
    assert "You have this token already" in response.content.decode()


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


@pytest.mark.parametrize("action", ["replace", "check", "remove"])
def test_somebody_elses_token_is_not_there(sandbox: FastSandbox, browser: Client, action: str) -> None:
    foreign = make_token(make_user())
    assert browser.post(f"{PAGE}{foreign.pk}/{action}/", {"token": PLAIN}).status_code == 404


def test_it_leads_back_to_where_the_person_came_from_but_not_elsewhere(sandbox: FastSandbox, browser: Client) -> None:
    assert browser.post(PAGE, {"token": PLAIN, "next": "/"})["Location"] == "/"
    response = browser.post(PAGE, {"token": PLAIN, "next": "https://evil.example/"})
    assert response["Location"] == PAGE
