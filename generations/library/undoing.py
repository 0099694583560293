"""Messages that offer to undo what they report: they name the verb of `selected` that does, and the generations."""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

MARK = "undo"


class Undo(NamedTuple):
    verb: str
    ids: list[str]


def undo_by(verb: str, ids: Iterable[UUID]) -> str:
    """What a message's `extra_tags` say."""
    return " ".join([MARK, verb, *map(str, ids)])


def told_by(extra_tags: str | None) -> Undo | None:
    mark, verb, *ids = (extra_tags or "").split() or [""] * 2
    return Undo(verb, ids) if mark == MARK else None
