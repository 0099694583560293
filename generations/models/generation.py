"""A generation, its attempts, its timeline, and the one place where a status is written."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import Token, User

from .lease import is_over

if TYPE_CHECKING:
    from .reference import Reference

# Reference uploads last a day upstream; what is sent now may wait in the queue for a while.
UPLOADS_LAST = timedelta(hours=20)


@dataclass(frozen=True)
class Place:
    """Where a waiting generation stands in its token's line, from 1, and when its turn comes if nobody joins before."""

    number: int
    starts_at: datetime


class GenerationQuerySet(models.QuerySet["Generation"]):
    def visible_to(self, user: User) -> GenerationQuerySet:
        """What this person may see; every page fetches through it."""
        return self.filter(owner=user)

    def with_card(self) -> GenerationQuerySet:
        """With everything a card shows, in two queries."""
        return self.select_related("token").prefetch_related("results")

    def freed(self) -> GenerationQuerySet:
        """Rejected for a token that has been replaced since, so they may go out again by themselves.

        Not those whose uploads Meigen has forgotten (`has_old_uploads`).
        """
        rejected = self.filter(
            status=Generation.Status.REJECTED, answer_status=401, token__isnull=False, token__refused_at=None
        )
        return rejected.exclude(created_at__lt=timezone.now() - UPLOADS_LAST, references__uploaded_at__isnull=False)

    def free(self, now: datetime) -> GenerationQuerySet:
        """What nobody is sending and whose pause is over; own columns only, so that an UPDATE may ask it again."""
        return self.filter(
            is_over("lease_until", now),
            is_over("not_before", now),
            status__in=[Generation.Status.QUEUED, Generation.Status.SENDING],
        )

    def with_good_token(self) -> GenerationQuerySet:
        """Without what waits for its person to replace a token."""
        return self.filter(token__refused_at=None, token__isnull=False)

    def lacking_credits(self, now: datetime) -> GenerationQuerySet:
        """Refused for want of credits lately, and fit to be sent again."""
        refused = self.filter(
            status=Generation.Status.REJECTED,
            answer_status=402,
            token__isnull=False,
            finished_at__gt=now - timedelta(days=1),
        )
        return refused.exclude(created_at__lt=now - UPLOADS_LAST, references__uploaded_at__isnull=False)

    def orphaned(self) -> GenerationQuerySet:
        """Half sent with a token that has been removed since."""
        return self.filter(status=Generation.Status.SENDING, token=None)

    def newest_first(self) -> GenerationQuerySet:
        return self.order_by("-created_at", "-id")

    def before(self, created_at: datetime, pk: uuid.UUID) -> GenerationQuerySet:
        """The rows after this place in `newest_first` order.

        The plain bound beside the keyset is what lets an index serve it; the OR alone is as slow as OFFSET.
        """
        return self.filter(
            Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=pk), created_at__lte=created_at
        )

    def after(self, created_at: datetime, pk: uuid.UUID) -> GenerationQuerySet:
        """The rows before this place in `newest_first` order, the nearest first."""
        later = Q(created_at__gt=created_at) | Q(created_at=created_at, id__gt=pk)
        return self.filter(later, created_at__gte=created_at).order_by("created_at", "id")


class Generation(models.Model):
    """One picture set or video that a person asked for: exactly one charge at Meigen, whatever happens."""

    class Status(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        REJECTED = "rejected", "Not accepted"
        STALLED = "stalled", "No longer watched"
        CANCELLED = "cancelled", "Cancelled"

    LIVE = (Status.QUEUED, Status.SENDING, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="generations")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    version = models.PositiveIntegerField(default=1, help_text="Rises with every change that a card shows.")

    # The click: what was asked, and with which token. None of it changes afterwards.
    nonce = models.CharField(max_length=64, help_text="The form's one-time value: a double click finds the same rows.")
    number = models.PositiveSmallIntegerField(default=1, help_text="Place in its batch, from 1.")
    batch_size = models.PositiveSmallIntegerField(default=1)
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    body = models.TextField(help_text="The exact request body, sent byte for byte at every attempt.")
    prompt = models.TextField()
    model_id = models.CharField(max_length=200)
    model_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=5, choices=[("image", "Image"), ("video", "Video")])
    aspect_ratio = models.CharField(max_length=20, blank=True, help_text="As asked; empty is the model's own choice.")
    credits_estimated = models.PositiveIntegerField(null=True)
    token = models.ForeignKey(Token, models.SET_NULL, null=True, related_name="generations")
    created_at = models.DateTimeField(default=timezone.now)

    # Dispatch: who works on it, and when the next try may start.
    queued_at = models.DateTimeField(default=timezone.now, help_text="When it last entered the queue.")
    lease_until = models.DateTimeField(null=True, help_text="Until when somebody is sending it.")
    claimed_by = models.CharField(max_length=200, blank=True, help_text="The process that sends it, or sent it last.")
    not_before = models.DateTimeField(null=True, help_text="When the next try may start.")
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, help_text="When the first attempt since then left.")

    # What Meigen said.
    token_revision = models.PositiveIntegerField(
        null=True, help_text="The token's revision that Meigen took it with; another may be another account's."
    )
    remote_id = models.CharField(max_length=200, blank=True, db_index=True)
    running_at = models.DateTimeField(null=True)
    watch_until = models.DateTimeField(null=True, help_text="When we stop polling; the job may still end after that.")
    expected_wait = models.FloatField(null=True, help_text="Seconds, from Meigen.")
    finished_at = models.DateTimeField(null=True)
    credits_used = models.IntegerField(null=True)
    credits_status = models.CharField(max_length=40, blank=True)
    balance_daily = models.IntegerField(null=True, help_text="Daily credits left, as the answer told.")
    balance_purchased = models.IntegerField(null=True, help_text="Purchased credits left, as the answer told.")
    answer_status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the answer that decided.")
    answer_body = models.TextField(blank=True, help_text="The answer that decided, whole.")
    message = models.TextField(blank=True, help_text="What went wrong, in Meigen's or our words.")

    starred_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = GenerationQuerySet.as_manager()

    place: Place | None = None  # set by `cards.placed` for a page

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "nonce", "number"], name="one_click_one_batch"),
        ]
        indexes = [
            models.Index(fields=["-finished_at"], name="latest_finished"),
            models.Index(fields=["owner", "-created_at", "-id"], name="own_newest_first"),
            models.Index(fields=["status", "queued_at"], name="by_status"),
            models.Index(
                fields=["owner", "-created_at"], name="own_starred", condition=models.Q(starred_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_name}: {self.prompt[:60]}"

    def get_absolute_url(self) -> str:
        return reverse("generation", args=[self.pk])

    @property
    def is_live(self) -> bool:
        """Whether its card may still change by itself: the status, or a result that is still being fetched."""
        if self.status == self.Status.DONE:
            return any(result.is_pending for result in self.results.all())
        return self.status in self.LIVE

    @property
    def marker(self) -> str:
        """What an open page remembers of the card: another one means that it looks different now."""
        return f"{self.version}.{self.place.number}" if self.place else str(self.version)

    def references_in_order(self) -> list[Reference]:
        return [use.reference for use in self.referenceuse_set.select_related("reference").order_by("number")]

    @property
    def has_old_uploads(self) -> bool:
        """Whether Meigen may have forgotten a picture this request names: its key allows no other body."""
        old = timezone.now() - self.created_at > UPLOADS_LAST
        return old and self.references.filter(uploaded_at__isnull=False).exists()

    @property
    def can_send_again(self) -> bool:
        """Whether the same request may go out again under its key: not after a 400 or 409, which cannot become true."""
        if self.has_old_uploads:
            return False
        if self.status == self.Status.REJECTED:
            return self.answer_status not in {400, 409}
        return self.status == self.Status.CANCELLED

    @property
    def is_video(self) -> bool:
        return self.media_type == "video"

    @property
    def answer_fields(self) -> dict[str, Any]:
        """The deciding answer's members when it was a JSON object."""
        try:
            data = json.loads(self.answer_body)
        except (ValueError, RecursionError):
            return {}
        return data if isinstance(data, dict) else {}

    @property
    def request_fields(self) -> dict[str, Any]:
        """The request as a person reads it: without our key."""
        fields: dict[str, Any] = json.loads(self.body)
        fields.pop("idempotencyKey", None)
        return fields

    def move(
        self,
        status: Status,
        *,
        expecting: Status | Iterable[Status],
        note: str = "",
        at: datetime | None = None,
        events: list[Event] | None = None,
        **changes: Any,
    ) -> bool:
        """Moves to `status` if the row still has an expected one, and says whether it did.

        This conditional UPDATE is the only way a status is written, so of two processes exactly one wins. `changes` are
        other fields to write with it. The move becomes a row of the timeline with `note`: at once, or appended to
        `events` for a caller that inserts many in the same transaction.
        """
        expected = [expecting] if isinstance(expecting, Generation.Status) else list(expecting)
        now = at or timezone.now()
        with transaction.atomic(savepoint=False):
            moved = Generation.objects.filter(pk=self.pk, status__in=expected).update(
                status=status, version=F("version") + 1, changed_at=now, **changes
            )
            if not moved:
                return False
            event = Event(generation=self, at=now, status=status, note=note)
            if events is None:
                event.save(force_insert=True)
            else:
                events.append(event)
        for name, value in {"status": status, "changed_at": now, **changes}.items():
            setattr(self, name, value)
        return True

    def touch(self) -> None:
        """Tells open pages that the card looks different now, without a new status."""
        Generation.objects.filter(pk=self.pk).update(version=F("version") + 1, changed_at=timezone.now())


class Attempt(models.Model):
    """One POST: committed before it leaves, completed with whatever came back. The rate window counts these rows."""

    class Outcome(models.TextChoices):
        SENT = "sent", "Sent, no answer yet"
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"
        LIMITED = "limited", "Asked to wait"
        UNREACHABLE = "unreachable", "Not reached"
        UNKNOWN = "unknown", "Outcome unknown"
        SETTLED = "settled", "Settled by a later answer"

    generation = models.ForeignKey(Generation, models.CASCADE, related_name="attempts")
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
        return f"Attempt {self.number}: {self.get_outcome_display()}"

    @property
    def at(self) -> datetime:
        """Its place in the timeline."""
        return self.sent_at


class Event(models.Model):
    """One line of a generation's timeline."""

    generation = models.ForeignKey(Generation, models.CASCADE, related_name="events")
    at = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Generation.Status)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return self.note or self.get_status_display()
