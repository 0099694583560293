"""`manage.py worker_alive`: the health check of a worker container."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from generations.dispatch.wake import HEARTBEAT
from generations.models import Lease


class Command(BaseCommand):
    help = "Succeed while background work is alive: a heartbeat within the last 150 seconds."

    def handle(self, *args: Any, **options: Any) -> None:
        until = Lease.expiry(HEARTBEAT)
        if until is None or until < timezone.now():
            raise CommandError("Background work is silent.")
