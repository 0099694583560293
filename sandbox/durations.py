"""Reads the length of a clip from its bytes: MP4 and QuickTime, WAV, MP3."""

import io
import wave
from collections.abc import Iterator

# Kilobits per second by the four bits in the frame header, for MPEG-1 and MPEG-2 layer III.
BITRATES = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


def seconds(body: bytes, content_type: str) -> float | None:
    """The length in seconds, or None if it cannot be determined."""
    match content_type:
        case "video/mp4" | "video/quicktime":
            return _of_movie(memoryview(body))
        case "audio/wav" | "audio/x-wav":
            return _of_wave(body)
        case "audio/mpeg":
            return _of_mp3(body)
    return None


def _of_movie(body: memoryview) -> float | None:
    """From the movie header: `moov`, then `mvhd`."""
    for name, movie in _boxes(body):
        if name == b"moov":
            for inner, header in _boxes(movie):
                if inner == b"mvhd":
                    return _of_movie_header(header)
    return None


def _of_movie_header(header: memoryview) -> float | None:
    wide = len(header) > 0 and header[0] == 1
    start, size = (20, 8) if wide else (12, 4)
    if len(header) < start + 4 + size:
        return None
    scale = int.from_bytes(header[start : start + 4], "big")
    units = int.from_bytes(header[start + 4 : start + 4 + size], "big")
    return units / scale if units and scale else None


def _boxes(body: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """(name, contents) of consecutive boxes."""
    at = 0
    while at + 8 <= len(body):
        size, start = int.from_bytes(body[at : at + 4], "big"), 8
        if size == 1:
            size, start = int.from_bytes(body[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(body) - at
        if size < start:
            return
        yield bytes(body[at + 4 : at + 8]), body[at + start : at + size]
        at += size


def _of_wave(body: bytes) -> float | None:
    try:
        with wave.open(io.BytesIO(body)) as file:
            return float(file.getnframes()) / float(file.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        return None


def _of_mp3(body: bytes) -> float | None:
    """An estimate: the bytes divided by the bitrate of the first frame."""
    at = 0
    if body[:3] == b"ID3" and len(body) > 10:
        tag = body[6:10]  # a size stored as four times seven bits
        at = 10 + (tag[0] << 21 | tag[1] << 14 | tag[2] << 7 | tag[3])
    at = body.find(b"\xff", at)
    while 0 <= at < len(body) - 3:
        # A frame begins with eleven one bits, followed by the version and the layer.
        version, layer = body[at + 1] >> 3 & 3, body[at + 1] >> 1 & 3
        row = BITRATES[1 if version == 3 else 2]
        rate = body[at + 2] >> 4
        if body[at + 1] >= 0xE0 and version != 1 and layer == 1 and 0 < rate < len(row):
            return (len(body) - at) * 8 / (row[rate] * 1000)
        at = body.find(b"\xff", at + 1)
    return None
