"""Sums of usage, read from what every move of a generation has added to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import TruncMonth, TruncWeek

from generations.models import CollectionItem, DailyUsage, Generation, ShareItem, Star
from generations.models.ledger import SUMS, beginning_of, month_of

_COLUMNS: dict[str, Any] = {
    "day": F("day"),
    "week": TruncWeek("day"),
    "month": TruncMonth("day"),
    "person": F("owner__username"),
    "kind": F("media_type"),
    "model": F("model_id"),
    "project": F("project"),
}


@dataclass(frozen=True)
class Extent:
    """Which usage: of these days, both included, of one person or project or of all."""

    since: date
    until: date
    person: int | None = None
    project: int | None = None

    @property
    def rows(self) -> QuerySet[DailyUsage]:
        rows = DailyUsage.objects.filter(day__gte=self.since, day__lte=self.until)
        rows = rows.filter(owner=self.person) if self.person else rows
        return rows.filter(project=self.project) if self.project else rows

    def within(self, by: str, value: Any) -> Extent:
        """The part of it that a line of the report by days, weeks or months is about."""
        ends = {"day": value, "week": value + timedelta(days=6), "month": month_of(value)[1] - timedelta(days=1)}
        return replace(self, since=max(self.since, value), until=min(self.until, ends[by]))


@dataclass(frozen=True)
class Line:
    """The sums for one value of what is counted by. `key` is its id where it has one, else the value itself."""

    value: Any
    key: Any
    sums: dict[str, int]


def total(extent: Extent) -> dict[str, int]:
    found: Any = extent.rows.aggregate(**{f"sum_{name}": Sum(name, default=0) for name in SUMS})
    return {name: found[f"sum_{name}"] for name in SUMS}


def lines(extent: Extent, by: str) -> list[Line]:
    """The sums by one of `forms.GROUPS`: times in their order, all else by credits."""
    key = {"person": F("owner")}.get(by, _COLUMNS[by])
    sums = {f"sum_{name}": Sum(name) for name in SUMS}
    found: Any = extent.rows.order_by().values(value=_COLUMNS[by], key=key).annotate(**sums)
    every = [Line(row["value"], row["key"], {name: row[f"sum_{name}"] for name in SUMS}) for row in found]
    every = [line for line in every if any(line.sums.values())]  # all of a day may have been sent again on another
    if by in {"day", "week", "month"}:
        return sorted(every, key=lambda line: line.value)
    return sorted(every, key=lambda line: (-line.sums["charged"], -line.sums["generations"], str(line.value)))


def kept(extent: Extent) -> int:
    """How many results of these days somebody keeps: starred, shared or in a collection."""
    begins, ends = beginning_of(extent.since), beginning_of(extent.until + timedelta(days=1))
    # Stars and items know when the generation was made, so that those of other times need not be looked up.
    of_days = {"made_at__gte": begins, "made_at__lt": ends}
    shared = {f"generation__{name.replace('made', 'created')}": moment for name, moment in of_days.items()}
    marks = [
        Star.objects.filter(**of_days),
        CollectionItem.objects.filter(**of_days),
        ShareItem.objects.filter(**shared),
    ]
    ids = [_marked(rows, extent) for rows in marks]
    return ids[0].union(*ids[1:]).count()


def _marked(rows: QuerySet[Any], extent: Extent) -> QuerySet[Any]:
    """The finished generations that these marks are on."""
    rows = rows.filter(generation__owner=extent.person) if extent.person else rows
    rows = rows.filter(generation__project=extent.project) if extent.project else rows
    return rows.order_by().filter(generation__status=Generation.Status.DONE).values("generation")
