"""What django-q2 calls: one line each, ids and numbers only. Everything here may run twice."""

from .dispatch import fetch as fetching
from .dispatch import sweep as sweeping
from .dispatch import trash, wake


def sweep(shard: int) -> None:
    sweeping.run_slice(shard)


def wake_sweeps() -> None:
    wake.sweep()


def fetch() -> None:
    fetching.run()


def empty_trash() -> None:
    trash.empty()


def watchdog() -> None:
    wake.watchdog()
