"""The pause that a restored studio comes up in, and that a database is left in whose studio has moved to another."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone


class Pause(models.Model):
    """The one row that is there from `manage.py restore`, or `transfer` to another database, until `manage.py resume`.

    What the rows say is older than what Meigen knows then, so nothing is sent, polled or tidied up by itself.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    since = models.DateTimeField(default=timezone.now)
    backup_at = models.DateTimeField(help_text="When the backup was made that the studio was restored from.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_pause")]

    def __str__(self) -> str:
        return f"Paused since {self.since:%Y-%m-%d %H:%M} UTC"

    @classmethod
    def begun(cls) -> datetime | None:
        """Since when the studio is paused; None while it works."""
        return cls.objects.values_list("since", flat=True).first()

    @classmethod
    def is_on(cls) -> bool:
        return cls.objects.exists()
