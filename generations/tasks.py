"""What django-q2 calls: one line each, ids and numbers only. Everything here may run twice."""

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_q.tasks import async_task

from accounts import throttles
from audit import log
from generations.dispatch import sweep as sweeping
from generations.dispatch import upstream, wake
from generations.library import trash
from generations.media import fetch as fetching
from generations.media import reach, store
from generations.models import Pause
from generations.usage import digest


def sweep(shard: int) -> None:
    sweeping.run_slice(shard)


def wake_sweeps() -> None:
    wake.sweep()


def fetch() -> None:
    fetching.run()


def look_outside() -> None:
    upstream.look()
    reach.look()
    store.look_at_bucket()


def hurry() -> None:
    for room in (upstream, reach, store):
        room.hurry()


def empty_trash() -> None:
    trash.empty()


def tidy() -> None:
    """What is over: old entries of the audit log, counts of wrong passwords, lost hosts, and expired sessions."""
    log.purge()
    throttles.expired().delete()
    wake.forget_hosts()
    call_command("clearsessions")


def watchdog() -> None:
    wake.watchdog()
    with transaction.atomic():
        if not Pause.is_on() and digest.is_due(timezone.now()):
            async_task("generations.tasks.send_digest")


def send_digest() -> None:
    digest.send()
