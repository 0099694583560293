"""`manage.py doctor`: checks whether every stored token can be decrypted."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import vault
from accounts.models import Token


class Command(BaseCommand):
    help = "Check that every stored token opens with the keys in TOKEN_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        unreadable = []
        total = 0
        for token in Token.objects.iterator():
            total += 1
            try:
                token.secret()
            except vault.Unreadable as error:
                unreadable.append(f"Token {token.pk}, key {token.key_id}: {error}")
        self.stdout.write(f"{total - len(unreadable)} tokens can be decrypted, {len(unreadable)} cannot.")
        if unreadable:
            raise CommandError("\n".join(unreadable))
