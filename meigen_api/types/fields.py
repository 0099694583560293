"""Reads one field of an answer; of the wrong type it is absent, never an error."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import urlsplit

from meigen_api.text import clean

Json = dict[str, Any]
# What can stand in an address of ours as it is.
PLAIN_ID = re.compile(r"[A-Za-z0-9_.:~-]{1,100}")
MediaType = Literal["image", "video"]
MAX_TEXT = 20_000
MAX_LINKS = 64
MAX_TEXTS = 100


def text(value: Any) -> str:
    """A string, cleaned and cut at MAX_TEXT; a number as text; anything else as the empty string."""
    if isinstance(value, str):
        return clean(value[:MAX_TEXT])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return ""


def number(value: Any) -> float | None:
    """An int or float, or a string that holds one; else None."""
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
    """A whole number that fits 32 bits, else None."""
    found = number(value)
    return int(found) if found is not None and abs(found) < 2**31 else None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list, without empty and repeated ones, at most MAX_TEXTS; of anything else: none."""
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(filter(None, map(text, value[:MAX_TEXTS]))))


def members(value: Any) -> Json:
    """A JSON object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def links(*values: Any) -> tuple[str, ...]:
    """The http(s) URLs among texts and lists of texts, in order, each once, at most MAX_LINKS."""
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
    """A number of credits that can be one: not negative, not astronomical."""
    found = number(value)
    return found if found is not None and 0 <= found < 1e8 else None
