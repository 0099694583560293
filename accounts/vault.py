"""Encryption of tokens at rest.

Fernet has no associated data, so the owner's id is encrypted together with the token: a ciphertext moved to another
person's row is rejected. The keys come from TOKEN_KEYS. The first one encrypts; any of them decrypts.
"""

import hashlib
import hmac
import json
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from meigen_api.secret import Secret

NEW_KEYS = _("The studio is being given new keys. Your token is fine; try again in a minute.")


class Unreadable(Exception):
    """A stored token that no key decrypts, or that was encrypted for somebody else."""


class OldKeys(Unreadable):
    """This process was started with other keys than the studio uses by now, so the token may be a good one."""

    def __init__(self) -> None:
        super().__init__("This process lacks the key in TOKEN_KEYS that tokens are sealed with now.")


@cache
def _fernet(keys: tuple[tuple[str, Secret], ...]) -> MultiFernet:
    return MultiFernet([Fernet(key.reveal()) for _id, key in keys])


def _box() -> MultiFernet:
    return _fernet(tuple(settings.TOKEN_KEYS))


def current_key_id() -> str:
    """The id of the encrypting key. It is stored with each ciphertext, so that `rotate_tokens` knows what is left."""
    key_id: str = settings.TOKEN_KEYS[0][0]
    return key_id


@sensitive_variables()
def seal(secret: Secret, *, owner_id: int) -> str:
    envelope = json.dumps({"owner": owner_id, "token": secret.reveal()})
    return _box().encrypt(envelope.encode()).decode()


@sensitive_variables()
def unseal(ciphertext: str, *, owner_id: int) -> Secret:
    try:
        envelope = json.loads(_box().decrypt(ciphertext.encode()))
    except InvalidToken:
        raise Unreadable("No key in TOKEN_KEYS opens this token.") from None
    if envelope["owner"] != owner_id:
        raise Unreadable("This token was sealed for another account.")
    return Secret(envelope["token"])


@sensitive_variables()
def fingerprint(secret: Secret, key: Secret) -> str:
    """A keyed hash of a token, which is the same under the same key; `sealing.fingerprint` has the installation's."""
    return _derived(key, "fingerprint", secret.reveal().encode())


@sensitive_variables()
def derive(purpose: str, message: bytes) -> str:
    """HMAC-SHA-256 of the message under the current key, in hex. Each purpose gives unrelated values."""
    return derivations(purpose, message)[0]


@sensitive_variables()
def derivations(purpose: str, message: bytes) -> list[str]:
    """`derive` under every key of TOKEN_KEYS, the current one first."""
    return [_derived(key, purpose, message) for _id, key in settings.TOKEN_KEYS]


@sensitive_variables()
def _derived(key: Secret, purpose: str, message: bytes) -> str:
    return hmac.new(key.reveal().encode(), purpose.encode() + b"\0" + message, hashlib.sha256).hexdigest()


def marks() -> dict[str, str]:
    """A keyed hash of nothing for every key of TOKEN_KEYS: tells whether a key is the same without revealing it."""
    names = [key_id for key_id, _key in settings.TOKEN_KEYS]
    return dict(zip(names, derivations("mark", b""), strict=True))
