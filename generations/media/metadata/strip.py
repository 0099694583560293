"""Pictures and videos without what was written into them beside the picture: prompts, ids, addresses, cameras, places.

The pixels and what decides their look (colours, transparency, animation) stay as they are, byte for byte. A file is
walked and sent a little at a time, however large it is. Of a picture such things are left out. In a video they are
blanked, so that every other byte keeps its place: players ask for ranges, and a video says where in it its frames are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.files.base import File

from generations.media import storage
from generations.media.metadata import pictures, videos
from generations.media.metadata.parts import CHUNK, Part, joined, length, read


def size(file: File[Any], content_type: str) -> int:
    """How many bytes `pieces` gives."""
    return length(_parts(file, content_type))


def pieces(file: File[Any], content_type: str) -> Iterator[bytes]:
    """What is left of a picture, a video as it is blanked; any other file whole."""
    for part in joined(_parts(file, content_type)):
        if isinstance(part, bytes):
            yield part
            continue
        at, stop = part
        while at < stop and (piece := read(file, at, min(CHUNK, stop - at))):
            at += len(piece)
            yield piece


def pieces_of_video(content_type: str, name: str, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` to before `stop` of a kept video as it is blanked."""
    with storage.glanced(name) as file:
        for part in videos.parts(file, content_type, start, stop):
            if isinstance(part, bytes):
                yield part
            else:
                yield from storage.pieces(name, *part)


def is_picture(content_type: str) -> bool:
    return content_type in pictures.WALKS


def is_video(content_type: str) -> bool:
    return content_type in videos.WALKS


def _parts(file: File[Any], content_type: str) -> Iterator[Part]:
    if is_picture(content_type):
        return pictures.parts(file, content_type)
    if is_video(content_type):
        return videos.parts(file, content_type, 0, file.size)
    return iter([(0, file.size)])
