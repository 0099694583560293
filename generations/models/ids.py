"""Ids and names as people's browsers send them."""

import re
import unicodedata
import uuid
from collections.abc import Iterable

BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols that have no ink
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


def is_visible(text: str) -> bool:
    """Whether there is anything to see in it: a letter, number, sign or symbol that is not drawn blank."""
    return any(unicodedata.category(sign)[0] in "LNPS" and sign not in BLANK for sign in text)


def name_in(text: str) -> str:
    """A name as typed, with single spaces, and without what nobody sees: it could look like another name.

    A single joiner stays between signs that are others without it: emoji, and letters of Arabic and Indic scripts.
    """
    seen = "".join(sign for sign in text if sign.isprintable() or sign.isspace() or sign in JOINERS)
    return " ".join(STRAY.sub("", seen).split())
