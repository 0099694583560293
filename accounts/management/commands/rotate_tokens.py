"""`manage.py rotate_tokens`: re-encrypts every stored token and second factor with the first key of TOKEN_KEYS."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import factors, vault
from accounts.models import Token


class Command(BaseCommand):
    help = (
        "Seal every stored token and second factor with the first key of TOKEN_KEYS, so that older keys can go. "
        "Safe to interrupt and to run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = unreadable = 0
        for pk in Token.objects.exclude(key_id=vault.current_key_id()).values_list("pk", flat=True):
            with transaction.atomic():
                token = Token.objects.select_for_update().filter(pk=pk).first()
                if token is None:
                    continue
                try:
                    secret = token.secret()
                except vault.Unreadable:
                    unreadable += 1
                    self.stderr.write(f"Token {pk} of {token.owner} cannot be decrypted.")
                    continue
                token.ciphertext = vault.seal(secret, owner_id=token.owner_id)
                token.fingerprint = vault.fingerprint(secret)
                token.key_id = vault.current_key_id()
                token.save(update_fields=["ciphertext", "fingerprint", "key_id"])
                done += 1
        for pk in Authenticator.objects.exclude(type=factors.Type.WEBAUTHN).values_list("pk", flat=True):
            with transaction.atomic():
                factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
                try:
                    if factor is not None:
                        factors.reseal(factor)
                        done += 1
                except vault.Unreadable:
                    unreadable += 1
                    self.stderr.write(f"Second factor {pk} of {factor.user} cannot be decrypted.")
        self.stdout.write(f"{done} re-encrypted, {unreadable} unreadable.")
        if unreadable:
            raise CommandError("Some of it cannot be decrypted with the keys in TOKEN_KEYS; do not remove a key yet.")
