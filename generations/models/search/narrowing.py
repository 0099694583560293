"""What a list is narrowed by, said again in the words of an index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from uuid import UUID

from django.db import models

from generations.models.keyset import Position, keyset
from generations.search_keys import model_key, owner_key

if TYPE_CHECKING:
    from generations.models.generation import GenerationQuerySet


class Marks(NamedTuple):
    """The stars of a person or the items of a collection."""

    rows: models.QuerySet[Any]
    """All of them, each with a `generation` and when that was `made_at`."""
    whose: int | UUID
    """The key of the person or the collection."""

    @property
    def text(self) -> str:
        """Whose they are, as the table of marks says it."""
        return self.whose.hex if isinstance(self.whose, UUID) else str(self.whose)


@dataclass(frozen=True)
class Narrowing:
    """`owner`, `model`, `since` and the places repeat what the rows are filtered by, so that an index can use it.

    `before` is the place that the rows of this page come after, `until` that of the first page; the way is chosen by
    the latter alone where it must be the same for all pages. `marks` leave what all of them point to. `along` gives all
    of that after a place in the same order as a list, if that may be a short one; it reads along the first of the
    marks.
    """

    STRETCH: ClassVar[int] = 64

    owner: int | None = None
    model: str | None = None
    since: datetime | None = None
    until: Position | None = None
    before: Position | None = None
    marks: tuple[Marks, ...] = ()
    along: Callable[[Position | None], GenerationQuerySet] | None = None

    @property
    def keys(self) -> list[int]:
        """What an index of keys knows of it."""
        owner = [] if self.owner is None else [owner_key(self.owner)]
        return owner if self.model is None else [*owner, model_key(self.model)]

    def end_of_stretch(self, place: Position | None) -> datetime | None:
        """When the row was made to which so many are read along the list after this place; None at its end."""
        rows: models.QuerySet[Any]
        if self.marks:
            made_at, rows = "made_at", self.marks[0].rows.order_by("-made_at", "-generation")
            rows = rows.filter(keyset(place, made_at, "generation")) if place else rows
            rows = rows.filter(made_at__gte=self.since) if self.since else rows
        else:
            assert self.along
            made_at, rows = "created_at", self.along(place)
        return next(iter(rows.values_list(made_at, flat=True)[self.STRETCH - 1 : self.STRETCH]), None)
