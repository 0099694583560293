"""Pictures and videos without their metadata: prompts, ids, addresses, cameras, places.

The pixels and everything that affects how they look (colours, transparency, animation) stay the same byte for byte. A
file is processed in small pieces, however large it is. In a picture the metadata is removed. In a video it is blanked,
so that every other byte keeps its offset: players request ranges, and a video stores the offsets of its frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.files.base import File

from generations.media import storage
from generations.media.metadata import pictures, videos
from generations.media.metadata.parts import CHUNK, Part, joined, length, read


def size(file: File[Any], content_type: str) -> int:
    """How many bytes `pieces` yields."""
    return length(_parts(file, content_type))


def pieces(file: File[Any], content_type: str) -> Iterator[bytes]:
    """The content of a picture without its metadata, a video with its metadata blanked, or any other file unchanged."""
    for part in joined(_parts(file, content_type)):
        if isinstance(part, bytes):
            yield part
            continue
        at, stop = part
        while at < stop and (piece := read(file, at, min(CHUNK, stop - at))):
            at += len(piece)
            yield piece


def pieces_of_video(content_type: str, name: str, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` up to `stop` of a stored video with its metadata blanked."""
    with storage.open_partially(name) as file:
        for part in videos.parts(file, content_type, start, stop):
            if isinstance(part, bytes):
                yield part
            else:
                yield from storage.pieces(name, *part)


def can_strip(content_type: str) -> bool:
    """Whether we know where such a file keeps its metadata."""
    return content_type in pictures.WALKS or is_video(content_type)


def is_video(content_type: str) -> bool:
    return content_type in videos.WALKS


def _parts(file: File[Any], content_type: str) -> Iterator[Part]:
    if content_type in pictures.WALKS:
        return pictures.parts(file, content_type)
    if is_video(content_type):
        return videos.parts(file, content_type, 0, file.size)
    return iter([(0, file.size)])
