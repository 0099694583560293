"""Clicks that cost so much that somebody has to approve them before anything is sent."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from generations.models.generation import Generation, GenerationQuerySet
from generations.models.status import Status

PERMISSION = "generations.decide_approval"


class ApprovalQuerySet(models.QuerySet["Approval"]):
    def open(self) -> ApprovalQuerySet:
        """What waits for a decision: not what its person has cancelled meanwhile."""
        held = Generation.objects.filter(owner=OuterRef("owner"), nonce=OuterRef("nonce"), status=Status.HELD)
        return self.filter(Exists(held), owner__is_active=True, decided_at=None)


class Approval(models.Model):
    """A request to send one click, and the decision."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="approvals")
    nonce = models.CharField(max_length=64)
    credits = models.PositiveIntegerField(null=True, help_text="At most; unknown where the catalogue names no price.")
    reason = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    approved = models.BooleanField(null=True)
    answer = models.CharField(max_length=500, blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        constraints = [models.UniqueConstraint(fields=["owner", "nonce"], name="one_approval_per_click")]
        permissions = [("decide_approval", "Can approve expensive clicks")]

    def __str__(self) -> str:
        return f"{self.owner}: {self.credits or 'unknown'} credits"

    def get_absolute_url(self) -> str:
        return f"{reverse('approvals')}#approval-{self.pk}"

    @property
    def rows(self) -> GenerationQuerySet:
        """What the click asked for."""
        return Generation.objects.filter(owner=self.owner_id, nonce=self.nonce).order_by("number")

    @property
    def held(self) -> GenerationQuerySet:
        return self.rows.filter(status=Status.HELD)

    def decide(self, by: User, *, approved: bool, answer: str, at: datetime) -> bool:
        """Writes the decision down, once; False if there is one already."""
        decision: dict[str, Any] = {"decided_by": by, "approved": approved, "answer": answer, "decided_at": at}
        return bool(Approval.objects.filter(pk=self.pk, decided_at=None).update(**decision))


def needed(owner: User, credits: int | None) -> bool:
    """Whether a click at this price has to be approved first. An unknown price may be any."""
    limit = settings.APPROVAL_ABOVE
    if limit is None or owner.has_perm(PERMISSION):
        return False
    return credits is None or credits > limit
