"""Determines what a downloaded file really is by decoding it, and makes small pictures of it."""

import io
import os
import resource
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext_noop
from PIL import Image, JpegImagePlugin

from generations.media import poster, video
from generations.media.download import Refused
from generations.media.formats import EXTENSIONS, FORMATS
from generations.media.metadata import exif
from generations.models import words

MAX_PIXELS = poster.MAX_PIXELS  # the largest one takes 133 MB when decoded
MAX_PIXELS_OF_WEBP = 20_000_000  # its decoder holds four copies; 4K has 17.2 million pixels
# For a JPEG with several scans, such as a progressive one: the decoder holds all coefficients, two bytes each.
MAX_NUMBERS_KEPT = 2 * MAX_PIXELS
MAX_BYTES = 100_000_000
# What decoding the largest WebP takes.
MAX_MEMORY = 320_000_000
MAX_SECONDS = 20.0
TOO_HEAVY = gettext_noop("The picture takes too much memory or time to open.")
# The longer side in pixels: for a card, and for a full page or a high-resolution screen.
THUMBNAIL = 640
PREVIEW = 1280
# The operation that turns a picture upright, by its EXIF orientation. From 5 on, width and height are swapped.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = 5
BAND = 16  # rows of the reduced picture


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
    """Decodes the file. Raises Refused unless it is a complete PNG, JPEG, WebP, GIF, MP4 or WebM.

    `progress` is called repeatedly while a picture is decoded; an exception it raises stops the decoding.
    """
    content_type = video.type_of(file)
    if content_type:
        return Found(content_type, _of_video(file, content_type))
    with decoded(file, draft=PREVIEW, progress=progress) as (image, (width, height)):
        # MPO is a JPEG followed by further ones, as phones produce it. Every browser shows the first.
        kind = "JPEG" if image.format == "MPO" else image.format or ""
        if not _has_end(file, kind):
            raise Refused(gettext_noop("The file is incomplete."))
        return Found(FORMATS[kind], _small(image, width, height))


def _has_end(file: IO[bytes], kind: str) -> bool:
    """Whether the file ends as its format requires. For a file with several frames, only the first has been decoded."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 1024))
    tail = file.read()
    if kind == "PNG":
        return b"IEND\xaeB`\x82" in tail
    return kind != "GIF" or tail.rstrip(b"\0").endswith(b";")


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
    """A small upright WebP of a picture. Raises Refused if it is not a picture."""
    with decoded(file, draft=THUMBNAIL) as (image, _):
        return _webp(image, THUMBNAIL, _orientation(image))


@contextmanager
def decoded(
    file: IO[bytes], *, draft: int | None = None, progress: Callable[[], None] = lambda: None
) -> Iterator[tuple[Image.Image, tuple[int, int]]]:
    """The fully decoded picture and its size. Raises Refused if it is not a picture, is damaged, or is too large.

    With `draft` a JPEG may be decoded at a lower resolution that is still sharp for that many pixels on its longer
    side. Every byte is read regardless, so damage is found just as reliably, at a fraction of the cost.
    """
    with _little_memory():
        image, size = _loaded(file, draft, progress)
        with image:
            try:
                yield image, size
            except MemoryError:
                raise Refused(TOO_HEAVY) from None


def _loaded(file: IO[bytes], draft: int | None, progress: Callable[[], None]) -> tuple[Image.Image, tuple[int, int]]:
    watched = _Watched(file, progress)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of a decompression bomb below twice its limit
            warnings.filterwarnings("ignore", "Image appears to be a malformed MPO")  # the first picture is complete
            if file.seek(0, os.SEEK_END) > MAX_BYTES:
                raise Refused(TOO_HEAVY)
            file.seek(0)
            image = Image.open(watched, formats=list(FORMATS))
            size = image.size
            numbers = _numbers_kept(image, file)
            if size[0] * size[1] > (most := _most_pixels(image, numbers)):
                raise Refused(_too_large(most))
            if draft:
                _draft(image, draft if numbers else 2 * draft)
            image.load()
            return image, size
    except Refused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refused(_too_large(MAX_PIXELS)) from None
    except MemoryError:
        raise Refused(TOO_HEAVY) from None
    except Exception:  # noqa: BLE001 Pillow's decoders raise many kinds for a broken file
        if watched.ended is not None:
            raise watched.ended from None
        raise Refused(gettext_noop("The file is not a readable PNG, JPEG, WebP or GIF picture.")) from None


def _numbers_kept(image: Image.Image, file: IO[bytes]) -> float:
    """How many numbers per pixel a JPEG's decoder holds in memory: 0 unless the JPEG has several scans that each cover
    the whole picture.

    Pillow has just read the header of the first scan.
    """
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return 0
    at = file.tell()
    file.seek(max(0, at - 8))
    is_of_one_colour = file.read(3) == b"\x00\x08\x01"  # its length and its number of components
    file.seek(at)
    if "progressive" not in image.info and (image.layers == 1 or not is_of_one_colour):
        return 0
    shares: list[tuple[int, int]] = [(across, down) for _, across, down, _ in image.layer]
    widest, tallest = (max(column) for column in zip(*shares, strict=True))
    numbers: float = sum(across * down for across, down in shares) / (widest * tallest)
    return numbers


def _draft(image: Image.Image, side: int) -> None:
    """Lets a JPEG be decoded at a lower resolution, with at least this many pixels on its longer side."""
    scale = side / max(image.size)
    if scale < 1:
        image.draft(None, (ceil(image.width * scale), ceil(image.height * scale)))


def _most_pixels(image: Image.Image, numbers: float) -> int:
    """The pixel limit for this kind of picture. The header states the size, so nothing is allocated for a larger
    one."""
    if image.format == "WEBP":
        return MAX_PIXELS_OF_WEBP
    return min(MAX_PIXELS, int(MAX_NUMBERS_KEPT / numbers)) if numbers else MAX_PIXELS


def _too_large(most: int) -> str:
    return words.TOO_MANY_PIXELS % {"millions": most // 1_000_000}


class _Watched:
    """A file that Pillow reads in small pieces. Reading stops when it takes too long or `progress` raises."""

    def __init__(self, file: IO[bytes], progress: Callable[[], None]) -> None:
        self.file = file
        self.progress = progress
        self.ends = time.monotonic() + MAX_SECONDS
        self.ended: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            self.progress()
            if time.monotonic() > self.ends:
                raise Refused(TOO_HEAVY)
        except Exception as error:
            self.ended = error
            raise
        return self.file.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


_alone = threading.Lock()


@contextmanager
def _little_memory() -> Iterator[None]:
    """Limits how much more memory this process may allocate. One picture at a time, because the limit applies to the
    whole process."""
    with _alone:
        limits = resource.getrlimit(resource.RLIMIT_DATA)
        status = Path("/proc/self/status").read_text()
        taken = int(status.partition("VmData:")[2].split()[0]) * 1024
        allowed = [taken + MAX_MEMORY, *(limit for limit in limits if limit != resource.RLIM_INFINITY)]
        resource.setrlimit(resource.RLIMIT_DATA, (min(allowed), limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_DATA, limits)


def _small(image: Image.Image, width: int, height: int) -> Small:
    orientation = _orientation(image)
    if orientation >= SIDEWAYS:
        width, height = height, width
    image = _reduced(image, max(1, max(image.size) // (2 * PREVIEW)))
    preview = _webp(image, PREVIEW, orientation)
    return Small(width, height, preview=preview, thumbnail=_webp(image, THUMBNAIL, orientation))


def _orientation(image: Image.Image) -> int:
    return exif.orientation(image.info.get("exif", b""))


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """Scales down by a whole factor, in a mode that WebP supports. Works in bands, because Pillow makes copies on the
    way."""
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


def _webp(image: Image.Image, side: int, orientation: int) -> bytes:
    image.thumbnail((side, side))
    turned = image.transpose(TURNS[orientation]) if orientation in TURNS else image
    buffer = io.BytesIO()
    turned.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()
