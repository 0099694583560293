"""The credits ledger: what is reserved and charged for each generation, and the sums of it by day.

An entry is written in the transaction that changes a generation's status, so a balance is the sum of its entries and
says what Meigen has charged and what it may still charge. `DailyUsage` holds the same sums, so that a page about a
month need not read a million entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from generations.models.project import Project
from generations.models.status import Status

REFUNDED = "refunded"  # Meigen's word in `credits_status`


def day_of(moment: datetime) -> date:
    """The calendar day in the studio's time zone, which is what months and budgets are counted by."""
    return timezone.localtime(moment, timezone.get_default_timezone()).date()


def beginning_of(day: date) -> datetime:
    """The moment at which that day begins."""
    return timezone.make_aware(datetime.combine(day, time.min), timezone.get_default_timezone())


def month_of(day: date) -> tuple[date, date]:
    """The first day of its month, and of the next one."""
    first = day.replace(day=1)
    return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)


SUMS = {
    "generations": _("Generations"),
    "done": _("Done"),
    "failed": _("Failed"),
    "charged": _("Charged"),
    "refunded": _("Refunded"),
    "unrefunded": _("Failed, not refunded"),
    "reserved": _("Reserved"),
    "announced": _("Announced"),
}
_UNTAKEN = [Status.HELD, Status.REJECTED, Status.CANCELLED]
_TAKEN = [Status.RUNNING, Status.DONE, Status.FAILED]


def standing(status: str, announced: int, used: int | None, credits_status: str) -> Counter[str]:
    """What a generation adds to the sums in this state.

    `announced` is the most that the button said. What Meigen took without naming a price counts as announced.
    """
    counted = Counter(generations=1)
    if status in _UNTAKEN:
        return counted
    if used is None and status not in _TAKEN:
        counted["reserved"] = announced
        return counted
    charge = announced if used is None else max(used, 0)
    counted["announced"] = announced
    if status == Status.FAILED:
        counted["failed"] = 1
        counted[REFUNDED if credits_status == REFUNDED else "unrefunded"] = charge
    if status == Status.DONE:
        counted["done"] = 1
    if not counted[REFUNDED]:
        counted["charged"] = charge
    return +counted


def adding_to(name: str) -> Q:
    """The generations that add to this one of the `SUMS`: those in whose `standing` it is."""
    announced = Q(credits_estimated__gt=0) | Q(credits_estimated_most__gt=0)
    charge = Q(credits_used__gt=0) | Q(announced, credits_used=None)
    is_taken = Q(status__in=_TAKEN) | (Q(credits_used__isnull=False) & ~Q(status__in=_UNTAKEN))
    refunded = Q(status=Status.FAILED, credits_status=REFUNDED)
    rows = {
        "generations": Q(),
        "done": Q(status=Status.DONE),
        "failed": Q(status=Status.FAILED),
        "charged": is_taken & charge & ~refunded,
        "refunded": refunded & charge,
        "unrefunded": Q(status=Status.FAILED) & charge & ~refunded,
        "reserved": announced & Q(credits_used=None) & ~Q(status__in=[*_UNTAKEN, *_TAKEN]),
        "announced": is_taken & announced,
    }
    return rows[name]


def counted_for(person: int) -> Q:
    """The generations that count for this person: what they asked for, whoever has it now."""
    return Q(asked_by=person) | Q(asked_by=None, owner=person)


def counted_between(since: date | None, until: date | None) -> Q:
    """The generations that count on these days, both included."""
    rows = Q(counted_on__gte=since) if since else Q()
    if until and until < date.max:  # nothing counts before it is made, which the lists' order finds at once
        rows &= Q(counted_on__lte=until, created_at__lt=beginning_of(until + timedelta(days=1)))
    return rows


class LedgerEntry(models.Model):
    """A change of what is reserved or charged for one generation. It is never changed or deleted."""

    class Kind(models.TextChoices):
        RESERVE = "reserve", _("Reserved")
        SETTLE = "settle", _("Charged")
        RELEASE = "release", _("Released")

    generation = models.ForeignKey("generations.Generation", models.PROTECT, related_name="entries")
    at = models.DateTimeField()
    kind = models.CharField(max_length=7, choices=Kind)
    reserved = models.BigIntegerField(default=0, help_text="Credits, more or fewer than before.")
    charged = models.BigIntegerField(default=0, help_text="Credits, more or fewer than before.")

    class Meta:
        verbose_name_plural = "ledger entries"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reserved:+} reserved, {self.charged:+} charged"

    @classmethod
    def of_change(cls, generation: Any, at: datetime, change: Mapping[str, int]) -> LedgerEntry | None:
        """The entry for a change of a generation's standing, or None if no credits move."""
        reserved, charged = change.get("reserved", 0), change.get("charged", 0)
        if not reserved and not charged:
            return None
        kind = cls.Kind.SETTLE if charged > 0 else cls.Kind.RESERVE if reserved > 0 else cls.Kind.RELEASE
        return cls(generation=generation, at=at, kind=kind, reserved=reserved, charged=charged)


class UsageKey(NamedTuple):
    """What the sums are kept by."""

    day: date
    owner_id: int
    project_id: int | None
    model_id: str
    media_type: str


class Booking(NamedTuple):
    """Where a generation counts, and what it counts for there."""

    key: UsageKey
    standing: Counter[str]


class DailyUsageQuerySet(models.QuerySet["DailyUsage"]):
    def of_month(self, day: date) -> DailyUsageQuerySet:
        """The calendar month that the day is in."""
        first, after = month_of(day)
        return self.filter(day__gte=first, day__lt=after)


class DailyUsage(models.Model):
    """The sums of one day for a person, project and model. The day is that of the click, or of sending it again."""

    day = models.DateField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="+")
    model_id = models.CharField(max_length=200)
    media_type = models.CharField(max_length=5)

    generations = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    announced = models.BigIntegerField(default=0, help_text="At most, for what was charged or refunded.")
    reserved = models.BigIntegerField(default=0, help_text="May still be charged.")
    charged = models.BigIntegerField(default=0, help_text="Without refunds.")
    refunded = models.BigIntegerField(default=0)
    unrefunded = models.BigIntegerField(default=0, help_text="Charged for what failed.")

    objects = DailyUsageQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "daily usage"
        constraints = [
            models.UniqueConstraint(
                fields=["day", "owner", "project", "model_id", "media_type"], name="usage_once_a_day_in_project"
            ),
            models.UniqueConstraint(
                fields=["day", "owner", "model_id", "media_type"],
                condition=Q(project=None),
                name="usage_once_a_day_without_project",
            ),
        ]
        indexes = [models.Index(fields=["owner", "day"], name="usage_of_person")]

    def __str__(self) -> str:
        return f"{self.day}: {self.charged} charged"

    @staticmethod
    def add(changes: Mapping[UsageKey, Mapping[str, int]]) -> None:
        """Adds to the sums, always in the same order, so that two transactions cannot wait for each other."""
        for key, change in sorted(changes.items(), key=lambda item: str(item[0])):
            columns = {name: F(name) + by for name, by in change.items() if by}
            rows = DailyUsage.objects.filter(**key._asdict())
            if columns and not rows.update(**columns):
                DailyUsage.objects.bulk_create([DailyUsage(**key._asdict())], ignore_conflicts=True)
                rows.update(**columns)
