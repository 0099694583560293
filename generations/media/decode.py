"""Determines what a downloaded file really is by decoding it, and makes small pictures of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from generations.media import decoder, poster, video
from generations.media.download import Refused
from generations.media.formats import EXTENSIONS, FORMATS
from generations.models.sentences import Sentence

REASONS = {
    "unreadable": Sentence.NOT_A_PICTURE,
    "jpeg_xl": Sentence.JPEG_XL,
    "incomplete": Sentence.FILE_INCOMPLETE,
    "too_many_pixels": Sentence.TOO_MANY_PIXELS,
}


@dataclass(frozen=True)
class Small:
    """Upright WebP pictures in both sizes, never larger than the original, and the original's size in pixels."""

    width: int
    height: int
    thumbnail: bytes
    preview: bytes


@dataclass(frozen=True)
class Found:
    """`small` is None for a video without a poster."""

    content_type: str
    small: Small | None = None

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.content_type]


def inspect(file: IO[bytes], progress: Callable[[], None] = lambda: None) -> Found:
    """Decodes the file. Raises Refused unless it is a complete picture, MP4 or WebM.

    `progress` is called repeatedly while a picture is decoded; an exception it raises stops the decoding.
    """
    content_type = video.type_of(file)
    return Found(content_type, _of_video(file, content_type)) if content_type else _of_picture(file, progress)


def _of_picture(file: IO[bytes], progress: Callable[[], None] = lambda: None) -> Found:
    known, (thumb, preview) = decode("small", file, progress)
    return Found(FORMATS[known["format"]], Small(known["width"], known["height"], thumbnail=thumb, preview=preview))


def _of_video(file: IO[bytes], content_type: str) -> Small | None:
    with poster.of(file, content_type) as frame:
        try:
            return _of_picture(frame).small if frame else None
        except Refused:
            return None


def thumbnail(file: IO[bytes]) -> bytes:
    """A small upright WebP of a picture. Raises Refused if it is not a picture."""
    _, (thumb,) = decode("thumbnail", file)
    return thumb


def for_chat(file: IO[bytes], width: int, height: int) -> bytes:
    """A light JPEG of this size of a picture, without metadata. Raises Refused if it is not a picture."""
    _, (body,) = decode("for_chat", file, lambda: None, width, height)
    return body


def decode(
    operation: str, file: IO[bytes], progress: Callable[[], None] = lambda: None, *numbers: int
) -> decoder.Reply:
    """As `decoder.decode`, but raises Refused for whatever it rejects."""
    try:
        known, files = decoder.decode(operation, file, progress, *numbers)
    except decoder.Overtaxed:
        raise Refused(Sentence.TOO_HEAVY) from None
    if code := known.get("rejected"):
        raise Refused(REASONS.get(code, Sentence.TOO_HEAVY), **known["parameters"])
    return known, files
