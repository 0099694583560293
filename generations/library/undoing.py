"""Messages that offer to undo what they report: they name the verb of `selected` that does, and the generations."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

MARK = "undo"
MANY = 100  # ids that a message names one by one


class Undo(NamedTuple):
    """Of these generations, or of all that were deleted `at` that moment."""

    verb: str
    ids: list[str]
    at: str = ""


def undo_by(verb: str, ids: Iterable[UUID], at: datetime | None = None) -> str:
    """What a message's `extra_tags` say. `at`, the moment of a deletion, stands for more ids than a form can send."""
    named = [str(pk) for pk in ids]
    return " ".join([MARK, verb, *([at.isoformat()] if at and len(named) > MANY else named)])


def told_by(extra_tags: str | None) -> Undo | None:
    mark, verb, *ids = (extra_tags or "").split() or [""] * 2
    if mark != MARK:
        return None
    return Undo(verb, [], ids[0]) if len(ids) == 1 and "T" in ids[0] else Undo(verb, ids)
