"""Ids and drafts as people's browsers send them."""

import uuid
from collections.abc import Iterable


def is_uuid(value: str) -> bool:
    try:
        return str(uuid.UUID(value)) == value
    except ValueError:
        return False


def uuid_in(text: str) -> uuid.UUID | None:
    return uuid.UUID(text) if is_uuid(text) else None


def uuids(texts: Iterable[str]) -> list[uuid.UUID]:
    """The well-formed ids among these, each once."""
    return [uuid.UUID(text) for text in dict.fromkeys(texts) if is_uuid(text)]


def plain(text: str, most: int) -> str:
    """The text without what no database keeps, and no longer than that."""
    return text.replace("\0", "")[:most]
