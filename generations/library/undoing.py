"""Messages that offer to undo what they report: they name the verb of `selected` that does, and the generations."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

MARK = "undo"


class Undo(NamedTuple):
    """Of these generations, or of all that were deleted `at` that moment."""

    verb: str
    ids: list[str]
    at: str = ""


def undo_by(verb: str, ids: Iterable[UUID]) -> str:
    """What a message's `extra_tags` say."""
    return " ".join([MARK, verb, *map(str, ids)])


def undo_deletion(at: datetime) -> str:
    """The same for all that a person deleted at that moment, which may be more than a form can name."""
    return f"{MARK} restore {at.isoformat()}"


def told_by(extra_tags: str | None) -> Undo | None:
    mark, verb, *ids = (extra_tags or "").split() or [""] * 2
    if mark != MARK:
        return None
    return Undo(verb, [], ids[0]) if len(ids) == 1 and "T" in ids[0] else Undo(verb, ids)
