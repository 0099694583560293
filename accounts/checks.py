"""System checks of the vault, so that a lost key is noticed at startup rather than at the first click."""

from collections.abc import Sequence
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from . import factors, sealing
from .models import Token


@register(Tags.database)
def keys_of_stored_tokens(
    *, app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Checks that the key that was sealed with last is here, and that one token per stored key id can still be
    decrypted (`check --database default`)."""
    if not databases or "default" not in databases:
        return []
    try:
        used = list(Token.objects.order_by("key_id", "-pk"))
        last = sealing.missing_key()
    except DatabaseError:  # before the first migrate
        return []
    newest = {token.key_id: token for token in used}
    lost = sorted({key_id for key_id, token in newest.items() if not token.opens} | ({last} if last else set()))
    if not lost:
        return []
    return [
        Error(
            f"TOKEN_KEYS is missing {', '.join(lost)}, which stored tokens are encrypted with.",
            hint="Put the old key back after the new one, then run manage.py rotate_tokens.",
            id="accounts.E001",
        )
    ]


@register(Tags.database)
def keys_of_second_factors(
    *, app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Checks that every second factor can still be decrypted, since its person cannot sign in otherwise."""
    if not databases or "default" not in databases:
        return []
    try:
        lost = [factor for factor in Authenticator.objects.all() if not factors.opens(factor)]
    except DatabaseError:  # before the first migrate
        return []
    if not lost:
        return []
    return [
        Error(
            f"TOKEN_KEYS is missing a key that {len(lost)} second factors are encrypted with.",
            hint="Put the old key back after the new one, then run manage.py rotate_tokens.",
            id="accounts.E002",
        )
    ]
