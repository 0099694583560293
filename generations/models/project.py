"""Projects: what the credits of a generation are booked on."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.columns import NameField
from accounts.text import isolated

NO_PROJECT = "-"  # in an address


class ProjectQuerySet(models.QuerySet["Project"]):
    def open(self) -> ProjectQuerySet:
        """Those that new generations may be booked on."""
        return self.filter(closed_at=None)


class Project(models.Model):
    """A job of the team's with a cost code of its own. Everybody may book on it until it is closed."""

    name = NameField(_("Name"), max_length=80)
    code = models.CharField(_("Cost code"), max_length=40, blank=True, help_text=_("As your accounting knows it."))
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("Closed"), null=True, blank=True, help_text=_("Nothing new is booked on it."))

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint(Lower("name"), name="project_names_differ")]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})" if self.code else self.name

    @property
    def label(self) -> str:
        """The name between other words, whatever direction it is written in."""
        return isolated(self)
