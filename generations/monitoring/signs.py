"""What the rows of all processes say of how they fare: heartbeats, sweeps and troubles, in one query."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from generations.dispatch import sweep, troubles, wake
from generations.dispatch.troubles import Trouble
from generations.models import Lease

LATE = timedelta(seconds=60)  # for how long a sweep may rest although there is something to do


@dataclass(frozen=True)
class Host:
    """Workers of one host: when they last said that they live, and how far ahead its clock was."""

    name: str
    beat_at: datetime
    is_alive: bool
    ahead: float


@dataclass
class Signs:
    """`alive_until` is when the workers would be silent, None if they have not started yet. `swept_at` is by shard."""

    alive_until: datetime | None = None
    hosts: list[Host] = field(default_factory=list)
    swept_at: dict[str, datetime] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)

    def has(self, kind: str) -> bool:
        return any(trouble.kind == kind for trouble in self.troubles)


def read() -> Signs:
    """All of it as it is now."""
    signs, now = Signs(), timezone.now()
    for row in Lease.objects.all():
        if row.name == wake.HEARTBEAT:
            signs.alive_until = row.expires_at
        elif row.name.startswith(wake.HOST):
            beat_at = row.expires_at - timedelta(seconds=wake.HEARTBEAT_SECONDS)
            signs.hosts.append(Host(wake.host_of(row), beat_at, row.expires_at > now, wake.ahead_of(row)))
        elif row.name.startswith(wake.SWEEP):
            held = timedelta(seconds=sweep.LEASE_SECONDS) if row.owner else timedelta()
            signs.swept_at[row.name.removeprefix(wake.SWEEP)] = row.expires_at - held
        elif trouble := troubles.of(row):
            signs.troubles.append(trouble)
    signs.troubles = [trouble for trouble in signs.troubles if _counts(trouble, signs.hosts)]
    return signs


def _counts(trouble: Trouble, hosts: list[Host]) -> bool:
    """Whether it still means something: nobody looks at the disk and the clock of a host whose workers are gone."""
    if trouble.kind not in {troubles.STORE, troubles.CLOCK} or not trouble.host:
        return True
    return any(host.is_alive and host.name.startswith(trouble.host) for host in hosts)
