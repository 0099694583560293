"""What a downloaded file really is, found out by decoding it, and its thumbnail."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from PIL import Image

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
MAX_PIXELS = 40_000_000
TOO_LARGE = f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels."
THUMBNAIL = (640, 640)


@dataclass(frozen=True)
class Found:
    """`width` and `height` in pixels and `thumbnail` (WebP) are None for a video."""

    content_type: str
    width: int | None = None
    height: int | None = None
    thumbnail: bytes | None = None

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.content_type]


def inspect(file: IO[bytes]) -> Found:
    """Raises Refused for anything that is not a whole PNG, JPEG, WebP, GIF, MP4 or WebM."""
    head = file.read(16)
    file.seek(0)
    if head[4:8] == b"ftyp":
        return Found("video/mp4")
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return Found("video/webm")
    with decoded(file) as image:
        width, height = image.size
        return Found(FORMATS[image.format or ""], width, height, _thumbnail(image))


@contextmanager
def decoded(file: IO[bytes]) -> Iterator[Image.Image]:
    """The whole picture, decoded. Raises Refused when it is none, is damaged, or is too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of a decompression bomb below twice its limit
            with Image.open(file, formats=list(FORMATS)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Refused(TOO_LARGE)
                # A full decode: a thumbnail's draft mode would pass over damage in a JPEG.
                image.load()
                yield image
    except Refused:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refused(TOO_LARGE) from None
    except Exception:  # noqa: BLE001 Pillow's decoders raise many kinds for a broken file
        raise Refused("The file is not a PNG, JPEG, WebP or GIF picture that can be opened.") from None


def _thumbnail(image: Image.Image) -> bytes:
    small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small.thumbnail(THUMBNAIL)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()
