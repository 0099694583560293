"""Secrets of links. They are derived from a row's id under a key of TOKEN_KEYS, and the database keeps their hashes:
whoever made a link can copy it again, while a stolen database opens none."""

import base64
import hashlib
from uuid import UUID

from . import vault


def secrets_of(purpose: str, row: UUID) -> list[str]:
    """The 256-bit secrets of this row under every key, the current one first."""
    digests = vault.derivations(purpose, row.bytes)
    return [base64.urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode() for digest in digests]


def secret_of(purpose: str, row: UUID, kept: str) -> str | None:
    """The one whose hash was kept, or None when the key it was made with is no longer in TOKEN_KEYS."""
    return next((secret for secret in secrets_of(purpose, row) if hashed(secret) == kept), None)


def hashed(secret: str) -> str:
    """What the database keeps of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
