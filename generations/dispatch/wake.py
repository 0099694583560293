"""Wake-ups. django-q2 delivers them at least once; each one only makes somebody look at the rows."""

import logging
import socket
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.db.models import QuerySet
from django.utils import timezone
from django_q.tasks import async_task

from accounts import throttles
from audit import log
from generations.dispatch import clock, stopping, troubles
from generations.models import Generation, Lease, Pause, Result
from generations.models.lease import free_dead_claims
from generations.models.process import this_process

S = Generation.Status

logger = logging.getLogger(__name__)

FETCH_SLOTS = ("fetch-1", "fetch-2")
HEARTBEAT = "worker"
HEARTBEAT_SECONDS = 150
HOST = "worker@"
SWEEP = "sweep-"
REMEMBERED = timedelta(days=1)
LOOK = "look"
LOOK_EVERY = timedelta(seconds=8)  # less than a pulse
TRASH = "trash"
TRASH_EVERY = timedelta(hours=1)
TIDY = "tidy"
TIDY_EVERY = timedelta(hours=1)


def lease_of(shard: int) -> str:
    return f"{SWEEP}{shard}"


def sweep(*shards: int) -> None:
    """Wakes the sweep of these shards, or of all. Call it in the transaction that makes work for it.

    Both live or die together; a shard that sweeps already ignores it.
    """
    for shard in shards or range(settings.SWEEPS):
        async_task("generations.tasks.sweep", shard)


def fetch() -> None:
    """Wakes the fetching of results, likewise."""
    async_task("generations.tasks.fetch")


def empty_trash() -> None:
    """Wakes the emptying of the trash."""
    async_task("generations.tasks.empty_trash")


def look_outside() -> None:
    """Wakes a look at whether Meigen and the bucket answer, at most once every few seconds on all hosts together."""
    if Lease.once_every(LOOK, LOOK_EVERY):
        async_task("generations.tasks.look_outside")


def pulse() -> None:
    """Wakes the watchdog; the worker command does it every few seconds."""
    async_task("generations.tasks.watchdog")


def after_spawn(**kwargs: Any) -> None:
    """A worker process has started: at the cluster's start, and whenever one has died."""
    stopping.note_life()
    try:
        beat()
        sweep()
        if not Pause.is_on():
            _fetch_what_is_due()
    except DatabaseError:
        # An exception here would end the worker, and the next one, for ever.
        logger.exception("The wake-up at the start of a worker failed")


def before_task(**kwargs: Any) -> None:
    stopping.note_life()


def beat() -> None:
    """Says that background work is alive; /healthz goes red when this stops."""
    until = timezone.now() + timedelta(seconds=HEARTBEAT_SECONDS)
    Lease.objects.update_or_create(name=HEARTBEAT, defaults={"expires_at": until})


def beat_of_host() -> None:
    """Says that this host's workers are alive, so that it is known which of several hosts is not.

    It is said in the database's time, and with how far this host's clock is from that.
    """
    ahead = clock.ahead()
    until = timezone.now() + timedelta(seconds=HEARTBEAT_SECONDS - ahead)
    owner = f"{this_process()}|{ahead:+.1f}"
    Lease.objects.update_or_create(name=_own_name(), defaults={"owner": owner, "expires_at": until})
    host = socket.gethostname()
    troubles.end(troubles.of_host(troubles.SILENT))
    if abs(ahead) > clock.WRONG:
        words = f"The clock of {host} is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the database's"
        troubles.begin(troubles.of_host(troubles.CLOCK), words)
    else:
        troubles.end(troubles.of_host(troubles.CLOCK), hurry)


def hurry() -> None:
    """Wakes whoever brings forward what waits because of a trouble that is over."""
    async_task("generations.tasks.hurry")


def leave() -> None:
    """This host's workers were asked to stop, so nobody has to miss them."""
    Lease.objects.filter(name=_own_name()).delete()
    troubles.forget(socket.gethostname())


def hosts() -> QuerySet[Lease]:
    """The heartbeats of all hosts whose workers live or were not stopped in good order."""
    return Lease.objects.filter(name__startswith=HOST, expires_at__gt=timezone.now() - REMEMBERED).order_by("name")


def forget_hosts() -> None:
    """Those that were not stopped in good order and never came back, with their troubles."""
    lost = Lease.objects.filter(name__startswith=HOST, expires_at__lt=timezone.now() - REMEMBERED)
    for beat in lost:
        troubles.forget(host_of(beat))
    lost.delete()


def host_of(beat: Lease) -> str:
    return beat.owner.partition("|")[0] or beat.name.removeprefix(HOST)


def ahead_of(beat: Lease) -> float:
    """Seconds by which that host's clock was ahead of the database's at the beat."""
    return float((beat.owner.split("|")[4:5] or ["0"])[0])


def note_silence() -> None:
    """Writes down which hosts are silent. Those that live ask it of the others, and the health check of all.

    A host whose own clock is off cannot tell.
    """
    if troubles.lasts(troubles.of_host(troubles.CLOCK)):
        return
    for beat in hosts().filter(expires_at__lt=timezone.now()):
        host = host_of(beat)
        since = beat.expires_at - timedelta(seconds=HEARTBEAT_SECONDS)
        words = f"The workers of {host} are silent since {since:%Y-%m-%d %H:%M:%S} UTC"
        troubles.begin(troubles.of_host(troubles.SILENT, host), words)


def _own_name() -> str:
    return f"{HOST}{socket.gethostname()}"[:40]


def watchdog() -> None:
    """Rebuilds from the rows whatever wake-up was lost; while the studio is paused, nothing."""
    beat()
    note_silence()
    if Pause.is_on():
        return
    if troubles.lasts(troubles.MEIGEN, troubles.FILES, troubles.STORE):
        look_outside()
    for shard in range(settings.SWEEPS):
        if not Lease.is_held(lease_of(shard)) and work_left(shard):
            sweep(shard)
    _fetch_what_is_due()
    if _is_trash_due() and Lease.once_every(TRASH, TRASH_EVERY):
        empty_trash()
    if _is_tidying_due() and Lease.once_every(TIDY, TIDY_EVERY):
        async_task("generations.tasks.tidy")


def _is_trash_due() -> bool:
    left = Result.objects.filter(erased_at__isnull=False)
    return Generation.objects.to_erase(timezone.now()).exists() or left.exists()


def _is_tidying_due() -> bool:
    over = [throttles.expired(), Session.objects.filter(expire_date__lt=timezone.now())]
    return log.has_old_entries() or any(rows.exists() for rows in over)


def _fetch_what_is_due() -> None:
    """What a dead process was fetching is due again at once."""
    now = timezone.now()
    free_dead_claims(Result.objects.filter(kept_at=None, gone_at=None, lease_until__gt=now))
    if not all(map(Lease.is_held, FETCH_SLOTS)) and Result.objects.due(now).exists():
        fetch()


def live() -> list[tuple[UUID, str]]:
    """(id, status) of all that is running, being sent or waiting."""
    return list(Generation.objects.filter(status__in=Generation.LIVE).values_list("pk", "status"))


def share(rows: list[tuple[UUID, str]], shard: int) -> list[UUID]:
    """The running ones of `live` that this shard watches."""
    return [pk for pk, status in rows if status == S.RUNNING and pk.int % settings.SWEEPS == shard]


def waiting() -> bool:
    """Whether anything is to be sent, now or later, or has to be moved; parked tokens do not count."""
    rows = Generation.objects
    return (
        rows.filter(status__in=[S.QUEUED, S.SENDING]).with_good_token().unparked().exists()
        or rows.to_put_away().exists()
        or rows.orphaned().exists()
        or rows.with_replaced_token().exists()
    )


def anything_left() -> bool:
    """Whether any sweep has."""
    return Generation.objects.filter(status=S.RUNNING).exists() or waiting()


def work_left(shard: int) -> bool:
    """Whether this shard's sweep has something to send or to watch."""
    return waiting() or bool(share(live(), shard))
