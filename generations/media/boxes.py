"""The boxes of which MP4, AVIF and HEIC files consist. Source: ISO/IEC 14496-12."""

import os
from collections.abc import Iterator
from typing import IO, NamedTuple

MOST_BOXES = 100_000
# Major brands of files with pictures: AVIF, HEIC with its extensions and sequences, and HEIF of either kind.
PICTURES = frozenset(b"avif avis heic heix heim heis hevc hevx hevm hevs mif1 msf1".split())


class Box(NamedTuple):
    """Where the box begins, where its content begins, and where both should end."""

    kind: bytes
    at: int
    content: int
    stop: int


def boxes(file: IO[bytes], at: int, end: int) -> Iterator[Box]:
    """The boxes from `at` to `end`. A few trailing bytes are tolerated."""
    for _ in range(MOST_BOXES):
        if at + 8 > end:
            return
        file.seek(at)
        head = file.read(16)
        size, least = int.from_bytes(head[:4]), 8
        if size == 1:
            size, least = int.from_bytes(head[8:16]), 16
        elif size == 0:  # extends to the end of the file
            size = end - at
        yield Box(head[4:8], at, at + least, at + max(size, least))
        at += max(size, least)


def whole(file: IO[bytes]) -> set[bytes] | None:
    """The kinds of the outermost boxes, or None if one of them does not end within the file."""
    kinds = set()
    end = file.seek(0, os.SEEK_END)
    for box in boxes(file, 0, end):
        if box.stop > end:
            return None
        kinds.add(box.kind)
    return kinds


def holds_picture(head: bytes) -> bool:
    """Whether a file that begins like this is an AVIF or HEIC picture, which begins much like a video."""
    return head[4:8] == b"ftyp" and head[8:12] in PICTURES
