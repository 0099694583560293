"""Prepares reference images for Meigen: decodes and re-encodes them, so that only the pixels are sent."""

import io
from dataclasses import dataclass
from typing import IO

from PIL import Image, ImageCms, ImageOps

from generations.media.decode import decoded
from generations.media.download import Refused
from generations.models import words

LONGEST_EDGE = 2048
MAX_BYTES = 2_000_000
MAX_UPLOAD_BYTES = 25_000_000


@dataclass(frozen=True)
class Prepared:
    """A picture of at most 2048 px and 2 MB, without metadata."""

    body: bytes
    content_type: str

    @property
    def extension(self) -> str:
        return "png" if self.content_type == "image/png" else "jpg"


def prepare(file: IO[bytes], size: int | None) -> Prepared:
    """Raises Refused, in words for the person, if the file is not a supported picture."""
    if size is not None and size > MAX_UPLOAD_BYTES:
        raise Refused(words.FILE_TOO_LARGE % {"megabytes": MAX_UPLOAD_BYTES // 1_000_000})
    with decoded(file) as (image, _):
        pixels = _in_srgb(ImageOps.exif_transpose(image)).convert("RGBA" if image.has_transparency_data else "RGB")
    pixels.info.clear()  # otherwise comments, profiles and texts would be copied into the new file
    pixels.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    return _encode(pixels)


def _in_srgb(image: Image.Image) -> Image.Image:
    """The same colours converted to sRGB, because the colour profile is removed with the other metadata."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA"}:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB")) or image
    except (ImageCms.PyCMSError, OSError):
        return image


def _encode(pixels: Image.Image) -> Prepared:
    """PNG if there is transparency and it fits, otherwise a JPEG, scaled down until it fits."""
    if pixels.mode == "RGBA":
        body = _saved(pixels, "PNG", optimize=True)
        if len(body) <= MAX_BYTES:
            return Prepared(body, "image/png")
        ground = Image.new("RGB", pixels.size, "white")
        ground.paste(pixels, mask=pixels.getchannel("A"))
        pixels = ground
    quality = 92
    while len(body := _saved(pixels, "JPEG", quality=quality)) > MAX_BYTES:
        if quality > 60:
            quality -= 8
        else:
            pixels.thumbnail((pixels.width * 3 // 4, pixels.height * 3 // 4))
    return Prepared(body, "image/jpeg")


def _saved(pixels: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    pixels.save(buffer, kind, **options)
    return buffer.getvalue()
