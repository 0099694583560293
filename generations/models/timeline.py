"""What happened to a generation: the attempts to send it, and the moves of its status."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.models.sentences import translated
from generations.models.status import Status


class Attempt(models.Model):
    """One POST: committed before it leaves, completed with whatever came back. The rate window counts these rows."""

    class Outcome(models.TextChoices):
        SENT = "sent", _("Sent, no response yet")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")
        LIMITED = "limited", _("Asked to wait")
        UNREACHABLE = "unreachable", _("Could not reach Meigen")
        UNKNOWN = "unknown", _("Outcome unknown")
        SETTLED = "settled", _("Settled by a later response")

    generation = models.ForeignKey("generations.Generation", models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    token_fingerprint = models.CharField(max_length=64)
    token_revision = models.PositiveIntegerField()
    sent_at = models.DateTimeField()
    outcome = models.CharField(max_length=12, choices=Outcome, default=Outcome.SENT)
    status_code = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True, help_text="The whole body of the answer.")
    error = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["generation", "number"], name="attempts_are_numbered")]
        indexes = [models.Index(fields=["token_fingerprint", "sent_at"], name="attempts_in_window")]

    def __str__(self) -> str:
        return gettext("Attempt %(number)s: %(outcome)s") % {
            "number": self.number,
            "outcome": self.get_outcome_display(),
        }

    @property
    def at(self) -> datetime:
        """Its place in the timeline."""
        return self.sent_at


class Event(models.Model):
    """One line of a generation's timeline."""

    generation = models.ForeignKey("generations.Generation", models.CASCADE, related_name="events")
    at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return translated(self.note) or self.get_status_display()
