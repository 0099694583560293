"""A generation, and the one place where a status is written."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from accounts.models import Token, User
from generations.models import search
from generations.models import status as states
from generations.models.indexes import INDEXES
from generations.models.keyset import EVERYTHING, Part
from generations.models.ledger import Booking, UsageKey, standing
from generations.models.project import Project
from generations.models.sending import REQUESTS_LAST, Place, SendingQuerySet
from generations.models.status import FINAL_ANSWERS
from generations.models.timeline import Event
from generations.models.trail import Trail
from generations.models.visibility import shown, trash_ends, visible
from generations.models.wish import REFERENCE_FIELDS, is_address
from meigen_api.prices import Price


class GenerationQuerySet(SendingQuerySet["Generation"]):
    def visible_to(self, user: User) -> GenerationQuerySet:
        """What this person may open."""
        return self.filter(visible(user), erased_at=None)

    def owned_by(self, user: User) -> GenerationQuerySet:
        """What this person may change."""
        return self.filter(owner=user, erased_at=None)

    def finished_by(self, user: User) -> GenerationQuerySet:
        """What this person may show to the world: finished work of their own."""
        return self.owned_by(user).kept().filter(status=Generation.Status.DONE)

    def shown_to_team(self) -> GenerationQuerySet:
        """What the whole team may see."""
        return self.filter(shown())

    def show(self) -> int:
        """Lets the team see these from now on, what is not done yet as soon as it is; says how many changed."""
        now = timezone.now()
        return self.kept().filter(team_at=None).mark_changed(now, team_at=now)

    def hide(self) -> int:
        """Takes these back from the team; says how many changed."""
        return self.filter(team_at__isnull=False).mark_changed(team_at=None)

    def mark_changed(self, at: datetime | None = None, **columns: Any) -> int:
        """Writes these columns in such a way that open pages notice; says how many changed."""
        return self.update(version=F("version") + 1, changed_at=at or timezone.now(), **columns)

    def kept(self) -> GenerationQuerySet:
        """Without what was deleted."""
        return self.filter(deleted_at=None)

    def with_card(self) -> GenerationQuerySet:
        """With everything a card shows, in two queries."""
        return self.select_related("token", "owner", "project").prefetch_related("results")

    def to_erase(self, now: datetime) -> GenerationQuerySet:
        """Deleted so long ago that the trash is emptied of it. Nothing that runs, however it came to be deleted."""
        old = self.filter(deleted_at__lt=trash_ends(now), erased_at=None)
        return old.exclude(status__in=Generation.LIVE)

    def charged_otherwise(self) -> GenerationQuerySet:
        """Those that cost something else than was announced before the click."""
        most = Coalesce("credits_estimated_most", "credits_estimated")
        other = Q(credits_used__lt=F("credits_estimated")) | Q(credits_used__gt=most)
        return self.filter(other).exclude(status=Generation.Status.FAILED)

    def search(self, text: str, part: Part = EVERYTHING) -> GenerationQuerySet:
        """Those whose prompts have all the words somewhere, newest first."""
        return search.search(self, text, part)


class Generation(models.Model):
    """One picture set or video that a person asked for: exactly one charge at Meigen, whatever happens."""

    Status: TypeAlias = states.Status
    LIVE = states.LIVE

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
    credits_estimated = models.PositiveIntegerField(null=True, help_text="Announced before the click, at least.")
    credits_estimated_most = models.PositiveIntegerField(null=True, help_text="At most, where it was a range.")
    token = models.ForeignKey(Token, models.SET_NULL, null=True, related_name="generations")
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="generations")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Whose credits it was asked for with, if it has been handed over since.",
    )
    made_from = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        db_index=False,
        related_name="led_to",
        help_text="The generation that the form was opened with.",
    )
    needs_approval = models.BooleanField(default=False, help_text="Until somebody has approved of its click.")
    counted_on = models.DateField(help_text="The day its credits count for: when it was last queued.")
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
    error_code = models.CharField(max_length=64, blank=True, help_text="Meigen's code in that answer.")
    message = models.TextField(blank=True, help_text="What went wrong, in Meigen's or our words.")

    ran_model_id = models.CharField(max_length=200, blank=True, help_text="The model that ran, as the answer told.")
    ran_aspect_ratio = models.CharField(max_length=20, blank=True, help_text="The ratio it got, as the answer told.")

    wish = models.CharField(max_length=64, help_text="Fingerprint of what was wanted, see `wish_of`.")
    team_at = models.DateTimeField(null=True, help_text="Since when the team may see it; never before it is done.")
    deleted_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(
        null=True, help_text="Since when only what the books need is left of it; nobody sees it any more."
    )
    changed_at = models.DateTimeField(default=timezone.now)

    objects = GenerationQuerySet.as_manager()

    # Set by `cards.prepared`, for the person who looks.
    place: Place | None = None
    is_own = False
    is_starred = False
    stars_count = 0

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "nonce", "number"], name="one_click_one_batch"),
        ]
        indexes = INDEXES

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
    def expected_end(self) -> datetime | None:
        """When it is expected to be done, once it runs."""
        if not self.running_at or not self.expected_wait:
            return None
        return self.running_at + timedelta(seconds=self.expected_wait)

    @property
    def marker(self) -> str:
        """What an open page remembers of the card: another one means that it looks different now."""
        return f"{self.version}.{self.place.number}" if self.place else str(self.version)

    @property
    def announced(self) -> Price | None:
        """What the button said before the click; None when it could not say."""
        if self.credits_estimated is None:
            return None
        return Price(self.credits_estimated, self.credits_estimated_most or self.credits_estimated)

    @property
    def credits_at_most(self) -> int:
        """What the button announced at most, 0 when it could not say."""
        return self.announced.most if self.announced else 0

    @property
    def is_charged_otherwise(self) -> bool:
        """Whether it cost something else than was announced."""
        if self.announced is None or self.credits_used is None or self.status == self.Status.FAILED:
            return False
        return self.credits_used not in self.announced

    @property
    def has_old_uploads(self) -> bool:
        """Whether Meigen may have forgotten a reference this request names: its key allows no other body."""
        age = timezone.now() - self.created_at
        old = [kind for kind, lasts in REQUESTS_LAST.items() if age > lasts]
        return bool(old) and self.references.filter(kind__in=old, uploaded_at__isnull=False).exists()

    @property
    def can_send_again(self) -> bool:
        """Whether the same request may go out again under its key: not after an answer that is final for the key."""
        final = self.status == self.Status.REJECTED and self.answer_status in FINAL_ANSWERS
        if (
            final
            or self.needs_approval
            or self.deleted_at
            or self.status not in {self.Status.REJECTED, self.Status.CANCELLED}
        ):
            return False
        return self.has_good_token and self.has_payer and not self.has_old_uploads

    @property
    def has_good_token(self) -> bool:
        return self.token is not None and self.token.refused_at is None

    @property
    def has_payer(self) -> bool:
        """Whether its owner is not switched off, and the token is the owner's own."""
        return self.owner.is_active and self.token is not None and self.token.owner_id == self.owner_id

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

    @property
    def settings(self) -> dict[str, Any]:
        """What was chosen beside prompt and model. Addresses of what was referred to are the owner's affair."""
        apart = {"prompt", "modelId", *REFERENCE_FIELDS}
        chosen = {name: value for name, value in self.request_fields.items() if name not in apart}
        if isinstance(options := chosen.get("niji7Options"), dict):
            chosen["niji7Options"] = {name: value for name, value in options.items() if not is_address(value)}
        return chosen

    @cached_property
    def clip_seconds(self) -> list[float | None]:
        """The lengths of the videos that it refers to, None for an unknown one."""
        if "referenceVideos" not in self.body:
            return []
        return list(self.references.filter(kind="video").values_list("seconds", flat=True))

    @property
    def booking(self) -> Booking:
        """Where it counts in the sums of usage, and for what."""
        key = UsageKey(
            self.counted_on, self.asked_by_id or self.owner_id, self.project_id, self.model_id, self.media_type
        )
        return Booking(key, standing(self.status, self.credits_at_most, self.credits_used, self.credits_status))

    def move(
        self,
        status: Status,
        *,
        expecting: Status | Iterable[Status],
        as_seen: bool = False,
        note: str = "",
        at: datetime | None = None,
        trail: Trail | None = None,
        **changes: Any,
    ) -> bool:
        """Moves to `status` if the row still has an expected one, and says whether it did.

        This conditional UPDATE is the only way a status is written, so of two processes exactly one wins; what is
        erased moves no more. With `as_seen` nothing at all may have changed since the row was read. `changes` are other
        fields to write with it. The move becomes a row of the timeline with `note`, and what it means for the credits
        an entry of the ledger: at once, or in `trail` for a caller that writes many in the same transaction.
        """
        expected = [expecting] if isinstance(expecting, Generation.Status) else list(expecting)
        now = at or timezone.now()
        with transaction.atomic(savepoint=False):
            rows = Generation.objects.filter(pk=self.pk, status__in=expected, erased_at=None)
            # The version makes sure that the ledger starts from what the row says, not from what it said when read.
            while not rows.filter(version=self.version).mark_changed(now, status=status, **changes):
                if as_seen or not self._reread(rows):
                    return False
            before = self.booking
            self.version += 1
            for name, value in {"status": status, "changed_at": now, **changes}.items():
                setattr(self, name, value)
            steps = trail or Trail()
            steps.add(Event(generation=self, at=now, status=status, note=note), before, self.booking)
            if trail is None:
                steps.write()
        return True

    def _reread(self, rows: GenerationQuerySet) -> bool:
        """Takes over what the ledger needs to know of the row as it is now; False if `rows` has it no more."""
        names = ("version", "status", "credits_used", "credits_status", "counted_on", "owner_id", "asked_by_id")
        fresh = rows.values(*names).first()
        for name, value in (fresh or {}).items():
            setattr(self, name, value)
        return fresh is not None

    def mark_changed(self) -> None:
        """Tells open pages that the card looks different now, without a new status."""
        Generation.objects.filter(pk=self.pk).mark_changed()
