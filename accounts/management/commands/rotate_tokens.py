"""`manage.py rotate_tokens`: re-encrypts every stored token and second factor with the first key of TOKEN_KEYS."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import factors, sealing, vault
from accounts.models import Token

LACKS = (
    "TOKEN_KEYS as this command reads it lacks the key %(key)s, which tokens are sealed with now. Put it after the "
    "first key and run this again. If it is lost for good: rotate_tokens --lost-keys."
)
LEFT = "Some of it cannot be decrypted with the keys in TOKEN_KEYS; do not remove a key yet."


class Command(BaseCommand):
    help = (
        "Seal every stored token and second factor with the first key of TOKEN_KEYS, so that older keys can go. "
        "Safe to interrupt, to run again, and beside processes with older keys: what they need a token for waits for "
        "their restart."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--lost-keys",
            action="store_true",
            help="go on although a key is lost for good: people add what it sealed again",
        )

    def handle(self, *args: Any, lost_keys: bool, **options: Any) -> None:
        try:
            sealing.catch_up()
        except vault.OldKeys:
            if not lost_keys:
                raise CommandError(LACKS % {"key": sealing.missing_key() or "of the stored tokens"}) from None
            sealing.begin_anew()
        done = unreadable = 0
        for what, is_done in chain(self._tokens(), self._factors()):
            if is_done:
                done += 1
            else:
                unreadable += 1
                self.stderr.write(f"{what} cannot be decrypted.")
        self.stdout.write(f"{done} re-encrypted, {unreadable} unreadable.")
        if unreadable and not lost_keys:
            raise CommandError(LEFT)

    def _tokens(self) -> Iterator[tuple[str, bool]]:
        """What each is called, and whether it is sealed with the first key now. Those that are already are looked at,
        too: an earlier release may have fingerprinted them otherwise."""
        for pk in Token.objects.order_by("pk").values_list("pk", flat=True):
            with transaction.atomic():
                sealing.catch_up()  # first, as whoever stores a token does: two of them never wait for each other
                token = Token.objects.select_for_update().filter(pk=pk).first()
                is_done = token is not None and _reseal(token)
            if token is not None:
                yield f"Token {pk} of {token.owner}", is_done

    def _factors(self) -> Iterator[tuple[str, bool]]:
        for pk in Authenticator.objects.exclude(type=factors.Type.WEBAUTHN).values_list("pk", flat=True):
            with transaction.atomic():
                sealing.catch_up()
                factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
                is_done = factor is not None
                try:
                    if factor is not None:
                        factors.reseal(factor)
                except vault.Unreadable:
                    is_done = False
            if factor is not None:
                yield f"Second factor {pk} of {factor.user}", is_done


def _reseal(token: Token) -> bool:
    """Whether it could be opened, and so was sealed with the first key."""
    try:
        secret = token.secret()
    except vault.Unreadable:
        return False
    fingerprint = sealing.fingerprint(secret)
    twins = Token.objects.filter(owner=token.owner_id, fingerprint=fingerprint).exclude(pk=token.pk)
    if not twins.exists():  # else the person has pasted it twice, and keeps both rows
        token.fingerprint = fingerprint
    token.ciphertext = sealing.seal(secret, owner_id=token.owner_id)
    token.key_id = vault.current_key_id()
    token.save(update_fields=["ciphertext", "fingerprint", "key_id"])
    return True
