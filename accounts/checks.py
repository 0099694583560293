"""System checks of the vault, so that a lost key is seen at the start and not at the first click."""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from .models import Token


@register(Tags.database)
def keys_of_stored_tokens(
    *, app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Every stored token names a key that TOKEN_KEYS still has (`check --database default`)."""
    if not databases or "default" not in databases:
        return []
    try:
        used = set(Token.objects.values_list("key_id", flat=True).distinct())
    except DatabaseError:  # before the first migrate
        return []
    lost = sorted(used - {key_id for key_id, _ in settings.TOKEN_KEYS})
    if not lost:
        return []
    return [
        Error(
            f"TOKEN_KEYS lacks {', '.join(lost)}: stored tokens are encrypted with it.",
            hint="Put the old key back, after the new one; then run manage.py rotate_tokens.",
            id="accounts.E001",
        )
    ]
