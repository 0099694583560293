"""Saved views: filters of the history or the gallery, kept under a name."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone

from accounts.columns import NameField
from accounts.models import User
from generations.models.collection import NamedQuerySet


class SavedViewQuerySet(NamedQuerySet["SavedView"]):
    def owned_by(self, user: User) -> SavedViewQuerySet:
        return self.filter(owner=user)


class SavedView(models.Model):
    """The filters as they stand in an address, so that a view opens like any other filtered page.

    What they name may be gone by then: the page says so and shows the rest.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = NameField(max_length=80)
    query = models.TextField(help_text="As in an address: state=done&model=z-image-turbo.")
    of_team = models.BooleanField(default=False, help_text="Of the team gallery rather than the person's history.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint("owner", Lower("name"), name="view_names_differ")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('gallery' if self.of_team else 'generations')}?{self.query}"
