"""Strips metadata, and anything after the end of the picture, from PNG, JPEG, WebP and GIF.

Only the orientation is kept from EXIF.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import File

from generations.media.metadata import exif, png
from generations.media.metadata.parts import CHUNK, Part, length, read

# PNG chunks that hold the picture or affect how it looks. Source: PNG specification, third edition.
PNG_KEPT = frozenset(b"IHDR PLTE IDAT IEND iCCP sRGB gAMA cHRM cICP sBIT pHYs tRNS bKGD acTL fcTL fdAT".split())
# WebP chunks other than EXIF and XMP. Source: RFC 9649.
WEBP_KEPT = frozenset([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"])
WEBP_EXIF, WEBP_XMP = 0x08, 0x04  # flags in VP8X for these chunks
EXIF_BYTES = 0xFFFF  # the longest possible in a JPEG
# JPEG segments with metadata: APP0, APP1, APP3 to APP13, APP15, and comments. Of APP2 and APP14 only the colour
# information is kept.
JPEG_DROPPED = frozenset([0xE0, 0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE])
JPEG_KEPT_WITH = {0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}
JPEG_ALONE = frozenset([0x01, *range(0xD0, 0xD9)])  # markers without a payload
JPEG_END, JPEG_SCAN = 0xD9, 0xDA
# Inside a scan, 0xFF is followed by 0 or starts a restart marker.
JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
# GIF extensions for frame display and loop count, with their identifying bytes. Source: GIF89a.
GIF_TIMING = b"\xf9\x04"
GIF_LOOPS = frozenset([b"\xff\x0bNETSCAPE2.0\x03\x01", b"\xff\x0bANIMEXTS1.0\x03\x01"])


def parts(file: File[Any], content_type: str) -> Iterator[Part]:
    """The parts to keep, in order, and nothing past the end of the picture. Anything unknown is dropped."""
    end = file.size
    for part in WALKS[content_type](file, end):
        yield part if isinstance(part, bytes) else (min(part[0], end), min(part[1], end))


def _png(file: File[Any], _end: int) -> Iterator[Part]:
    yield 0, 8
    at, kind, told = 8, b"", False
    while kind != b"IEND" and len(head := read(file, at, 8)) == 8:
        kind = head[4:]
        stop = at + 12 + int.from_bytes(head[:4])
        if kind in PNG_KEPT:
            yield at, stop
        elif kind == b"eXIf" and not told:
            told = True
            if turned := exif.orientation_alone(read(file, at + 8, min(stop - at - 12, EXIF_BYTES))):
                yield png.chunk(kind, turned)
        at = stop


def _jpeg(file: File[Any], end: int) -> Iterator[Part]:
    yield 0, 2
    at, told = _next_marker(file, 2, end), False
    while len(head := read(file, at, 16)) >= 2 and head[1] != JPEG_END:
        marker = head[1]
        stop = at + 2 + (0 if marker in JPEG_ALONE else int.from_bytes(head[2:4]))
        if marker == 0xE0 and len(head) == 16 and head[4:].startswith(b"JFIF\0"):
            yield b"\xff\xe0\x00\x10" + head[4:] + b"\0\0"  # without the thumbnail
        elif marker not in JPEG_DROPPED and head[4:].startswith(JPEG_KEPT_WITH.get(marker, b"")):
            yield at, stop
        elif marker == 0xE1 and head[4:].startswith(b"Exif\0\0") and not told:
            told = True
            if turned := exif.orientation_alone(read(file, at + 4, max(0, stop - at - 4))):
                yield b"\xff\xe1" + (8 + len(turned)).to_bytes(2) + b"Exif\0\0" + turned
        at = _next_marker(file, stop, end)
        if marker == JPEG_SCAN:
            yield stop, at
    yield at, at + 2


def _next_marker(file: File[Any], at: int, end: int) -> int:
    count = 16  # usually right here
    while at < end:
        piece = read(file, at, count)
        if found := JPEG_MARKER.search(piece):
            return at + found.start()
        at += max(len(piece) - 1, 1)  # a marker may span two reads
        count = min(count * 4, CHUNK)
    return end


def _webp(file: File[Any], end: int) -> Iterator[Part]:
    end = min(end, 8 + int.from_bytes(read(file, 4, 4), "little"))
    yield b"RIFF" + (4 + length(_webp_chunks(file, end))).to_bytes(4, "little") + b"WEBP"
    yield from _webp_chunks(file, end)


def _webp_chunks(file: File[Any], end: int) -> Iterator[Part]:
    turned = _webp_orientation(file, end)
    for kind, at, stop in _riff(file, end):
        if kind == b"VP8X" and stop > at + 8:
            flags = read(file, at + 8, 1)[0] & ~(WEBP_EXIF | WEBP_XMP)
            yield at, at + 8
            yield bytes([flags | WEBP_EXIF if turned else flags])
            yield at + 9, stop
        elif kind in WEBP_KEPT:
            yield at, stop
        elif kind == b"EXIF" and turned:
            yield kind + len(turned).to_bytes(4, "little") + turned
            turned = b""


def _webp_orientation(file: File[Any], end: int) -> bytes:
    flags = 0
    for kind, at, stop in _riff(file, end):
        if kind == b"VP8X":
            flags = read(file, at + 8, 1)[0]
        elif kind == b"EXIF" and flags & WEBP_EXIF:
            return exif.orientation_alone(read(file, at + 8, min(stop - at - 8, EXIF_BYTES)))
    return b""


def _riff(file: File[Any], end: int) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start, end) of each non-empty chunk, the end exclusive."""
    at = 12
    while at < end and len(head := read(file, at, 9)) == 9:
        size = int.from_bytes(head[4:8], "little")
        stop = min(at + 8 + size + size % 2, end)
        yield head[:4], at, stop
        at = stop


def _gif(file: File[Any], end: int) -> Iterator[Part]:
    at = 13 + _colours(read(file, 10, 1))
    yield 0, at
    # Anything else ends the picture, as browsers see it.
    while at < end and (head := read(file, at, 16))[:1] in {b",", b"!"}:
        if head[:1] == b",":
            stop = _behind_blocks(file, at + 11 + _colours(head[9:10]), end)
            yield at, stop
        else:
            stop = _behind_blocks(file, at + 2, end)
            if kept := 7 if head[1:3] == GIF_TIMING else 18 if head[1:16] in GIF_LOOPS else 0:
                yield at, at + kept
                yield b"\0"
        at = stop
    yield b";"


def _colours(flags: bytes) -> int:
    """The size of the colour table that follows, in bytes."""
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _behind_blocks(file: File[Any], at: int, end: int) -> int:
    """The offset after a sequence of length-prefixed blocks, which ends with an empty one."""
    count = 1024
    while at < end and (piece := read(file, at, count)):
        place = 0
        while place < len(piece):
            size = piece[place]
            place += 1 + size
            if not size:
                return at + place
        at += place
        count = min(count * 4, CHUNK)
    return end


WALKS = {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp, "image/gif": _gif}
