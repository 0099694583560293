"""MP4 and WebM: metadata is blanked, and every other byte keeps its offset."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, NamedTuple

from generations.media import boxes, video
from generations.media.metadata.parts import CHUNK, Part, read

# Boxes with metadata, and boxes not to descend into; all others may contain them. Source: ISO/IEC 14496-12.
MP4_BLANKED = frozenset([b"udta", b"meta", b"uuid", b"free", b"skip"])
MP4_INSIDE: dict[bytes, frozenset[bytes]] = {
    b"": frozenset([b"moov", b"moof"]),
    b"moov": frozenset([b"trak"]),
    b"trak": frozenset([b"mdia"]),
    b"mdia": frozenset([b"minf"]),
    b"minf": frozenset([b"stbl"]),
    b"moof": frozenset([b"traf"]),
}
# Elements with metadata, checksums that would no longer match, and Void. Source: RFC 9559.
INFO, TRACKS, TRACK = b"\x15\x49\xa9\x66", b"\x16\x54\xae\x6b", b"\xae"
TAGS, ATTACHMENTS, CHAPTERS = b"\x12\x54\xc3\x67", b"\x19\x41\xa4\x69", b"\x10\x43\xa7\x70"
TITLE, FILE_NAME, TRACK_NAME, CHECKSUM, VOID = b"\x7b\xa9", b"\x73\x84", b"\x53\x6e", b"\xbf", b"\xec"
WEBM_BLANKED = frozenset([TAGS, ATTACHMENTS, CHAPTERS, TITLE, FILE_NAME, TRACK_NAME, CHECKSUM, VOID])
WEBM_INSIDE = {
    b"": frozenset([video.SEGMENT]),
    video.SEGMENT: frozenset([INFO, TRACKS]),
    TRACKS: frozenset([TRACK]),
}


class Blank(NamedTuple):
    """A span to be filled with zeros, after a header that marks it as empty."""

    at: int
    stop: int
    head: bytes


class _Walk(NamedTuple):
    """Finds what has to be blanked in a part of a video, reading little else."""

    file: IO[bytes]
    start: int
    stop: int

    def mp4(self, at: int, end: int, parent: bytes = b"") -> Iterator[Blank]:
        for box in boxes.boxes(self.file, at, end):
            if box.at >= self.stop:
                return
            stop = min(box.stop, end)
            if stop <= self.start:
                continue
            if box.kind in MP4_BLANKED:
                # The length stays in place: before the kind, or after it if it is a 64-bit one.
                yield Blank(box.at + 4, stop, b"free" + read(self.file, box.at + 8, box.content - box.at - 8))
            elif box.kind in MP4_INSIDE.get(parent, ()):
                yield from self.mp4(box.content, stop, box.kind)

    def webm(self, at: int, end: int, parent: bytes = b"") -> Iterator[Blank]:
        while at < min(end, self.stop) and (kind := self._kind(at)):
            length = video.length(self.file)
            content = self.file.tell()
            stop = end if length is None else min(content + length, end)
            if kind in WEBM_INSIDE.get(parent, ()):
                if stop > self.start:
                    yield from self.webm(content, stop, kind)
            elif length is None:  # a cluster of unknown length ends where the next element of its level begins
                stop = content
            elif kind in WEBM_BLANKED:
                yield Blank(at, stop, _void(content + length - at))
            at = stop

    def _kind(self, at: int) -> bytes:
        """The element's id, whose leading bits encode its length."""
        first = read(self.file, at, 1)
        return first + self.file.read(8 - first[0].bit_length()) if first and first[0] >= 0x10 else b""


def _void(size: int) -> bytes:
    """The header of an empty element of this size."""
    return VOID + ((0x80 | size - 2).to_bytes() if size < 128 else (1 << 56 | size - 9).to_bytes(8))


def parts(file: IO[bytes], content_type: str, start: int, stop: int) -> Iterator[Part]:
    """The bytes from `start` up to `stop`, as far as they exist."""
    end = file.seek(0, os.SEEK_END)
    at, stop = start, min(stop, end)
    for blank in WALKS[content_type](_Walk(file, start, stop), 0, end):
        if blank.stop <= at or blank.at >= stop:
            continue
        if at < blank.at:
            yield at, blank.at
        at = max(at, blank.at)
        yield from _filled(blank.head, at - blank.at, min(blank.stop, stop) - blank.at)
        at = min(blank.stop, stop)
    if at < stop:
        yield at, stop


def _filled(head: bytes, at: int, stop: int) -> Iterator[bytes]:
    """The bytes from `at` up to `stop` of a header followed by zeros."""
    yield head[at:stop]
    at = max(at, len(head))
    while at < stop:
        yield bytes(min(CHUNK, stop - at))
        at += CHUNK


WALKS = {"video/mp4": _Walk.mp4, "video/webm": _Walk.webm}
