"""Links that show results to people without an account, and can be taken back."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import link_secrets
from accounts.columns import NameField
from generations.models.collection import Collection, CollectionItem, CollectionQuerySet
from generations.models.generation import Generation, GenerationQuerySet
from generations.models.result import Result

PURPOSE = "share link"


class ShareQuerySet(models.QuerySet["Share"]):
    def live(self) -> ShareQuerySet:
        """Neither taken back nor over, and of somebody who may still work here."""
        now = timezone.now()
        lasting = Q(expires_at=None) | Q(expires_at__gt=now)
        if settings.SHARE_MAX_DAYS:
            lasting &= Q(created_at__gt=now - timedelta(days=settings.SHARE_MAX_DAYS))
        return self.filter(lasting, revoked_at=None, created_by__is_active=True)

    def for_secret(self, secret: str) -> Share | None:
        """The live share behind a link, or None: unknown, revoked and expired look the same."""
        return (
            self.live()
            .filter(secret_hash=link_secrets.hashed(secret))
            .select_related("created_by", "collection")
            .first()
        )

    def counted(self) -> ShareQuerySet:
        """With `items`, how many of what was chosen are still there, and `loved`, how many hearts they have."""
        kept = ShareItem.objects.filter(generation__deleted_at=None)
        return self.annotate(items=_count(kept), loved=_count(Heart.objects.all()))

    def showing(self, generation: Generation) -> ShareQuerySet:
        """Those in which this generation was chosen, and those that follow a collection their maker put it into."""
        chosen = ShareItem.objects.filter(share=OuterRef("pk"), generation=generation)
        followed = CollectionItem.objects.filter(
            collection=OuterRef("collection"), added_by=OuterRef("created_by"), generation=generation
        )
        return self.filter(Exists(chosen) | Exists(followed)).select_related("collection")


class Share(models.Model):
    """A link to chosen generations, or to whatever is in a collection. Only the hash of its secret is stored.

    The secret is derived from the row's id under a key of TOKEN_KEYS, so that its owner can copy the link again while a
    stolen database opens nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="shares")
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    nonce = models.UUIDField(null=True, help_text="One button of one page makes one link.")

    generations = models.ManyToManyField(Generation, through="ShareItem", related_name="shares")
    collection = models.ForeignKey(
        Collection, models.CASCADE, null=True, related_name="shares", help_text="Set when the link follows it."
    )

    title = NameField(max_length=120, blank=True)
    note = models.TextField(blank=True)
    password = models.CharField(max_length=128, blank=True, help_text="Hashed; empty asks for none.")
    hint = NameField(max_length=120, blank=True)
    shows_prompts = models.BooleanField(default=True)
    allows_downloads = models.BooleanField(default=True)
    allows_hearts = models.BooleanField(default=False)

    views = models.PositiveIntegerField(default=0)
    viewed_at = models.DateTimeField(null=True)

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["created_by", "-created_at"], name="own_shares")]
        constraints = [models.UniqueConstraint(fields=["created_by", "nonce"], name="one_link_per_button")]

    def __str__(self) -> str:
        return self.title or f"Link of {timezone.localtime(self.created_at):%Y-%m-%d %H:%M}"

    def seal(self) -> None:
        """Writes the hash of this row's secret; called once, before the first save."""
        self.secret_hash = link_secrets.hashed(link_secrets.secrets_of(PURPOSE, self.pk)[0])

    @property
    def secret(self) -> str | None:
        """The 256-bit secret of the link, or None when the key it was made with is no longer in TOKEN_KEYS."""
        return link_secrets.secret_of(PURPOSE, self.pk, self.secret_hash)

    def set_password(self, plain: str) -> None:
        self.password = make_password(plain) if plain else ""

    def is_opened_by(self, plain: str) -> bool:
        return check_password(plain, self.password)

    @property
    def ends_at(self) -> datetime | None:
        """When it ends by itself: as its maker said, or sooner if the admin lets no link live so long."""
        longest = settings.SHARE_MAX_DAYS
        ends = [self.expires_at, self.created_at + timedelta(days=longest) if longest else None]
        return min((end for end in ends if end), default=None)

    def contents(self) -> GenerationQuerySet:
        """What it shows now, in its order: finished work of its maker alone, whatever else was chosen or collected.

        Others showed theirs to the team, not to the world. Nor does a colleague who puts the maker's work into a
        collection show it to the world: of a collection it is what its maker put there.
        """
        own = Generation.objects.finished_by(self.created_by)
        if self.collection is not None:
            return self.collection.arrange(own, by=self.created_by)
        return own.filter(shareitem__share=self).order_by("shareitem__number")


class ShareItem(models.Model):
    """A generation's place in a share."""

    share = models.ForeignKey(Share, models.CASCADE)
    generation = models.ForeignKey(Generation, models.CASCADE)
    number = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["share", "generation"], name="once_per_share")]

    def __str__(self) -> str:
        return f"{self.number}"


class Heart(models.Model):
    """A guest's heart for one picture of a share, under the name they typed."""

    share = models.ForeignKey(Share, models.CASCADE, related_name="hearts")
    result = models.ForeignKey(Result, models.CASCADE, related_name="hearts")
    guest = models.CharField(max_length=64, help_text="A random value of their browser, hashed.")
    name = NameField(max_length=40)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["share", "result", "guest"], name="one_heart_per_guest")]

    def __str__(self) -> str:
        return self.name


def with_links(collections: CollectionQuerySet) -> CollectionQuerySet:
    """With `is_linked`, whether a link shows to the world what the owner puts into it."""
    return collections.annotate(is_linked=Exists(Share.objects.live().filter(collection=OuterRef("pk"))))  # type: ignore[no-redef]


def _count(rows: models.QuerySet[Any]) -> Coalesce:
    """How many of these rows a share has. Each kind is asked by itself: joined, they would multiply."""
    own = rows.filter(share=OuterRef("pk")).order_by().values("share")
    return Coalesce(Subquery(own.annotate(number=Count("pk")).values("number")), 0)
