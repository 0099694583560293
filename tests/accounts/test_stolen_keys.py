"""A security key in a thief's hands, who has an account but neither its PIN nor its owner's password."""

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from accounts.models import User
from tests.accounts.test_second_factors import SECOND_STEP, set_up_app, sign_in
from tests.helpers import make_user

HOST = "testserver"
ALONE = "/accounts/login/passkey/"
FLAG = AuthenticatorData.FLAG


class Key:
    """A security key, in software."""

    def __init__(self, owner: User, *, is_for_signing_in_alone: bool) -> None:
        self.owner = owner
        self.secret = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        kind = ES256.from_cryptography_key(self.secret.public_key())  # type: ignore[no-untyped-call]
        made = AttestedCredentialData.create(b"\0" * 16, self.id, kind)
        told = AuthenticatorData.create(self._host(), FLAG.UP | FLAG.UV | FLAG.AT, 0, made)
        client = CollectedClientData.create("webauthn.create", b"x" * 32, f"https://{HOST}")
        credential = self._credential(
            {
                "clientDataJSON": websafe_encode(bytes(client)),
                "attestationObject": websafe_encode(bytes(AttestationObject.create("none", told, {}))),
            },
            credProps={"rk": is_for_signing_in_alone},
        )
        Authenticator.objects.create(user=owner, type="webauthn", data={"name": "Key", "credential": credential})

    def answer(self, challenge: str, flags: AuthenticatorData.FLAG) -> str:
        """What it says to a challenge, in JSON."""
        told = AuthenticatorData.create(self._host(), flags, 1)
        client = CollectedClientData.create("webauthn.get", challenge, f"https://{HOST}")
        signed = bytes(told) + hashlib.sha256(bytes(client)).digest()
        response = {
            "clientDataJSON": websafe_encode(bytes(client)),
            "authenticatorData": websafe_encode(bytes(told)),
            "signature": websafe_encode(self.secret.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": websafe_encode(user_pk_to_url_str(self.owner).encode()),
        }
        return json.dumps(self._credential(response))

    def _credential(self, response: dict[str, str], **extensions: Any) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {
            "id": name, "rawId": name, "type": "public-key", "clientExtensionResults": extensions, "response": response
        }  # fmt: skip

    def _host(self) -> bytes:
        return hashlib.sha256(HOST.encode()).digest()


@pytest.fixture
def boss(db: None) -> User:
    return make_user("boss", is_staff=True, is_superuser=True)


def asked_alone(client: Client) -> str:
    """The challenge of the sign-in page."""
    answer = client.get(ALONE, headers={"Accept": "application/json"}).json()
    return str(answer["request_options"]["publicKey"]["challenge"])


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_key_that_knows_its_owner_signs_in_alone(boss: User) -> None:
    client, key = Client(), Key(boss, is_for_signing_in_alone=True)
    client.post(ALONE, {"credential": key.answer(asked_alone(client), FLAG.UP | FLAG.UV)}, secure=True)
    assert is_in(client)


def test_a_touch_is_not_enough(boss: User) -> None:
    client, key = Client(), Key(boss, is_for_signing_in_alone=True)
    client.post(ALONE, {"credential": key.answer(asked_alone(client), FLAG.UP)}, secure=True)
    assert not is_in(client)


def test_a_key_that_is_only_a_second_factor_does_not_sign_in_alone(boss: User) -> None:
    client, key = Client(), Key(boss, is_for_signing_in_alone=False)
    client.post(ALONE, {"credential": key.answer(asked_alone(client), FLAG.UP | FLAG.UV)}, secure=True)
    assert not is_in(client)


def test_what_was_asked_after_the_thiefs_own_password_opens_nobody_elses_account(boss: User) -> None:
    key = Key(boss, is_for_signing_in_alone=True)
    make_user("mallory")
    set_up_app(sign_in("mallory"))
    thief = sign_in("mallory")
    thief.get(SECOND_STEP)
    asked = thief.session["mfa.webauthn.state"]["challenge"]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=16), tick=False):
        thief.post(ALONE, {"credential": key.answer(asked, FLAG.UP)}, secure=True)
    assert not is_in(thief)
