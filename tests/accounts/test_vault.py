"""Tokens at rest: encrypted, bound to their owner, readable only with the right key."""

import pickle
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.checks import run_checks
from django.core.management import call_command
from pytest_django import Settings

from accounts import vault
from accounts.models import Token, User
from meigen_api.secret import Secret
from tests.helpers import make_token, make_user

PLAIN = "meigen_sk_0123456789abcdef0123456789abcdef"


def test_a_secret_shows_itself_nowhere() -> None:
    secret = Secret(PLAIN)
    assert PLAIN not in f"{secret} {secret!r} {[secret]} {vars(type(secret))}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_sealed_token_opens_for_its_owner_only(db: None) -> None:
    sealed = vault.seal(Secret(PLAIN), owner_id=1)
    assert vault.unseal(sealed, owner_id=1) == Secret(PLAIN)
    with pytest.raises(vault.Unreadable):
        vault.unseal(sealed, owner_id=2)


def test_the_row_holds_nothing_of_the_token_but_its_end(user: User) -> None:
    row = Token.objects.filter(pk=make_token(user, PLAIN).pk).values().get()
    assert PLAIN[:-4] not in str(row)
    assert row["last4"] == "cdef"


def test_the_secret_key_has_no_part_in_it(user: User, settings: Settings) -> None:
    token = make_token(user, PLAIN)
    settings.SECRET_KEY = "another"
    assert token.secret() == Secret(PLAIN)


def test_without_its_key_a_token_is_unreadable_and_the_checks_say_so(user: User, settings: Settings) -> None:
    token = make_token(user, PLAIN)
    settings.TOKEN_KEYS = [("new", Secret(Fernet.generate_key().decode()))]
    with pytest.raises(vault.Unreadable):
        token.secret()
    assert [message.id for message in run_checks(databases=["default"])] == ["accounts.E001"]


def test_rotation_leaves_nothing_under_the_old_key(user: User, settings: Settings) -> None:
    tokens = [make_token(make_user()) for _ in range(3)]
    before = [token.secret() for token in tokens]
    settings.TOKEN_KEYS = [("new", Secret(Fernet.generate_key().decode())), *settings.TOKEN_KEYS]
    call_command("rotate_tokens", stdout=StringIO())
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]
    assert [Token.objects.get(pk=token.pk).secret() for token in tokens] == before


def test_two_people_with_one_token_have_one_fingerprint(user: User) -> None:
    assert make_token(user, PLAIN).fingerprint == make_token(make_user(), PLAIN).fingerprint
