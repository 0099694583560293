"""The orientation of a picture: the only EXIF data that affects how it looks."""

from __future__ import annotations

from typing import Literal

ORIENTATION, SHORT = 0x0112, 3
ORDERS: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}


def orientation(exif: bytes) -> int:
    """1 if the picture is upright or states no orientation, otherwise 2 to 8; from 5 on it lies on its side.

    We read it ourselves, because Pillow warns about EXIF that is malformed elsewhere, and trusts XMP, which no browser
    does. Source: TIFF 6.0, tag Orientation.
    """
    tiff = exif.removeprefix(b"Exif\0\0")
    order = ORDERS.get(tiff[:4])
    if order is None:
        return 1

    def number(at: int, count: int) -> int:
        return int.from_bytes(tiff[at : at + count], order)

    first = number(4, 4)
    for at in range(first + 2, first + 2 + 12 * number(first, 2), 12):
        if (number(at, 2), number(at + 2, 2)) == (ORIENTATION, SHORT):
            said = number(at + 8, 2)
            return said if 1 <= said <= 8 else 1
    return 1


def orientation_alone(exif: bytes) -> bytes:
    """EXIF (without the prefix it has in a JPEG) that contains only this orientation, or b"" for an upright picture."""
    said = orientation(exif)
    if said == 1:
        return b""
    entry = ORIENTATION.to_bytes(2) + SHORT.to_bytes(2) + (1).to_bytes(4) + said.to_bytes(2) + bytes(2)
    return b"MM\0*" + (8).to_bytes(4) + (1).to_bytes(2) + entry + bytes(4)
