"""The lists' order, newest first, and where a page goes on: after a place in it, never by counting rows."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q

from accounts.models import User

Row = TypeVar("Row", bound=models.Model)
Rows = TypeVar("Rows", bound=models.QuerySet[Any])

Position = tuple[datetime, uuid.UUID]  # in `newest_first` order


def keyset(place: Position, created_at: str = "created_at", pk: str = "id", *, above: bool = False) -> Q:
    """What comes after this place in `newest_first` order, or with `above` before it.

    The plain bound beside the keyset is what lets an index serve it; the OR alone is as slow as OFFSET.
    """
    moment, last = place
    way = "gt" if above else "lt"
    beyond = Q(**{f"{created_at}__{way}": moment}) | Q(**{created_at: moment, f"{pk}__{way}": last})
    return beyond & Q(**{f"{created_at}__{way}e": moment})


@dataclass(frozen=True)
class Part:
    """A part of a list: what comes after the place `before`, or ahead of the place `above`, made since a moment."""

    before: Position | None = None
    since: datetime | None = None
    above: Position | None = None

    def turned(self, newest_first: Rows) -> Rows:
        """The rows in the list's order, or those above a place the nearest first."""
        return newest_first.reverse() if self.above else newest_first


EVERYTHING = Part()


class ListQuerySet(models.QuerySet[Row]):
    """Rows in the order of the lists."""

    def newest_first(self, before: Position | None = None) -> Self:
        """All of them, or those after a place in this order."""
        rows = self.order_by("-created_at", "-id")
        return rows.before(*before) if before else rows

    def starred_by(self, user: User, part: Part) -> Self:
        """What this person starred: read along the stars, which know when the generation was made."""
        return self._along(Q(stars__user=user), "stars__", part)

    def collected_in(self, collection: uuid.UUID, part: Part) -> Self:
        """What is in the collection: read along its items, likewise."""
        return self._along(Q(collectionitem__collection=collection), "collectionitem__", part)

    def _along(self, marks: Q, table: str, part: Part) -> Self:
        if part.before:
            marks &= keyset(part.before, f"{table}made_at", f"{table}generation")
        if part.above:
            marks &= keyset(part.above, f"{table}made_at", f"{table}generation", above=True)
        if part.since:
            marks &= Q(**{f"{table}made_at__gte": part.since})  # so that it ends there
        return part.turned(self.filter(marks).order_by(f"-{table}made_at", f"-{table}generation"))

    def before(self, created_at: datetime, pk: uuid.UUID) -> Self:
        """The rows after this place in `newest_first` order."""
        return self.filter(keyset((created_at, pk)))

    def after(self, created_at: datetime, pk: uuid.UUID) -> Self:
        """The rows before this place in `newest_first` order, the nearest first."""
        return self.filter(keyset((created_at, pk), above=True)).order_by("created_at", "id")


class MadeAt(models.DateTimeField):  # type: ignore[type-arg]
    """When the row's generation was made, which never changes: so that an index of these rows has the lists' order."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "editable": False})

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, options  # to a migration it is nothing else

    def pre_save(self, model_instance: Any, add: bool) -> datetime:  # noqa: FBT001 (Django's)
        made_at: datetime = model_instance.generation.created_at
        setattr(model_instance, self.attname, made_at)
        return made_at
