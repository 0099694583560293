"""Ids and drafts as people's browsers send them."""

import uuid
from collections.abc import Iterable

NO_ID = uuid.UUID(int=0)  # which nothing has


def uuid_in(text: str) -> uuid.UUID | None:
    """The id in this text, however it is spelt, or None."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def is_uuid(value: str) -> bool:
    """Whether it is an id, spelt as we spell it."""
    found = uuid_in(value)
    return found is not None and str(found) == value


def uuids(texts: Iterable[str]) -> list[uuid.UUID]:
    """The well-formed ids among these, each once."""
    return [uuid.UUID(text) for text in dict.fromkeys(texts) if is_uuid(text)]


def plain(text: str, most: int) -> str:
    """The text without what no database keeps, and no longer than that."""
    return text.replace("\0", "")[:most]
