"""A video's first frame, taken by ffmpeg."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from generations.media import ffmpeg
from generations.media.formats import MAX_PIXELS


def can_be_made() -> bool:
    """Whether this machine has the required programs."""
    return ffmpeg.can_run("ffmpeg")


@contextmanager
def of(file: IO[bytes], content_type: str) -> Iterator[IO[bytes] | None]:
    """The first frame as a full-size JPEG, to be decoded like any untrusted file, or None if there is none.

    `file` must be on disk, with a descriptor.
    """
    if not can_be_made():
        yield None
        return
    reading = ["-nostdin", "-filter_threads", "1", "-threads", "1", "-max_pixels", str(MAX_PIXELS)]
    one_frame = ["-map", "0:v:0", "-frames:v", "1", "-map_metadata", "-1"]
    writing = ["-threads", "1", "-c:v", "mjpeg", "-q:v", "2", "-f", "image2pipe", "pipe:1"]
    with tempfile.TemporaryFile() as frame:
        made = ffmpeg.run("ffmpeg", [*one_frame, *writing], content_type, file, frame, reading=reading)
        yield frame if made else None
