"""Rows that several processes take turns on: leases, and the gate of a token's rate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from generations.models.process import is_dead, this_process

# No lease and no pause is longer. One that seems to be was written before the clock was set back.
LONGEST_WAIT = timedelta(minutes=65)


def is_over(field: str, now: datetime) -> Q:
    """The condition that a lease or a pause, which may be null, does not hold any more."""
    beyond = now + LONGEST_WAIT
    return Q(**{field: None}) | Q(**{f"{field}__lt": now}) | Q(**{f"{field}__gt": beyond})


class Lease(models.Model):
    """A named turn that one process holds until it ends, renews it or dies."""

    name = models.CharField(max_length=40, primary_key=True)
    owner = models.CharField(max_length=200, blank=True)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} until {self.expires_at:%H:%M:%S}"

    @classmethod
    def take(cls, name: str, seconds: float) -> bool:
        """Takes or renews the turn; False while another living process holds it."""
        now, me = timezone.now(), this_process()
        until = now + timedelta(seconds=seconds)
        if cls.objects.filter(name=name, owner=me).update(expires_at=until):
            return True
        cls.objects.get_or_create(name=name, defaults={"expires_at": now - timedelta(seconds=1)})
        free = is_over("expires_at", now)
        holder = cls.objects.values_list("owner", flat=True).get(name=name)
        if is_dead(holder):
            free |= Q(owner=holder)
        return bool(cls.objects.filter(free, name=name).update(owner=me, expires_at=until))

    @classmethod
    def once_every(cls, name: str, every: timedelta) -> bool:
        """True for exactly one process in every such interval."""
        now = timezone.now()
        cls.objects.get_or_create(name=name, defaults={"expires_at": now - timedelta(seconds=1)})
        return bool(cls.objects.filter(is_over("expires_at", now), name=name).update(expires_at=now + every))

    @classmethod
    def give_back(cls, name: str) -> None:
        cls.objects.filter(name=name, owner=this_process()).update(owner="", expires_at=timezone.now())

    @classmethod
    def expiry(cls, name: str) -> datetime | None:
        return cls.objects.filter(name=name).values_list("expires_at", flat=True).first()

    @classmethod
    def is_held(cls, name: str) -> bool:
        """Whether a process holds it now that is not known to be dead."""
        row = cls.objects.filter(name=name, expires_at__gt=timezone.now()).exclude(owner="").first()
        return row is not None and not is_dead(row.owner)


def free_dead_claims(held: models.QuerySet[Any]) -> None:
    """Frees those of the rows, which have a lease and the process it was given to, whose process has died."""
    for holder in held.values_list("claimed_by", flat=True).distinct():
        if is_dead(holder):
            held.filter(claimed_by=holder).update(lease_until=None)


class RateGate(models.Model):
    """One row per token fingerprint: locked while a place in the rate window is taken; says when Meigen wants quiet."""

    token_fingerprint = models.CharField(max_length=64, primary_key=True)
    blocked_until = models.DateTimeField(null=True)
    limited_in_row = models.PositiveSmallIntegerField(default=0, help_text="How often in a row Meigen answered 429.")
    limited_at = models.DateTimeField(null=True, help_text="When the latest of those answers came.")

    def __str__(self) -> str:
        return f"Gate of {self.token_fingerprint[:8]}"

    def is_closed(self, now: datetime) -> bool:
        """Whether Meigen wants quiet now: the opposite of `is_over`, for a row that has been read."""
        return self.blocked_until is not None and now <= self.blocked_until <= now + LONGEST_WAIT
