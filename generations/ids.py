"""Ids and names as people's browsers send them."""

import re
import uuid
from collections.abc import Iterable

JOINERS = re.compile(r"(?<=[^\x00-\x7f])[\u200c\u200d](?=[^\x00-\x7f])")


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

    Between signs that are not ASCII joiners stay: emoji and Persian words are other ones without them.
    """
    kept = {match.start() for match in JOINERS.finditer(text)}
    seen = (sign for at, sign in enumerate(text) if sign.isprintable() or sign.isspace() or at in kept)
    return " ".join("".join(seen).split())
