"""What django-q2 calls: one line each, ids and numbers only. Everything here may run twice."""

from generations.dispatch import sweep as sweeping
from generations.dispatch import wake
from generations.library import trash
from generations.media import fetch as fetching


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
