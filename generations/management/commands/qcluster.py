"""`manage.py qcluster`: django-q2's worker cluster, kept alive and stopped in good time.

django-q2 by itself lets every task end before it stops, runs on without a guard when its guard dies, and can stall for
good when an idle worker is killed while it holds the queue's lock. The rows are the truth and every process may die at
any moment, so here a stop is asked for in shared memory and enforced after a while, and a cluster that is dead or does
nothing is replaced by a new one.
"""

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connections
from django_q import cluster
from django_q.cluster import Cluster

from generations.dispatch import pending, stopping, wake
from generations.media import store
from meigen_site import starting
from meigen_site.logs import event
from meigen_site.processes import end_with_parent

logger = logging.getLogger(__name__)

PULSE_SECONDS = 10.0
# At first more often: what another host held when it died is free within seconds.
START_SECONDS = 30.0
START_PULSE_SECONDS = 2.0
# Ten pulses: another cluster on the same database may answer some of them.
STALL_SECONDS = 100.0
STOP_SECONDS = 8.0
PAUSE_SECONDS = 1.0


def _ends_quietly(target: Callable[..., None]) -> Callable[..., None]:
    """What runs in a process of django-q2's that is replaced when it ends, as it does when the database is away."""

    @wraps(target)
    def run(*args: Any) -> None:
        try:
            target(*args)
        except DatabaseError:
            logger.exception("A process of the cluster ended")

    return run


cluster.monitor = _ends_quietly(cluster.monitor)


class _Cluster(Cluster):  # type: ignore[misc]  # django-q2 has no types
    def sig_handler(self, signum: int, frame: Any) -> None:
        """Only asks; the command's loop stops the cluster."""
        stopping.ask_to_stop()


class Command(BaseCommand):
    help = "Run the background workers until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        # Each process dies with the one that forked it, so none is left behind to take tasks and do nothing.
        os.register_at_fork(after_in_child=_end_with_parent)
        starting.tell("The workers")
        with contextlib.suppress(DatabaseError):
            if missing := len(pending.migrations()):
                pending.tell(missing)
            else:
                store.hurry()  # somebody may have made room while nobody looked
        while not stopping.is_stopping():
            connections.close_all()
            stopping.note_life()
            workers = _Cluster()
            try:
                workers.start()
            except RuntimeError:
                logger.exception("The worker cluster did not start")
            else:
                _watch(workers)
            if not stopping.is_stopping():
                logger.error("The worker cluster is dead or stalled; starting another.")
                time.sleep(PAUSE_SECONDS)
        with contextlib.suppress(DatabaseError):
            wake.leave()


def _end_with_parent() -> None:
    end_with_parent(signal.SIGKILL)


def _watch(workers: _Cluster) -> None:
    """Returns when the cluster has ended: by a stop, by its death, or because it was stalled."""
    begun, next_pulse = time.monotonic(), 0.0
    away_since: float | None = None
    while workers.sentinel.is_alive() and not stopping.is_stopping():
        now = time.monotonic()
        if now >= next_pulse:
            away_since = _pulse(away_since)
            next_pulse = now + (START_PULSE_SECONDS if now < begun + START_SECONDS else PULSE_SECONDS)
        if away_since is None and now - stopping.last_life() > STALL_SECONDS:
            break  # while the database is away, another cluster could do no more
        time.sleep(0.2)
    if stopping.is_stopping() and workers.sentinel.is_alive():
        workers.stop_event.set()
        workers.sentinel.join(STOP_SECONDS)
    workers.sentinel.kill()
    workers.sentinel.join()


def _pulse(away_since: float | None) -> float | None:
    """Says that this host lives, and wakes the watchdog. Returns since when the database has been away, if it is."""
    try:
        close_old_connections()  # one that broke stays broken otherwise
        wake.beat_of_host()
        store.look()
        wake.pulse()
    except DatabaseError:
        logger.exception("The watchdog could not be woken")
        return time.monotonic() if away_since is None else away_since
    if away_since is not None:
        stopping.note_life()
        seconds = round(time.monotonic() - away_since)
        logger.warning("The database answers again after %s s.", seconds, extra=event("database_back", seconds=seconds))
    return None
