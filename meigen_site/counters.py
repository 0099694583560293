"""What the web server's processes count together, for /metrics.

The numbers are in memory that gunicorn's first process makes and those it forks share, so they are sums over all of
them and outlive each of them. A lock of the file serves all processes, and the kernel frees it when one is killed.
"""

import fcntl
import mmap
import os
import struct
import tempfile
import threading
from itertools import product

KINDS = ("page", "tick", "file", "probe")
CLASSES = ("2xx", "3xx", "4xx", "5xx")
SLOTS = [*product(KINDS, CLASSES)]
_NUMBERS = struct.Struct(f"{2 * len(SLOTS) + 1}d")  # requests and seconds of each slot, and the slow ones

_file, _name = tempfile.mkstemp()
os.unlink(_name)  # noqa: PTH108  nobody else needs it, and it lives as long as these processes
os.truncate(_file, _NUMBERS.size)
_memory = mmap.mmap(_file, _NUMBERS.size)
_threads = threading.Lock()  # the file's lock is the whole process's


def count(kind: str, status: int, seconds: float, *, is_slow: bool) -> None:
    """Adds one answer."""
    place = 2 * SLOTS.index((kind, f"{min(max(status // 100, 2), 5)}xx"))
    with _threads:
        fcntl.lockf(_file, fcntl.LOCK_EX)
        try:
            numbers = list(_NUMBERS.unpack_from(_memory))
            numbers[place] += 1
            numbers[place + 1] += seconds
            numbers[-1] += is_slow
            _NUMBERS.pack_into(_memory, 0, *numbers)
        finally:
            fcntl.lockf(_file, fcntl.LOCK_UN)


def answers() -> dict[tuple[str, str], tuple[float, float]]:
    """(requests, seconds they took together) by kind and class of status."""
    numbers = _NUMBERS.unpack_from(_memory)
    return {slot: (numbers[2 * at], numbers[2 * at + 1]) for at, slot in enumerate(SLOTS)}


def slow() -> float:
    """How many took longer than SLOW_SECONDS."""
    number: float = _NUMBERS.unpack_from(_memory)[-1]
    return number
