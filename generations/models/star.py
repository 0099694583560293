"""What a person marked to find it again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from generations.models.generation import Generation
from generations.models.keyset import MadeAt


class Star(models.Model):
    """One person's star on a generation, their own or one the team may see."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="stars")
    generation = models.ForeignKey(Generation, models.CASCADE, related_name="stars")
    at = models.DateTimeField(default=timezone.now)
    made_at = MadeAt()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "generation"], name="one_star_per_person")]
        indexes = [models.Index(fields=["user", "-made_at", "-generation"], name="starred_newest_first")]

    def __str__(self) -> str:
        return f"Star of {timezone.localtime(self.at):%Y-%m-%d}"
