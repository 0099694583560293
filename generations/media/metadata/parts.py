"""What is to be sent of a file, as a row of parts: a span of it, or bytes in the place of what was there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO

CHUNK = 256 * 1024
Span = tuple[int, int]  # from and to before which byte of the file
Part = Span | bytes


def length(parts: Iterable[Part]) -> int:
    return sum(len(part) if isinstance(part, bytes) else part[1] - part[0] for part in parts)


def joined(parts: Iterable[Part]) -> Iterator[Part]:
    """Spans that touch as one: many chunks of pixels are read like one."""
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
