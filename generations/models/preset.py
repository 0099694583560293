"""Presets: the studio's form, kept under a name."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.columns import NameField
from accounts.models import User
from generations.models.collection import NamedQuerySet


class PresetQuerySet(NamedQuerySet["Preset"]):
    def visible_to(self, user: User) -> PresetQuerySet:
        """A person's own ones and those the team shares."""
        return self.filter(Q(owner=user) | Q(is_team=True)).select_related("owner")


class Preset(models.Model):
    """All values of the form as it was; `references` are ids of the owner's pictures, which only the owner gets."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="presets")
    name = NameField(max_length=80)
    is_team = models.BooleanField(_("Share with the team"), default=False)
    values = models.JSONField(help_text="Form field names and what was chosen.")
    references = models.JSONField(default=list)
    model_name = models.CharField(max_length=200, blank=True, help_text="To name a model that is gone.")
    saved_at = models.DateTimeField(default=timezone.now)

    objects = PresetQuerySet.as_manager()

    class Meta:
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint("owner", Lower("name"), name="preset_names_differ")]

    def __str__(self) -> str:
        return self.name
