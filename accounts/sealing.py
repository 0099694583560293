"""Sealing and opening while TOKEN_KEYS may be changing: processes that read it earlier run on with what they read.

One row decides who is up to date. Whoever seals must be able to open it, and seals it with their own first key. So from
the first thing that is sealed with a new key on, a process without that key seals nothing, which could be lost with the
old key, and takes nothing that it cannot open for broken.
"""

import logging
import secrets
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.views.decorators.debug import sensitive_variables

from meigen_api.secret import Secret

from . import vault

logger = logging.getLogger(__name__)

NOBODY = 0  # the owner of what belongs to the installation


class FingerprintKey(models.Model):
    """The key that tokens are fingerprinted with, in one row.

    It stays the same when TOKEN_KEYS changes, because a token's rate window is known by its fingerprint.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    ciphertext = models.TextField()
    key_id = models.CharField(max_length=32)

    class Meta:
        app_label = "accounts"

    def __str__(self) -> str:
        return f"sealed with {self.key_id}"


@sensitive_variables()
def seal(secret: Secret, *, owner_id: int) -> str:
    """Raises vault.OldKeys if this process lacks the key that others seal with."""
    _fingerprint_key()
    return vault.seal(secret, owner_id=owner_id)


@sensitive_variables()
def unseal(ciphertext: str, *, owner_id: int) -> Secret:
    """Raises vault.OldKeys if this process alone may lack the key, and vault.Unreadable if it is lost for good."""
    try:
        return vault.unseal(ciphertext, owner_id=owner_id)
    except vault.Unreadable:
        if is_up_to_date():
            raise
        _tell_once()
        raise vault.OldKeys from None


@sensitive_variables()
def fingerprint(secret: Secret) -> str:
    """A keyed hash that tells whether two tokens are the same without revealing them. Raises vault.OldKeys."""
    return vault.fingerprint(secret, _fingerprint_key())


def catch_up() -> None:
    """Seals the key of fingerprints with this process's first key, from which on processes without that one seal
    nothing. Raises vault.OldKeys."""
    _fingerprint_key()


def is_up_to_date() -> bool:
    """Whether this process has the key that was sealed with last, as far as anything was sealed."""
    row = FingerprintKey.objects.first()
    try:
        return row is not None and bool(vault.unseal(row.ciphertext, owner_id=NOBODY))
    except vault.Unreadable:
        return False


def missing_key() -> str:
    """The id of the key that was sealed with last, if this process lacks it, or an empty string."""
    row = FingerprintKey.objects.first()
    return row.key_id if row is not None and not is_up_to_date() else ""


@sensitive_variables()
def begin_anew() -> None:
    """For an installation whose key is lost for good: another key of fingerprints."""
    with transaction.atomic():
        FingerprintKey.objects.select_for_update().filter(pk=1).delete()
        _put(Secret(secrets.token_hex(32)))


@sensitive_variables()
def _fingerprint_key() -> Secret:
    """The key of fingerprints, after sealing it with the first key of TOKEN_KEYS. Raises vault.OldKeys.

    Inside a transaction it stays locked to the end, so that `rotate_tokens`, which locks it first, misses nothing.
    """
    with transaction.atomic():
        row = FingerprintKey.objects.select_for_update().filter(pk=1).first()
        if row is None:
            first = _first()
            row, _created = FingerprintKey.objects.get_or_create(
                pk=1, defaults={"ciphertext": vault.seal(first, owner_id=NOBODY), "key_id": vault.current_key_id()}
            )
        try:
            key = vault.unseal(row.ciphertext, owner_id=NOBODY)
        except vault.Unreadable:
            _tell_once()
            raise vault.OldKeys from None
        if row.key_id != vault.current_key_id():
            _put(key)
        return key


def _put(key: Secret) -> None:
    sealed = {"ciphertext": vault.seal(key, owner_id=NOBODY), "key_id": vault.current_key_id()}
    FingerprintKey.objects.update_or_create(pk=1, defaults=sealed)


def _first() -> Secret:
    """A new key of fingerprints; where tokens were stored before there was one, the key that those were made with."""
    used = apps.get_model("accounts", "Token").objects.order_by("pk").values_list("key_id", flat=True).first()
    if used is None:
        return Secret(secrets.token_hex(32))
    keys: dict[str, Secret] = dict(settings.TOKEN_KEYS)
    if used not in keys:
        raise vault.OldKeys
    return keys[used]


@cache
def _tell_once() -> None:
    """Every request would say the same."""
    logger.error(
        "This process has the TOKEN_KEYS %s and lacks the key that tokens are sealed with now, so what needs a token "
        "waits. Restart it if .env has that key; else put the key back. Said once.",
        ", ".join(key_id for key_id, _key in settings.TOKEN_KEYS),
    )
