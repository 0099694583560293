"""Second factors: setting one up, signing in with it, and removing it."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.checks import run_checks
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts import factors
from accounts.models import User
from meigen_api.secret import Secret
from tests.cases import each
from tests.helpers import make_user

PASSWORD = "a-long-password"
APP = "/accounts/security/app/"
SECURITY = "/accounts/security/"
CODES = "/accounts/security/codes/"
PASSKEY = "/accounts/security/passkeys/add/"
SECOND_STEP = "/accounts/login/code/"
FACTOR_PAGES = [SECURITY, CODES, f"{CODES}new/", f"{APP}remove/", PASSKEY, "/accounts/reauthenticate/code/"]


def held() -> time_machine.travel:
    """A clock that stands still, so that no code runs out between looking and typing."""
    return time_machine.travel(datetime.now(UTC), tick=False)


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    with held():
        yield


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def sign_in(name: str, client: Client | None = None) -> Client:
    client = client or Client()
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    return client


def confirm(client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def set_up_app(client: Client) -> str:
    """The secret of an app that the signed-in person has set up."""
    with held():
        confirm(client)
        found = re.search(r"<code>(\w+)</code>", client.get(APP).content.decode())
        assert found
        assert client.post(APP, {"code": code_of(found[1])})["Location"] == CODES
        return found[1]


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"\b\d{8}\b", client.get(CODES).content.decode().partition("<pre>")[2])


def is_signed_in(client: Client) -> bool:
    return client.get(SECURITY).status_code == 200


@pytest.fixture
def person(user: User) -> Client:
    return sign_in(user.username)


class TestAnApp:
    def test_is_set_up_only_after_the_password_was_typed_again(self, person: Client) -> None:
        assert person.get(APP)["Location"].startswith("/accounts/reauthenticate/")
        set_up_app(person)
        assert "Remove app" in person.get(SECURITY).content.decode()

    def test_is_asked_for_after_the_password(self, person: Client, user: User) -> None:
        secret = set_up_app(person)
        other = sign_in(user.username)
        assert not is_signed_in(other)
        refused = other.post(SECOND_STEP, {"code": wrong(code_of(secret))})
        assert refused.status_code == 422
        assert "This was not accepted." in refused.content.decode()
        assert not is_signed_in(other)
        assert other.post(SECOND_STEP, {"code": code_of(secret)})["Location"] == "/"
        assert is_signed_in(other)

    def test_lets_nobody_in_twice_with_one_code(self, person: Client, user: User) -> None:
        secret = set_up_app(person)
        code = code_of(secret)
        for client, status in [(sign_in(user.username), 302), (sign_in(user.username), 422)]:
            assert client.post(SECOND_STEP, {"code": code}).status_code == status

    def test_is_guessed_at_five_times_and_no_more(self, person: Client, user: User) -> None:
        secret = set_up_app(person)
        other = sign_in(user.username)
        for _ in range(5):
            other.post(SECOND_STEP, {"code": wrong(code_of(secret))})
        assert other.post(SECOND_STEP, {"code": code_of(secret)}).status_code == 422
        assert not is_signed_in(other)

    def test_is_not_locked_by_strangers_in_a_known_browser(self, person: Client, user: User) -> None:
        secret = set_up_app(person)
        person.post("/accounts/logout/")
        thief = sign_in(user.username)
        for n in range(7):
            page = thief.post(SECOND_STEP, {"code": f"{n:06}"}).content.decode()
        assert "Too many wrong codes. Try again in 5 minutes." in page
        sign_in(user.username, person).post(SECOND_STEP, {"code": code_of(secret)})
        assert is_signed_in(person)

    def test_lets_nobody_in_whose_password_has_changed_meanwhile(self, person: Client, user: User) -> None:
        secret = set_up_app(person)
        person.post("/accounts/logout/")
        thief = sign_in(user.username)
        user.refresh_from_db()
        user.set_password("another-long-password")
        user.save()
        assert thief.post(SECOND_STEP, {"code": code_of(secret)})["Location"] == "/accounts/login/"
        assert not is_signed_in(thief)

    def test_a_wrong_first_code_sets_nothing_up(self, person: Client, user: User) -> None:
        confirm(person)
        secret = re.search(r"<code>(\w+)</code>", person.get(APP).content.decode())
        assert secret
        refused = person.post(APP, {"code": wrong(code_of(secret[1]))})
        assert refused.status_code == 422
        assert secret[1] in refused.content.decode()
        assert not Authenticator.objects.exists()

    def test_shows_its_qr_code_to_nobody_else_and_only_while_it_is_set_up(self, person: Client, user: User) -> None:
        assert person.get(f"{APP}qr/").status_code == 404
        confirm(person)
        person.get(APP)
        drawn = person.get(f"{APP}qr/")
        assert drawn["Content-Type"] == "image/svg+xml"
        assert "no-store" in drawn["Cache-Control"]
        assert drawn.content.startswith(b"<?xml")
        assert sign_in(make_user("other").username).get(f"{APP}qr/").status_code == 404
        assert sign_in(user.username).get(f"{APP}qr/").status_code == 404
        set_up_app(person)
        assert person.get(f"{APP}qr/").status_code == 404

    def test_can_be_removed_with_the_codes_that_stood_in_for_it(self, person: Client) -> None:
        set_up_app(person)
        assert person.post(f"{APP}remove/")["Location"] == SECURITY
        assert not Authenticator.objects.exists()

    def test_keeps_its_secret_encrypted(self, person: Client) -> None:
        secret = set_up_app(person)
        codes = recovery_codes(person)
        kept = json.dumps([factor.data for factor in Authenticator.objects.all()])
        assert secret not in kept
        assert not any(code in kept for code in codes)


class TestRecoveryCodes:
    def test_let_their_person_in_once_each(self, person: Client, user: User) -> None:
        set_up_app(person)
        code = recovery_codes(person)[0]
        assert len(recovery_codes(person)) == 10
        assert sign_in(user.username).post(SECOND_STEP, {"code": code}).status_code == 302
        assert sign_in(user.username).post(SECOND_STEP, {"code": code}).status_code == 422
        assert len(recovery_codes(person)) == 9

    def test_new_ones_replace_the_old(self, person: Client, user: User) -> None:
        set_up_app(person)
        old = recovery_codes(person)
        assert person.post(f"{CODES}new/")["Location"] == CODES
        assert not set(old) & set(recovery_codes(person))
        assert sign_in(user.username).post(SECOND_STEP, {"code": old[0]}).status_code == 422

    def test_can_be_kept_as_a_file(self, person: Client) -> None:
        set_up_app(person)
        file = person.get(f"{CODES}download/")
        assert file.content.decode().split() == recovery_codes(person)
        assert "attachment" in file["Content-Disposition"]

    def test_are_shown_only_after_the_password_was_typed_again(self, person: Client, user: User) -> None:
        secret = set_up_app(person)
        other = sign_in(user.username)
        other.post(SECOND_STEP, {"code": code_of(secret)})
        for page in [CODES, f"{CODES}download/"]:
            assert other.get(page)["Location"].startswith("/accounts/reauthenticate/")


def test_no_page_has_anything_inline_or_of_another_host(person: Client, user: User) -> None:
    confirm(person)
    answers = [person.get(APP)]
    set_up_app(person)
    answers += [
        *map(person.get, FACTOR_PAGES),
        sign_in(user.username).get(SECOND_STEP),
        Client().get("/accounts/login/"),
    ]
    for answer in answers:
        body = answer.content.decode()
        assert answer.status_code == 200
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=\"|javascript:|data:image|https?://", body)
        assert "placeholder" not in body.partition("<main")[2]
        assert "no-store" in answer["Cache-Control"]


def looks_like_one(id: str = "AA", **response: object) -> str:
    return json.dumps({"type": "public-key", "id": id, "rawId": id, "response": response})


ODD = [
    *["", "{", "null", "1", '"text"', "[]", "{}", '{"id": 1}', '{"type": "public-key", "response": []}'],
    looks_like_one(),
    looks_like_one(clientDataJSON="e30"),
    looks_like_one(clientDataJSON="e30", attestationObject="AA"),
    looks_like_one(clientDataJSON="e30", authenticatorData="A" * 50, signature="AA", userHandle="Lw"),
    looks_like_one(clientDataJSON="bnVsbA", authenticatorData="A", signature="AA", userHandle="AA"),
    looks_like_one("é", clientDataJSON="W10", authenticatorData="AAAA", signature="AA", userHandle=None),
]


@pytest.mark.slow
@each("credential", ODD)
def test_a_passkey_in_no_form_of_passkeys_is_refused_in_words(person: Client, user: User, credential: str) -> None:
    confirm(person)
    person.get(PASSKEY)
    assert person.post(PASSKEY, {"credential": credential, "name": "x"}).status_code == 422
    person.get("/accounts/reauthenticate/passkey/")
    assert person.post("/accounts/reauthenticate/passkey/", {"credential": credential}).status_code in {302, 422}
    set_up_app(person)
    half = sign_in(user.username)
    half.get(SECOND_STEP)
    assert half.post(SECOND_STEP, {"credential": credential}).status_code == 422
    stranger = Client()
    stranger.get("/accounts/login/passkey/", headers={"Accept": "application/json"})
    refused = stranger.post("/accounts/login/passkey/", {"credential": credential}, follow=True)
    assert "No passkey was used" in refused.content.decode() or "This was not accepted" in refused.content.decode()
    assert not any(map(is_signed_in, [half, stranger]))
    assert not Authenticator.objects.filter(type="webauthn").exists()


class TestTheKeysOfTheVault:
    OLD = ("old", Secret("b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQgb2xkIG9sZCE="))
    NEW = ("new", Secret("bmV3IG5ldyBuZXcgbmV3IG5ldyBuZXcgbmV3IG5ldyE="))

    def test_can_be_changed_under_second_factors(self, settings: Settings, person: Client, user: User) -> None:
        settings.TOKEN_KEYS = [self.OLD]
        secret = set_up_app(person)
        code = recovery_codes(person)[0]
        settings.TOKEN_KEYS = [self.NEW, self.OLD]
        call_command("rotate_tokens")
        settings.TOKEN_KEYS = [self.NEW]
        for given in (code_of(secret), code):
            assert sign_in(user.username).post(SECOND_STEP, {"code": given}).status_code == 302

    def test_a_lost_one_is_noticed_by_the_checks(self, settings: Settings, person: Client) -> None:
        set_up_app(person)
        assert not [found for found in run_checks(databases=["default"]) if found.id == "accounts.E002"]
        settings.TOKEN_KEYS = [self.NEW]
        assert [found for found in run_checks(databases=["default"]) if found.id == "accounts.E002"]


def test_somebody_without_a_password_is_told_so_instead_of_changing_it(user: User) -> None:
    user.set_unusable_password()
    user.save()
    client = Client()
    client.force_login(user)
    assert "Change password" not in client.get(SECURITY).content.decode()
    assert client.get("/accounts/password/change/")["Location"] == SECURITY


def test_sealed_secrets_have_no_plain_form(user: User) -> None:
    adapter = factors.Adapter()
    assert adapter.decrypt(adapter.encrypt("plain")) == "plain"
