"""Ids and names as people's browsers send them."""

import re
import uuid
from collections.abc import Iterable

JOINERS = "\u200c\u200d"
_JOINED = "\u0600-\u06ff\u0750-\u077f\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
STRAY = re.compile(f"(?<![{_JOINED}])[{JOINERS}]|[{JOINERS}](?![{_JOINED}])")


def is_uuid(value: str) -> bool:
    try:
        return str(uuid.UUID(value)) == value
    except ValueError:
        return False


def uuids(texts: Iterable[str]) -> list[uuid.UUID]:
    """The well-formed ids among these, each once."""
    return [uuid.UUID(text) for text in dict.fromkeys(texts) if is_uuid(text)]


def plain(text: str, most: int) -> str:
    """The text without what no database keeps, and no longer than that."""
    return text.replace("\0", "")[:most]


def name_in(text: str) -> str:
    """A name as typed, with single spaces, and without what nobody sees: it could look like another name.

    A single joiner stays between signs that are others without it: emoji, and letters of Arabic and Indic scripts.
    """
    seen = "".join(sign for sign in text if sign.isprintable() or sign.isspace() or sign in JOINERS)
    return " ".join(STRAY.sub("", seen).split())
