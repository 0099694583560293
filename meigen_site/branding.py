"""The team's logo: one SVG or PNG, read when the process starts and served by the studio itself."""

import hashlib
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from . import variables

LARGEST = 200_000  # bytes: it is on every page
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Logo:
    """The file as browsers get it. Pages name its size, so that nothing moves when it comes."""

    body: bytes
    content_type: str
    width: int
    height: int

    @property
    def version(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:12]


def logo(name: str, value: str) -> Logo | None:
    """The file of this variable; None when it is not set."""
    if not value:
        return None
    try:
        body = Path(value).read_bytes()
    except OSError as problem:
        raise variables.wrong(name, f"cannot be read: {problem}") from None
    if len(body) > LARGEST:
        raise variables.wrong(name, f"must be at most {LARGEST:,} bytes, not {len(body):,}")
    made = _png(body) if body.startswith(PNG) else _svg(body)
    if made is None:
        raise variables.wrong(name, f"must be a PNG, or an SVG that says its width and height or viewBox: {value}")
    return made


def _png(body: bytes) -> Logo | None:
    width, height = struct.unpack(">II", body[16:24]) if len(body) > 24 else (0, 0)
    return Logo(body, "image/png", width, height) if width and height else None


def _svg(body: bytes) -> Logo | None:
    try:
        root = ET.fromstring(body)  # noqa: S314  the operator's own file
    except ET.ParseError:
        return None
    if root.tag not in {"svg", "{http://www.w3.org/2000/svg}svg"}:
        return None
    given = [root.get(side, "").removesuffix("px") for side in ("width", "height")]
    size = root.get("viewBox", "").replace(",", " ").split()[2:] or given
    sides = [max(round(float(one)), 1) for one in size if re.fullmatch(r"\d+(\.\d+)?", one)]
    return Logo(body, "image/svg+xml", *sides) if len(sides) == 2 else None
