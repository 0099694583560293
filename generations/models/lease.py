"""Rows that several processes take turns on: leases, and the gate of a token's rate."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path

from django.db import models
from django.db.models import Q
from django.utils import timezone


def _this_process() -> str:
    """host|boot|pid|start: names one process for good, since a pid alone comes back."""
    return "|".join([*_this_boot(), str(os.getpid()), _started(os.getpid()) or ""])


def _this_boot() -> tuple[str, str]:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # Containers share the boot id but not the pids, so the pid namespace belongs to the name.
        boot += str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        boot = ""
    return socket.gethostname(), boot


def _started(pid: int) -> str | None:
    """The start time of a process, None when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def _is_dead(owner: str) -> bool:
    """Whether the owner was a process of this host that has ended; False when that cannot be told."""
    host, boot, pid, started = (owner.split("|") + [""] * 4)[:4]
    if (host, boot) != _this_boot() or not boot or not pid.isdigit():
        return False
    return _started(int(pid)) != started


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
        now, me = timezone.now(), _this_process()
        until = now + timedelta(seconds=seconds)
        cls.objects.get_or_create(name=name, defaults={"expires_at": now - timedelta(seconds=1)})
        free = Q(owner=me) | Q(expires_at__lt=now)
        holder = cls.objects.values_list("owner", flat=True).get(name=name)
        if _is_dead(holder):
            free |= Q(owner=holder)
        return bool(cls.objects.filter(free, name=name).update(owner=me, expires_at=until))

    @classmethod
    def give_back(cls, name: str) -> None:
        cls.objects.filter(name=name, owner=_this_process()).update(owner="", expires_at=timezone.now())

    @classmethod
    def expiry(cls, name: str) -> datetime | None:
        return cls.objects.filter(name=name).values_list("expires_at", flat=True).first()


class RateGate(models.Model):
    """One row per token fingerprint: locked while a place in the rate window is taken; says when Meigen wants quiet."""

    token_fingerprint = models.CharField(max_length=64, primary_key=True)
    blocked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Gate of {self.token_fingerprint[:8]}"
