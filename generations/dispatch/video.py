"""Whether a file is a whole MP4 or WebM, told by the outline that both formats have; nothing is decoded."""

import os
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext_noop

from .download import Refused

MOST_BOXES = 100_000
EBML = b"\x1a\x45\xdf\xa3"
SEGMENT = b"\x18\x53\x80\x67"


def type_of(file: IO[bytes]) -> str | None:
    """The content type, None for what does not begin like a video. Raises Refused when it is not whole.

    Leaves the file at its beginning.
    """
    head = file.read(16)
    file.seek(0)
    if head[4:8] == b"ftyp":
        found, is_whole = "video/mp4", _is_whole_mp4
    elif head.startswith(EBML):
        found, is_whole = "video/webm", _is_whole_webm
    else:
        return None
    if not is_whole(file):
        raise Refused(gettext_noop("The video is not whole."))
    file.seek(0)
    return found


def _is_whole_mp4(file: IO[bytes]) -> bool:
    """An MP4 is a row of boxes, each of which says how long it is; one of them describes the film, one holds it."""
    kinds = set()
    end = file.seek(0, os.SEEK_END)
    for kind, stop in _boxes(file, end):
        if stop > end:
            return False
        kinds.add(kind)
    return {b"moov", b"mdat"} <= kinds


def _boxes(file: IO[bytes], end: int) -> Iterator[tuple[bytes, int]]:
    """(kind, where it should end) of each; a few bytes behind the last one are let pass."""
    start = 0
    for _ in range(MOST_BOXES):
        file.seek(start)
        head = file.read(16)
        if len(head) < 8:
            return
        size, least = int.from_bytes(head[:4]), 8
        if size == 1:
            size, least = int.from_bytes(head[8:16]), 16
        elif size == 0:  # to the end of the file
            size = end - start
        yield head[4:8], start + max(size, least)
        start += max(size, least)


def _is_whole_webm(file: IO[bytes]) -> bool:
    """A WebM is a header and a segment, which may say how long it is."""
    end = file.seek(0, os.SEEK_END)
    file.seek(len(EBML))
    header = _length(file)
    if header is None:
        return False
    file.seek(header, os.SEEK_CUR)
    if file.read(len(SEGMENT)) != SEGMENT:
        return False
    length = _length(file)
    return length is None or file.tell() + length <= end


def _length(file: IO[bytes]) -> int | None:
    """The number that says how long an element is; None when it says that this is not known."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    digits = bytes([first[0] & (0xFF >> (more + 1))]) + file.read(more)
    number = int.from_bytes(digits)
    return None if number == (1 << (7 * (more + 1))) - 1 else number
