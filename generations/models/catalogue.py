"""Meigen's list of models as last seen, shared by all processes."""

from django.db import models
from django.utils import timezone


class Catalogue(models.Model):
    """One row: the latest good answer of `GET /api/models`, and when it came."""

    body = models.TextField(blank=True, help_text="The whole answer; empty before the first one.")
    fetched_at = models.DateTimeField(null=True)
    refresh_until = models.DateTimeField(null=True, help_text="Until when somebody is fetching a new one.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_catalogue")]

    def __str__(self) -> str:
        if self.fetched_at is None:
            return "Catalogue, not fetched yet"
        return f"Catalogue of {timezone.localtime(self.fetched_at):%Y-%m-%d %H:%M}"
