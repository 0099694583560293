"""What a downloaded file really is, found out by decoding it, and the small pictures made of it."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext_noop
from PIL import Image

from generations import words

from . import poster, video
from .download import Refused

FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
MAX_PIXELS = poster.MAX_PIXELS  # decoded, the largest takes 133 MB
TOO_LARGE = words.TOO_MANY_PIXELS % {"millions": MAX_PIXELS // 1_000_000}
# The longer side in pixels: for a card, and for a page of its own or a sharp screen.
THUMBNAIL = 640
PREVIEW = 1280
BAND = 16  # rows of the reduced picture


@dataclass(frozen=True)
class Small:
    """WebP pictures of both sizes; never larger than the original, whose size in pixels this names too."""

    width: int
    height: int
    thumbnail: bytes
    preview: bytes


@dataclass(frozen=True)
class Found:
    """`small` is None for a video of which no poster could be made."""

    content_type: str
    small: Small | None = None

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.content_type]


def inspect(file: IO[bytes]) -> Found:
    """Raises Refused for anything that is not a whole PNG, JPEG, WebP, GIF, MP4 or WebM."""
    content_type = video.type_of(file)
    if content_type:
        return Found(content_type, _of_video(file, content_type))
    with decoded(file, draft=PREVIEW) as (image, (width, height)):
        return Found(FORMATS[image.format or ""], _small(image, width, height))


def _of_video(file: IO[bytes], content_type: str) -> Small | None:
    with poster.of(file, content_type) as frame:
        if frame is None:
            return None
        try:
            with decoded(frame, draft=PREVIEW) as (image, (width, height)):
                return _small(image, width, height)
        except Refused:
            return None


def thumbnail(file: IO[bytes]) -> bytes:
    """A small WebP of a picture. Raises Refused when it is none."""
    with decoded(file, draft=THUMBNAIL) as (image, _):
        return _webp(image, THUMBNAIL)


@contextmanager
def decoded(file: IO[bytes], *, draft: int | None = None) -> Iterator[tuple[Image.Image, tuple[int, int]]]:
    """The whole picture, decoded, and its size. Raises Refused when it is none, is damaged, or is too large.

    With `draft` a JPEG may be decoded smaller, but for that many pixels on its longer side still sharply. Every byte is
    read all the same, so that what is damaged is found as surely, at a fraction of the cost.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of a decompression bomb below twice its limit
            with Image.open(file, formats=list(FORMATS)) as image:
                size = image.size
                if size[0] * size[1] > MAX_PIXELS:
                    raise Refused(TOO_LARGE)
                if draft:
                    image.draft(None, (2 * draft, 2 * draft))
                image.load()
                yield image, size
    except Refused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refused(TOO_LARGE) from None
    except Exception:  # noqa: BLE001 Pillow's decoders raise many kinds for a broken file
        raise Refused(gettext_noop("The file is not a PNG, JPEG, WebP or GIF picture that can be opened.")) from None


def _small(image: Image.Image, width: int, height: int) -> Small:
    image = _reduced(image, max(1, max(image.size) // (2 * PREVIEW)))
    preview = _webp(image, PREVIEW)
    return Small(width, height, preview=preview, thumbnail=_webp(image, THUMBNAIL))


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """Smaller by a whole factor, in a mode that WebP knows; band by band, for Pillow makes copies on its way."""
    mode = image.mode
    if mode not in {"RGB", "RGBA", "L"} or "transparency" in image.info:
        mode = "RGBA" if image.has_transparency_data else "RGB"
    if factor == 1:
        return image if mode == image.mode else image.convert(mode)
    width, height = image.size
    reduced = Image.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, height, BAND * factor):
        band = image.crop((0, top, width, min(top + BAND * factor, height)))
        band = band if mode == band.mode else band.convert(mode)
        reduced.paste(band.reduce(factor), (0, top // factor))
    return reduced


def _webp(image: Image.Image, side: int) -> bytes:
    image.thumbnail((side, side))
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()
