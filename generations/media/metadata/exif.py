"""Which way up a picture is: the one thing in its EXIF that decides how it looks."""

from __future__ import annotations

from typing import Literal

ORIENTATION, SHORT = 0x0112, 3
ORDERS: dict[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}


def orientation(exif: bytes) -> int:
    """1 when the picture is upright or nothing is said, else 2 to 8, from 5 on for one that lies on its side.

    Read here, because Pillow warns of EXIF that is odd elsewhere, and believes XMP, which no browser does.
    Source: TIFF 6.0, tag Orientation.
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
    """EXIF (without the word that begins it in a JPEG) that says this and nothing else; b"" for an upright picture."""
    said = orientation(exif)
    if said == 1:
        return b""
    entry = ORIENTATION.to_bytes(2) + SHORT.to_bytes(2) + (1).to_bytes(4) + said.to_bytes(2) + bytes(2)
    return b"MM\0*" + (8).to_bytes(4) + (1).to_bytes(2) + entry + bytes(4)
