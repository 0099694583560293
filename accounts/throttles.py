"""Limits on guessing. They are rows of their own, which nothing but time removes, and no cache that can be filled."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from . import vault
from .models import Throttle


@dataclass(frozen=True)
class Limit:
    """After `free` wrong tries comes a pause, which doubles with each further one, up to `longest`.

    All tries are forgotten when `forgets` has passed since the latest.
    """

    name: str
    free: int
    pause: timedelta
    longest: timedelta
    forgets: timedelta

    def after(self, tries: int) -> timedelta:
        """How long to wait after so many wrong tries."""
        if tries < self.free:
            return timedelta()
        doublings = min(tries - self.free, 32)
        return min(self.pause * (1 << doublings), self.longest)


@dataclass(frozen=True)
class Count:
    """What a try is counted for, such as a link, under a limit."""

    limit: Limit
    of: str

    @property
    def key(self) -> str:
        return vault.derive("throttle", f"{self.limit.name} {self.of}".encode())


class Waiting(Exception):
    """There were too many wrong tries. `minutes` says how long to wait, at least one."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Waits until {until}")
        self.minutes = max(1, -(-int((until - timezone.now()).total_seconds()) // 60))

    def told(self, words: Any) -> str:
        """The words, which are of `ngettext_lazy` and count `minutes`, with how long to wait."""
        return str(words % {"minutes": self.minutes})


@dataclass(frozen=True)
class Try:
    """A try that has been counted as a wrong one."""

    waits: dict[str, datetime]
    """How long each count waits on account of it."""

    def was_right(self) -> None:
        """Takes the try back, and the pause it began, but not what others have tried meanwhile."""
        for key, until in sorted(self.waits.items()):
            with transaction.atomic():
                row = Throttle.objects.select_for_update().filter(key=key, tries__gt=0).first()
                if row is not None:
                    row.tries -= 1
                    row.waits_until = timezone.now() if row.waits_until == until else row.waits_until
                    row.save(update_fields=["tries", "waits_until"])


def begin(*counts: Count) -> Try:
    """Counts a try as wrong before anybody looks at it, so that parallel guesses gain nothing over sequential ones.

    Raises Waiting, and counts nothing, while one of the counts is in a pause.
    """
    limits = {count.key: count.limit for count in counts}
    begun = timezone.now()
    unused = {"tries": 0, "waits_until": begun, "forgotten_at": begun}
    with transaction.atomic():
        Throttle.objects.bulk_create([Throttle(key=key, **unused) for key in sorted(limits)], ignore_conflicts=True)
        rows = list(Throttle.objects.select_for_update().filter(key__in=limits).order_by("key"))
        now = timezone.now()  # others may have come first
        until = max(row.waits_until for row in rows)
        if until > now:
            raise Waiting(until)
        for row in rows:
            limit = limits[row.key]
            row.tries = row.tries + 1 if row.forgotten_at > now else 1
            row.waits_until = now + limit.after(row.tries)
            row.forgotten_at = now + limit.forgets
        Throttle.objects.bulk_update(rows, ["tries", "waits_until", "forgotten_at"])
    return Try({row.key: row.waits_until for row in rows})


def network(address: str) -> str:
    """The network an IP address belongs to, because an IPv6 user has 2 ** 64 addresses. "" stays as it is."""
    if ":" not in address:
        return address
    return str(ipaddress.IPv6Network((address, 64), strict=False))


def expired() -> QuerySet[Throttle]:
    """The counts that mean nothing any more."""
    return Throttle.objects.filter(forgotten_at__lte=timezone.now())
