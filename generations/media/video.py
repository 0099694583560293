"""Checks whether a file is a complete MP4 or WebM by walking its structure. Nothing is decoded."""

import os
from typing import IO

from generations.media import boxes
from generations.media.download import Refused
from generations.models.sentences import Sentence

EBML = b"\x1a\x45\xdf\xa3"
SEGMENT = b"\x18\x53\x80\x67"


def type_of(file: IO[bytes]) -> str | None:
    """The content type, or None if the file does not begin like a video. Raises Refused if it is incomplete.

    Rewinds the file.
    """
    head = file.read(16)
    file.seek(0)
    if boxes.holds_picture(head):
        return None
    if head[4:8] == b"ftyp":
        found, is_whole = "video/mp4", _is_whole_mp4
    elif head.startswith(EBML):
        found, is_whole = "video/webm", _is_whole_webm
    else:
        return None
    if not is_whole(file):
        raise Refused(Sentence.VIDEO_INCOMPLETE)
    file.seek(0)
    return found


def _is_whole_mp4(file: IO[bytes]) -> bool:
    """An MP4 is a sequence of boxes with stated lengths. One describes the video and one contains it."""
    return {b"moov", b"mdat"} <= (boxes.whole(file) or set())


def _is_whole_webm(file: IO[bytes]) -> bool:
    """A WebM is a header and a segment, which may state its length."""
    end = file.seek(0, os.SEEK_END)
    file.seek(len(EBML))
    header = length(file)
    if header is None:
        return False
    file.seek(header, os.SEEK_CUR)
    if file.read(len(SEGMENT)) != SEGMENT:
        return False
    said = length(file)
    return said is None or file.tell() + said <= end


def length(file: IO[bytes]) -> int | None:
    """The length of a WebM element, or None if it is marked as unknown."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    digits = bytes([first[0] & (0xFF >> (more + 1))]) + file.read(more)
    number = int.from_bytes(digits)
    return None if number == (1 << (7 * (more + 1))) - 1 else number
