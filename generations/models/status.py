"""The states of a generation, and their groups."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    HELD = "held", _("Waiting for approval")
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    REJECTED = "rejected", _("Rejected")
    STALLED = "stalled", _("No longer watched")
    CANCELLED = "cancelled", _("Cancelled")


LIVE = (Status.HELD, Status.QUEUED, Status.SENDING, Status.RUNNING)
# The history's states of several statuses.
WAITING = ["held", "queued", "sending", "running"]
TROUBLE = ["failed", "rejected", "stalled"]
# Answers after which a key is of no use any more: the request is wrong, or the key is taken or dead.
FINAL_ANSWERS = {400, 409, 410}
