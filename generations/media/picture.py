"""Decodes untrusted pictures and writes new ones from their pixels. Runs in the decoder's own process, with Pillow
alone."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from typing import IO, Any

import pillow_heif
from PIL import (
    AvifImagePlugin,
    GifImagePlugin,  # noqa: F401 registers the format, so that Pillow does not load all it has to find it
    Image,
    ImageCms,
    JpegImagePlugin,
    PngImagePlugin,  # noqa: F401
    WebPImagePlugin,  # noqa: F401
)

from generations.media import boxes
from generations.media.formats import FORMATS, MAX_BYTES_OF_CHAT, MAX_PIXELS, PREVIEW, THUMBNAIL
from generations.media.metadata import exif

# Only the picture itself: a thumbnail in the file may show something else. Each thread would take memory of its own.
pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
AvifImagePlugin.DEFAULT_MAX_THREADS = 1

# These decoders hold several copies. 4K has 17.2 million pixels, and phones take photos of 24.5 million as HEIC.
MAX_PIXELS_OF = {"WEBP": 20_000_000, "AVIF": 25_000_000, "HEIF": 25_000_000}
# For a JPEG with several scans, such as a progressive one: the decoder holds all coefficients, two bytes each.
MAX_NUMBERS_KEPT = 2 * MAX_PIXELS
MAX_BYTES = 100_000_000
MAX_BYTES_HELD = 50_000_000  # of AVIF and HEIC, which are held in memory while they are decoded
JPEG_XL = (b"\xff\x0a", b"\0\0\0\x0cJXL ")
# What Meigen is sent.
LONGEST_EDGE = 2048
MAX_BYTES_SENT = 2_000_000
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
# Modes that are made smaller as they are. The others first become one of these.
PLAIN = {"RGB", "RGBA", "L", "CMYK"}
DEEP = {"I", "I;16", "I;16B", "I;16L", "I;16N"}  # greys of 16 bits

# What is known about a picture, and the new files made from it.
Made = tuple[dict[str, Any], list[bytes]]


class Rejected(Exception):
    """The picture is not decoded. `code` is unreadable, incomplete, jpeg_xl, too_heavy or, with the limit in `millions`
    of pixels, too_many_pixels."""

    def __init__(self, code: str, **parameters: int) -> None:
        super().__init__(code)
        self.code = code
        self.parameters = parameters


def small(file: IO[bytes]) -> Made:
    """A whole picture's format, its upright width and height in pixels, and upright WebP files for a card and a page,
    never larger than the original. Raises Rejected."""
    with decoded(file, draft=PREVIEW) as (image, size):
        # MPO is a JPEG followed by further ones, as phones produce it. Every browser shows the first.
        kind = "JPEG" if image.format == "MPO" else image.format or ""
        if not _has_end(file, kind):
            raise Rejected("incomplete")
        width, height = reversed(size) if _orientation(image) >= SIDEWAYS else size
        page = _fitted(image, PREVIEW)
        preview = _webp(page)
        page.thumbnail((THUMBNAIL, THUMBNAIL))
        return {"format": kind, "width": width, "height": height}, [_webp(page), preview]


def thumbnail(file: IO[bytes]) -> Made:
    """One upright WebP file for a card. Raises Rejected."""
    with decoded(file, draft=THUMBNAIL) as (image, _):
        return {}, [_webp(_fitted(image, THUMBNAIL))]


def for_meigen(file: IO[bytes]) -> Made:
    """One file of at most 2048 px and 2 MB that contains nothing but the pixels, and its format. Raises Rejected."""
    with decoded(file) as (image, _):
        return _encoded(_fitted(image, LONGEST_EDGE))


def for_chat(file: IO[bytes], width: int, height: int) -> Made:
    """A JPEG of this size in pixels, light enough for chat programs, that contains nothing else. Raises Rejected."""
    with decoded(file) as (image, _):
        pixels = _on_white(_fitted(image, max(width, height))).resize((width, height), Image.Resampling.LANCZOS)
    quality, factor = 85, 1
    while len(body := _saved(pixels, "JPEG", quality=quality)) > MAX_BYTES_OF_CHAT:
        if quality > 45:
            quality -= 10
        else:  # fewer details in the same size, which the page has already told
            factor *= 2
            pixels = pixels.reduce(factor).resize((width, height))
    return {}, [body]


OPERATIONS: dict[str, Callable[..., Made]] = {
    operation.__name__: operation for operation in (small, thumbnail, for_meigen, for_chat)
}


@contextmanager
def decoded(file: IO[bytes], *, draft: int | None = None) -> Iterator[tuple[Image.Image, tuple[int, int]]]:
    """The fully decoded picture and its size. Raises Rejected if it is not a picture, is damaged, or is too large.

    With `draft` a JPEG may be decoded at a lower resolution that is still sharp for that many pixels on its longer
    side. Every byte is read regardless, so damage is found just as reliably, at a fraction of the cost.
    """
    image, size = _loaded(file, draft)
    with image:
        yield image, size


def _loaded(file: IO[bytes], draft: int | None) -> tuple[Image.Image, tuple[int, int]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of a decompression bomb below twice its limit
            warnings.filterwarnings("ignore", "Image appears to be a malformed MPO")  # the first picture is complete
            _check_head(file)
            image = Image.open(file, formats=list(FORMATS))
            size = image.size
            numbers = _numbers_kept(image, file)
            if size[0] * size[1] > (most := _most_pixels(image, numbers)):
                raise _too_many_pixels(most)
            if draft:
                _draft(image, draft if numbers else 2 * draft)
            image.load()
            return image, size
    except (Rejected, MemoryError):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_many_pixels(MAX_PIXELS) from None
    except Exception as error:  # noqa: BLE001 Pillow's decoders raise many kinds for a broken file
        if "memory" in str(error).lower():  # which libavif and libheif only say in words
            raise MemoryError from None
        raise Rejected("unreadable") from None


def _check_head(file: IO[bytes]) -> None:
    """Rejects what a decoder should not even begin to read."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if size > (MAX_BYTES_HELD if boxes.holds_picture(head) else MAX_BYTES):
        raise Rejected("too_heavy")
    if head.startswith(JPEG_XL):
        raise Rejected("jpeg_xl")
    file.seek(0)


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
    if image.format in MAX_PIXELS_OF:
        return MAX_PIXELS_OF[image.format]
    return min(MAX_PIXELS, int(MAX_NUMBERS_KEPT / numbers)) if numbers else MAX_PIXELS


def _too_many_pixels(most: int) -> Rejected:
    return Rejected("too_many_pixels", millions=most // 1_000_000)


def _has_end(file: IO[bytes], kind: str) -> bool:
    """Whether the file ends as its format requires. For a file with several frames, only the first has been decoded."""
    file.seek(max(0, file.seek(0, os.SEEK_END) - 1024))
    tail = file.read()
    if kind in {"AVIF", "HEIF"}:
        return boxes.whole(file) is not None
    if kind == "PNG":
        return b"IEND\xaeB`\x82" in tail
    return kind != "GIF" or tail.rstrip(b"\0").endswith(b";")


def _orientation(image: Image.Image) -> int:
    return exif.orientation(image.info.get("exif") or b"")


def _fitted(image: Image.Image, side: int) -> Image.Image:
    """The picture in RGB or RGBA, upright, in sRGB, with no more than `side` pixels on its longer side and nothing but
    its pixels. `image` itself may be changed."""
    orientation, profile = _orientation(image), image.info.get("icc_profile")
    fitted = _reduced(image, max(1, max(image.size) // (2 * side)))
    fitted.thumbnail((side, side))
    fitted = _in_srgb(fitted, profile)
    fitted = fitted.transpose(TURNS[orientation]) if orientation in TURNS else fitted
    fitted.info.clear()  # otherwise comments, profiles and texts would be copied into the new file
    return fitted


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """Scales down by a whole factor, in one of the plain modes. Works in bands, because Pillow makes copies on the
    way."""
    mode = image.mode
    if mode not in PLAIN or "transparency" in image.info:
        mode = "RGBA" if image.has_transparency_data else "L" if mode in DEEP else "RGB"
    if factor == 1 and mode == image.mode:
        return image
    width, height = image.size
    reduced = Image.new(mode, (-(-width // factor), -(-height // factor)))
    for top in range(0, height, BAND * factor):
        band = image.crop((0, top, width, min(top + BAND * factor, height)))
        band = band if mode == band.mode else _of_8_bits(band).convert(mode)
        reduced.paste(band.reduce(factor), (0, top // factor))
    return reduced


def _of_8_bits(band: Image.Image) -> Image.Image:
    """Greys of 16 bits in 8: Pillow would make everything above 255 white. Transparent is one of the 65,536 greys."""
    if band.mode not in DEEP:
        return band
    deep, clear = band.convert("I"), band.info.get("transparency")
    grey = deep.point([value >> 8 for value in range(1 << 16)], "L")
    if clear is None:
        return grey
    grey.putalpha(deep.point([0 if value == clear else 255 for value in range(1 << 16)], "L"))
    return grey


def _webp(image: Image.Image) -> bytes:
    return _saved(image, "WEBP", quality=80)


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The same colours in sRGB, as a viewer that knows the profile shows them, or without a profile that does not fit
    the picture. In RGB, or in RGBA with transparency."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if not profile:
        return image.convert(mode)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError):
        converted = None
    return converted or image.convert(mode)


def _encoded(pixels: Image.Image) -> Made:
    """PNG if there is transparency and it fits, otherwise a JPEG, scaled down until it fits."""
    if pixels.mode == "RGBA":
        body = _saved(pixels, "PNG", optimize=True)
        if len(body) <= MAX_BYTES_SENT:
            return {"format": "PNG"}, [body]
        pixels = _on_white(pixels)
    quality = 92
    while len(body := _saved(pixels, "JPEG", quality=quality)) > MAX_BYTES_SENT:
        if quality > 60:
            quality -= 8
        else:
            pixels.thumbnail((pixels.width * 3 // 4, pixels.height * 3 // 4))
    return {"format": "JPEG"}, [body]


def _on_white(pixels: Image.Image) -> Image.Image:
    if pixels.mode != "RGBA":
        return pixels
    ground = Image.new("RGB", pixels.size, "white")
    ground.paste(pixels, mask=pixels.getchannel("A"))
    return ground


def _saved(pixels: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    pixels.save(buffer, kind, **options)
    return buffer.getvalue()
