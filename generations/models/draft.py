"""The studio's form as somebody left it."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Draft(models.Model):
    """All values of the form and the ids of the attached references, so that the next visit starts where this one
    ended."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="draft")
    values = models.JSONField(help_text="Form field names and what was chosen.")
    references = models.JSONField(default=list)
    saved_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Draft of {self.owner_id}"
