"""What a person marked to find it again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.models import User

from .generation import Generation, MadeAt
from .search import Marks


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
        return f"Star of {self.at:%Y-%m-%d}"

    @classmethod
    def marks(cls, user: User) -> Marks:
        """What this person starred, for a search among it."""
        return Marks(cls._default_manager.filter(user=user), user.pk)
