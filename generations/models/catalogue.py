"""Meigen's list of models as last seen, shared by all processes."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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


class CatalogueChange(models.Model):
    """What was different about one model between two answers. Prices are credits of one generation, or null where the
    catalogue does not say."""

    class Kind(models.TextChoices):
        NEW = "new", _("New")
        RETIRED = "retired", _("No longer offered")
        DEARER = "dearer", _("More expensive")
        CHEAPER = "cheaper", _("Cheaper")
        REPRICED = "repriced", _("Priced differently")

    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=8, choices=Kind)
    model_id = models.CharField(max_length=200)
    model_name = models.CharField(max_length=200)
    least_before = models.PositiveIntegerField(null=True)
    most_before = models.PositiveIntegerField(null=True)
    least = models.PositiveIntegerField(null=True)
    most = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["-at"], name="latest_catalogue_changes")]

    def __str__(self) -> str:
        return f"{self.model_name}: {self.get_kind_display()}"
