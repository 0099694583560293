"""Users, and the Meigen tokens they spend from."""

import base64
import contextlib
import json
import logging
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from meigen_api.secret import Secret
from meigen_api.types import Balance
from meigen_site.logs import event

from . import link_secrets, sealing, vault
from .columns import EmailField, NameField
from .text import isolated

logger = logging.getLogger(__name__)

BACK = "accounts.models.User.active_since"
INVITATION = "invitation"


class User(AbstractUser):
    """A member of the team, who signs in with a username or an email address."""

    email = EmailField(_("email address"), blank=True)
    time_zone = models.CharField(max_length=64, blank=True, help_text=_("Empty means the studio's."))
    active_since = models.DateTimeField(
        null=True, editable=False, help_text="When the account was last switched on again. Only a trigger writes it."
    )
    guide_ended_at = models.DateTimeField(
        null=True, editable=False, help_text="When the first steps were all done, or put away."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="email_is_unique",
                condition=~models.Q(email=""),
                violation_error_message=_("Another account already uses this email address."),
            )
        ]

    @cached_property
    def current_token(self) -> "Token | None":
        """The token this person spends from. `backend.Backend` loads it together with the signed-in person."""
        return Token.objects.default_for(self)

    def get_session_auth_hash(self) -> str:
        """Another one after the account was switched off, so that switching it on again brings no old session back."""
        own = super().get_session_auth_hash()
        return salted_hmac(BACK, f"{own} {self.active_since}").hexdigest() if self.active_since else own


class TokenQuerySet(models.QuerySet["Token"]):
    def sessions_of(self, user: User) -> "TokenQuerySet":
        return self.filter(owner=user, kind=Token.Kind.SESSION).order_by("-created_at")

    def sharing(self, token: "Token") -> "TokenQuerySet":
        """All rows with the same token, also other people's: Meigen's rate limit applies to all of them together."""
        return self.filter(fingerprint=token.fingerprint).exclude(pk=token.pk).select_related("owner")

    def default_for(self, user: User) -> "Token | None":
        """The token this person spends from, or None."""
        return self.filter(owner=user).order_by("-is_default", "-created_at").first()


class Token(models.Model):
    """A Meigen token, stored encrypted. Only `secret()` decrypts it."""

    class Kind(models.TextChoices):
        API = "api", _("API token")
        SESSION = "session", _("Session token")

    owner = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    label = NameField(max_length=60)
    kind = models.CharField(max_length=10, choices=Kind)
    ciphertext = models.TextField()
    key_id = models.CharField(max_length=32)
    fingerprint = models.CharField(
        max_length=64,
        db_index=True,
        help_text=_("Keyed hash. It is equal for two people with the same token, who share its rate limit."),
    )
    last4 = models.CharField(max_length=4)
    revision = models.PositiveIntegerField(default=1, help_text=_("Incremented with every replacement."))
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True, help_text=_("When Meigen last confirmed that the token is valid."))
    refused_at = models.DateTimeField(
        null=True, help_text=_("Since when Meigen has responded 401. Generations queued with it are waiting.")
    )
    credits = models.IntegerField(
        null=True, help_text=_("Purchased credits left, from the latest response that stated them.")
    )
    daily_credits = models.IntegerField(
        null=True, help_text=_("Daily credits left, from the latest response that stated them.")
    )
    is_unlimited = models.BooleanField(default=False)
    credits_at = models.DateTimeField(null=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "fingerprint"], name="token_once_per_person"),
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(is_default=True), name="one_default_token_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.masked})"

    @property
    def expires_at(self) -> datetime | None:
        """When a session token expires, read from the token itself. None for API tokens and unreadable ones."""
        if self.kind != self.Kind.SESSION:
            return None
        with contextlib.suppress(vault.Unreadable, ValueError, KeyError, TypeError, OverflowError, OSError):
            payload = self.secret().reveal().split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            return datetime.fromtimestamp(float(claims["exp"]), UTC)
        return None

    @property
    def masked(self) -> str:
        prefix = "meigen_sk_" if self.kind == self.Kind.API else ""
        return f"{prefix}...{self.last4}"

    @property
    def shared_with(self) -> list[str]:
        """The names of the other people who have the same token."""
        return [isolated(other.owner) for other in Token.objects.sharing(self).order_by("owner__username")]

    def secret(self) -> Secret:
        """The plain token as a Secret. Raises vault.Unreadable if no key in TOKEN_KEYS decrypts it, and of these
        vault.OldKeys if newer ones may."""
        return sealing.unseal(self.ciphertext, owner_id=self.owner_id)

    @property
    def opens(self) -> bool:
        """Whether a key in TOKEN_KEYS decrypts it."""
        try:
            self.secret()
        except vault.Unreadable:
            return False
        return True

    def note_balance(self, balance: Balance | None, at: datetime) -> None:
        """Stores the credits from a response, unless a later one has already been stored."""
        if balance is None:
            return
        older = models.Q(credits_at=None) | models.Q(credits_at__lt=at)
        Token.objects.filter(older, pk=self.pk).update(
            credits=balance.purchased, daily_credits=balance.daily, is_unlimited=balance.unlimited, credits_at=at
        )

    @property
    def spendable(self) -> str:
        """The remaining credits in words, or an empty string if no response has stated them.

        Purchased and daily credits pay for different models, so they are never added up. An API token has only
        purchased credits.
        """
        if self.is_unlimited:
            return gettext("unlimited credits")
        if self.kind == self.Kind.SESSION:
            return " · ".join(self._purses())
        if self.credits is None:
            return ""
        return ngettext("%(total)s credit", "%(total)s credits", self.credits) % {"total": self.credits}

    def _purses(self) -> Iterator[str]:
        """The remaining purchased and daily credits of a session token's account, as far as they are known."""
        if self.credits is not None:
            yield gettext("%(purchased)s purchased") % {"purchased": self.credits}
        if self.daily_credits is not None:
            yield gettext("%(daily)s daily") % {"daily": self.daily_credits}

    def note_refusal(self, at: datetime, revision: int) -> None:
        """Blocks the token after a 401, unless it has been replaced since."""
        if Token.objects.filter(pk=self.pk, revision=revision, refused_at=None).update(refused_at=at):
            self.refused_at = at
            words = "Meigen refuses token %s of person %s (401): what waits for it waits for a new one"
            told = event("token_refused", token=self.pk, person=self.owner_id)
            logger.warning(words, self.pk, self.owner_id, extra=told)


class Throttle(models.Model):
    """The wrong tries counted for one thing that is guessed at, such as a person's password from one network."""

    key = models.CharField(primary_key=True, max_length=64, help_text="What is counted, hashed.")
    tries = models.PositiveIntegerField()
    waits_until = models.DateTimeField()
    forgotten_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.tries} tries"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        """Those that somebody may still use, of people who still work here: a leaver leaves no door behind."""
        now = timezone.now()
        return self.filter(used_at=None, revoked_at=None, expires_at__gt=now, created_by__is_active=True)


class Invitation(models.Model):
    """A link by which one person makes themselves an account. Only the hash of its secret is stored."""

    class Role(models.TextChoices):
        MEMBER = "member", "Member"
        REVIEWER = "reviewer", "Reviewer"
        ADMIN = "admin", "Admin"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="invitations")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    name = NameField(max_length=150, blank=True, help_text="The user name to suggest.")
    email = EmailField("e-mail", blank=True, help_text="It becomes the account's address.")
    budget = models.PositiveIntegerField(null=True, blank=True, help_text="Credits a month; empty is no limit.")
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    person = models.OneToOneField(User, models.SET_NULL, null=True, related_name="invitation", help_text="Who came.")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name or self.email or f"Invitation of {timezone.localtime(self.created_at):%Y-%m-%d %H:%M}"

    def seal(self) -> None:
        """Writes the hash of this row's secret; called once, before the first save."""
        self.secret_hash = link_secrets.hashed(link_secrets.secrets_of(INVITATION, self.pk)[0])

    @property
    def secret(self) -> str | None:
        """The secret of the link, or None when the key it was made with is no longer in TOKEN_KEYS."""
        return link_secrets.secret_of(INVITATION, self.pk, self.secret_hash)
