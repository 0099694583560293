"""What the worker command and the processes it forks tell each other, in memory that they share."""

import mmap
import struct
import time

_memory = mmap.mmap(-1, 16)  # anonymous and shared: a fork writes where its parent reads
_LIFE = struct.Struct("d")


def ask_to_stop() -> None:
    """Asks every process of this cluster to end what it does soon. A signal handler may call it: it takes no lock."""
    _memory[0] = 1


def is_stopping() -> bool:
    return _memory[0] == 1


def note_life() -> None:
    """A worker of this cluster has begun a task."""
    _LIFE.pack_into(_memory, 8, time.monotonic())


def last_life() -> float:
    """When that last happened, on the monotonic clock."""
    moment: float = _LIFE.unpack_from(_memory, 8)[0]
    return moment
