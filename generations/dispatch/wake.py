"""Wake-ups. django-q2 delivers them at least once; each one only makes somebody look at the rows."""

import logging
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task

from generations.models import Generation, Lease, Result

logger = logging.getLogger(__name__)

WATCHDOG = "watchdog"
HEARTBEAT = "worker"
HEARTBEAT_SECONDS = 150


def sweep() -> None:
    """Wakes the sweep. Call it in the transaction that makes work for it: both live or die together."""
    async_task("generations.tasks.sweep")


def fetch() -> None:
    """Wakes the fetching of results, likewise."""
    async_task("generations.tasks.fetch")


def after_spawn(**kwargs: Any) -> None:
    """A worker process has started: at the cluster's start, and whenever one has died."""
    try:
        _keep_schedule()
        beat()
        sweep()
    except DatabaseError:
        # An exception here would end the worker, and the next one, for ever.
        logger.exception("The wake-up at the start of a worker failed")


def _keep_schedule() -> None:
    """The watchdog's schedule, once: its name is not unique in django-q2's table, so one process at a time looks."""
    if Lease.take("schedule", 5) and not Schedule.objects.filter(name=WATCHDOG).exists():
        Schedule.objects.create(
            name=WATCHDOG, func="generations.tasks.watchdog", schedule_type=Schedule.MINUTES, minutes=1
        )


def beat() -> None:
    """Says that background work is alive; /healthz goes red when this stops."""
    until = timezone.now() + timedelta(seconds=HEARTBEAT_SECONDS)
    Lease.objects.update_or_create(name=HEARTBEAT, defaults={"expires_at": until})


def watchdog() -> None:
    """Rebuilds from the rows whatever wake-up was lost."""
    beat()
    if work_left():
        sweep()
    if Result.objects.filter(kept_at=None, gone_at=None).exists():
        fetch()


def work_left() -> bool:
    """Whether a sweep has something to send or to watch; parked tokens do not count."""
    status = Generation.Status
    return (
        Generation.objects.filter(status=status.RUNNING).exists()
        or Generation.objects.filter(
            status__in=[status.QUEUED, status.SENDING], token__isnull=False, token__refused_at=None
        ).exists()
        or Generation.objects.orphaned().exists()
        or Generation.objects.freed().exists()
    )
