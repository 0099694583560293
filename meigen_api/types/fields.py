"""Readers for single fields of a response. A value of the wrong type counts as absent and is never an error."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import urlsplit

from meigen_api.text import clean

Json = dict[str, Any]
# What can appear unescaped in our own addresses.
PLAIN_ID = re.compile(r"[A-Za-z0-9_.:~-]{1,100}")
MediaType = Literal["image", "video"]
MAX_TEXT = 20_000
MAX_LINKS = 64
MAX_TEXTS = 100


def text(value: Any) -> str:
    """A string, cleaned and truncated to MAX_TEXT; a number as text; otherwise an empty string."""
    if isinstance(value, str):
        return clean(value[:MAX_TEXT])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return ""


def number(value: Any) -> float | None:
    """An int or float, or a string that contains one, otherwise None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, int | float) and abs(value) < 1e12:
        return value
    return None


def integer(value: Any) -> int | None:
    """An integer that fits into 32 bits, otherwise None."""
    found = number(value)
    return int(found) if found is not None and abs(found) < 2**31 else None


def texts(value: Any) -> tuple[str, ...]:
    """The distinct non-empty strings of a list, at most MAX_TEXTS, or none for any other value."""
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(filter(None, map(text, value[:MAX_TEXTS]))))


def members(value: Any) -> Json:
    """A JSON object as it is, or an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def links(*values: Any) -> tuple[str, ...]:
    """The distinct http(s) URLs among strings and lists of strings, in order, at most MAX_LINKS."""
    found: list[str] = []
    for value in values:
        for candidate in value if isinstance(value, list) else [value]:
            if isinstance(candidate, str) and len(candidate) <= 2000 and candidate.strip().isprintable():
                try:
                    scheme = urlsplit(candidate.strip()).scheme
                except ValueError:
                    continue
                if scheme in {"http", "https"}:
                    found.append(candidate.strip())
    return tuple(dict.fromkeys(found))[:MAX_LINKS]


def price(value: Any) -> float | None:
    """A plausible number of credits: not negative and not astronomical."""
    found = number(value)
    return found if found is not None and 0 <= found < 1e8 else None
