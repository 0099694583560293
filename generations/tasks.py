"""What django-q2 calls: one line each, ids only. Everything here may run twice."""

from .dispatch import fetch as fetching
from .dispatch import sweep as sweeping
from .dispatch import wake


def sweep() -> None:
    sweeping.run_slice()


def fetch() -> None:
    fetching.run()


def watchdog() -> None:
    wake.watchdog()
