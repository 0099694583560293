"""Pictures without what was written into them beside the picture: prompts, ids, addresses, cameras, places.

The pixels and what decides their look (colours, transparency, animation) stay as they are, byte for byte. A file is
walked and sent a little at a time, however large it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.core.files.base import File

CHUNK = 256 * 1024
Span = tuple[int, int]  # from and to before which byte of the file
Part = Span | bytes

# PNG's chunks beside the critical ones, which begin with a capital letter. Source: PNG specification, third edition.
PNG_KEPT = frozenset(b"iCCP sRGB gAMA cHRM cICP sBIT pHYs tRNS bKGD acTL fcTL fdAT".split())
# WebP's chunks beside EXIF and XMP. Source: RFC 9649.
WEBP_KEPT = frozenset([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"])
WEBP_FLAGS = 0x08 | 0x04  # in VP8X: there is EXIF, there is XMP
# JPEG's segments that tell: APP1, APP3 to APP13, APP15, a comment. Of APP2 and APP14 only what is about colours stays.
JPEG_DROPPED = frozenset([0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE])
JPEG_KEPT_WITH = {0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
JPEG_ALONE = frozenset([0x01, *range(0xD0, 0xD9)])  # markers that nothing belongs to
JPEG_END, JPEG_SCAN = 0xD9, 0xDA
# Inside a scan, 0xFF is followed by 0 or is a restart.
JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def size(file: File[Any], content_type: str) -> int:
    """How many bytes `pieces` gives."""
    return sum(len(part) if isinstance(part, bytes) else part[1] - part[0] for part in _parts(file, content_type))


def pieces(file: File[Any], content_type: str) -> Iterator[bytes]:
    """What is left of a PNG, JPEG or WebP; any other file whole. What is not understood is left out."""
    for part in _joined(_parts(file, content_type)):
        if isinstance(part, bytes):
            yield part
            continue
        at, stop = part
        while at < stop and (piece := _read(file, at, min(CHUNK, stop - at))):
            at += len(piece)
            yield piece


def is_known(content_type: str) -> bool:
    return content_type in _WALKS


def _parts(file: File[Any], content_type: str) -> Iterator[Part]:
    """What is kept, in order, and nothing beyond the file's end."""
    end = file.size
    for part in _WALKS.get(content_type, _whole)(file, end):
        yield part if isinstance(part, bytes) else (min(part[0], end), min(part[1], end))


def _joined(parts: Iterable[Part]) -> Iterator[Part]:
    """Spans that touch as one: many chunks of pixels are read like one."""
    before: Part = b""
    for part in chain(parts, [b""]):
        if isinstance(before, tuple) and isinstance(part, tuple) and before[1] == part[0]:
            before = before[0], part[1]
            continue
        if before:
            yield before
        before = part


def _read(file: File[Any], at: int, count: int) -> bytes:
    file.seek(at)
    data: bytes = file.read(count)
    return data


def _whole(_file: File[Any], end: int) -> Iterator[Part]:
    yield 0, end


def _png(file: File[Any], _end: int) -> Iterator[Part]:
    yield 0, 8
    at, kind = 8, b""
    while kind != b"IEND" and len(head := _read(file, at, 8)) == 8:
        kind = head[4:]
        stop = at + 12 + int.from_bytes(head[:4])
        if kind[:1].isupper() or kind in PNG_KEPT:
            yield at, stop
        at = stop


def _jpeg(file: File[Any], end: int) -> Iterator[Part]:
    yield 0, 2
    at = _next_marker(file, 2, end)
    while len(head := _read(file, at, 16)) >= 2 and head[1] != JPEG_END:
        marker = head[1]
        stop = at + 2 + (0 if marker in JPEG_ALONE else int.from_bytes(head[2:4]))
        if marker not in JPEG_DROPPED and head[4:].startswith(JPEG_KEPT_WITH.get(marker, b"")):
            yield at, stop
        at = _next_marker(file, stop, end)
        if marker == JPEG_SCAN:
            yield stop, at
    yield at, at + 2


def _next_marker(file: File[Any], at: int, end: int) -> int:
    count = 16  # it mostly is right here
    while at < end:
        piece = _read(file, at, count)
        if found := JPEG_MARKER.search(piece):
            return at + found.start()
        at += max(len(piece) - 1, 1)  # a marker may lie across
        count = min(count * 4, CHUNK)
    return end


def _webp(file: File[Any], end: int) -> Iterator[Part]:
    end = min(end, 8 + int.from_bytes(_read(file, 4, 4), "little"))
    length = sum(len(part) if isinstance(part, bytes) else part[1] - part[0] for part in _webp_chunks(file, end))
    yield b"RIFF" + (4 + length).to_bytes(4, "little") + b"WEBP"
    yield from _webp_chunks(file, end)


def _webp_chunks(file: File[Any], end: int) -> Iterator[Part]:
    at = 12
    while at < end and len(head := _read(file, at, 9)) >= 8:
        length = int.from_bytes(head[4:8], "little")
        stop = min(at + 8 + length + length % 2, end)
        if head[:4] == b"VP8X" and len(head) == 9:
            yield head[:8] + bytes([head[8] & ~WEBP_FLAGS])
            yield at + 9, stop
        elif head[:4] in WEBP_KEPT:
            yield at, stop
        at = stop


_WALKS = {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp}
