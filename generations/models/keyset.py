"""The lists' order, newest first, and where a page goes on: after a place in it, never by counting rows."""

import uuid
from datetime import datetime
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q

from accounts.models import User

Row = TypeVar("Row", bound=models.Model)

Position = tuple[datetime, uuid.UUID]  # in `newest_first` order


def keyset(before: Position, created_at: str = "created_at", pk: str = "id") -> Q:
    """What comes after this place in `newest_first` order.

    The plain bound beside the keyset is what lets an index serve it; the OR alone is as slow as OFFSET.
    """
    moment, last = before
    later = Q(**{f"{created_at}__lt": moment}) | Q(**{created_at: moment, f"{pk}__lt": last})
    return later & Q(**{f"{created_at}__lte": moment})


class ListQuerySet(models.QuerySet[Row]):
    """Rows in the order of the lists."""

    def newest_first(self, before: Position | None = None) -> Self:
        """All of them, or those after a place in this order."""
        rows = self.order_by("-created_at", "-id")
        return rows.before(*before) if before else rows

    def starred_by(self, user: User, before: Position | None = None, since: datetime | None = None) -> Self:
        """What this person starred, newest first: read along the stars, which know when the generation was made."""
        return self._along(Q(stars__user=user), "stars__", before, since)

    def collected_in(
        self, collection: uuid.UUID, before: Position | None = None, since: datetime | None = None
    ) -> Self:
        """What is in the collection, newest first: read along its items, likewise."""
        return self._along(Q(collectionitem__collection=collection), "collectionitem__", before, since)

    def _along(self, marks: Q, table: str, before: Position | None, since: datetime | None) -> Self:
        if before:
            marks &= keyset(before, f"{table}made_at", f"{table}generation")
        if since:
            marks &= Q(**{f"{table}made_at__gte": since})  # so that it ends there
        return self.filter(marks).order_by(f"-{table}made_at", f"-{table}generation")

    def before(self, created_at: datetime, pk: uuid.UUID) -> Self:
        """The rows after this place in `newest_first` order."""
        return self.filter(keyset((created_at, pk)))

    def after(self, created_at: datetime, pk: uuid.UUID) -> Self:
        """The rows before this place in `newest_first` order, the nearest first."""
        later = Q(created_at__gt=created_at) | Q(created_at=created_at, id__gt=pk)
        return self.filter(later, created_at__gte=created_at).order_by("created_at", "id")


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
