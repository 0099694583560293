"""Links that show a result to people without an account, and can be taken back."""

from __future__ import annotations

import base64
import hashlib
import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts import vault

from .generation import Generation


class ShareQuerySet(models.QuerySet["Share"]):
    def live(self) -> ShareQuerySet:
        return self.filter(revoked_at=None)

    def for_secret(self, secret: str) -> Share | None:
        """The live share behind a link, or None: unknown and revoked look the same."""
        return self.live().filter(secret_hash=_hash(secret)).select_related("generation").first()


class Share(models.Model):
    """A link to one generation. Only the hash of its secret is stored.

    The secret is derived from the row's id under a key of TOKEN_KEYS, so that its owner can copy the link again while a
    stolen database opens nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    generation = models.ForeignKey(Generation, models.CASCADE, related_name="shares")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="shares")
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Link of {self.created_at:%Y-%m-%d %H:%M}"

    def seal(self) -> None:
        """Writes the hash of this row's secret; called once, before the first save."""
        self.secret_hash = _hash(self._secrets()[0])

    @property
    def secret(self) -> str | None:
        """The 256-bit secret of the link, or None when the key it was made with is no longer in TOKEN_KEYS."""
        return next((secret for secret in self._secrets() if _hash(secret) == self.secret_hash), None)

    def _secrets(self) -> list[str]:
        digests = vault.derivations("share link", self.pk.bytes)
        return [base64.urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode() for digest in digests]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
