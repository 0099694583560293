"""The output for a file as a list of parts: spans of the original, or replacement bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO

CHUNK = 256 * 1024
Span = tuple[int, int]  # start and end offset in the file, the end exclusive
Part = Span | bytes


def length(parts: Iterable[Part]) -> int:
    return sum(len(part) if isinstance(part, bytes) else part[1] - part[0] for part in parts)


def joined(parts: Iterable[Part]) -> Iterator[Part]:
    """Merges adjacent spans, so that many pixel chunks are read as one."""
    before: Part = b""
    for part in chain(parts, [b""]):
        if isinstance(before, tuple) and isinstance(part, tuple) and before[1] == part[0]:
            before = before[0], part[1]
            continue
        if before:
            yield before
        before = part


def read(file: IO[bytes], at: int, count: int) -> bytes:
    file.seek(at)
    return file.read(count)
