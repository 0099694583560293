"""The usage page's table: every line with its name, and every number with the list that it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from generations.dispatch import catalogue
from generations.models import Project
from generations.models.ledger import SUMS
from generations.models.project import NO_PROJECT
from generations.usage import sums
from generations.usage.sums import Extent, Line


@dataclass(frozen=True)
class Cell:
    name: str
    number: int
    address: str


@dataclass(frozen=True)
class Row:
    label: str
    cells: list[Cell]

    @property
    def numbers(self) -> list[int]:
        return [cell.number for cell in self.cells]


@dataclass(frozen=True)
class Report:
    """What is counted by `by` within an extent. With `of_all` numbers lead to the admin's list, else to the history."""

    extent: Extent
    by: str
    of_all: bool

    @cached_property
    def lines(self) -> list[Line]:
        return sums.lines(self.extent, self.by)

    @property
    def rows(self) -> Iterator[Row]:
        names = self._names()
        for line in self.lines:
            yield Row(names(line), list(self._cells(line.sums, self._part(line))))

    @property
    def total(self) -> Row:
        total = {name: sum(line.sums[name] for line in self.lines) for name in SUMS}
        return Row(_("Total"), list(self._cells(total, self._query(self.extent))))

    def _cells(self, numbers: dict[str, int], query: dict[str, Any]) -> Iterator[Cell]:
        page = reverse("admin:generations_generation_changelist" if self.of_all else "generations")
        for name in SUMS:
            yield Cell(name, numbers[name], f"{page}?{urlencode({**query, 'counts': name})}")

    def _part(self, line: Line) -> dict[str, Any]:
        """The list's filters for one line."""
        if self.by in {"day", "week", "month"}:
            return self._query(self.extent.within(self.by, line.value))
        name = {"kind": "media_type__exact" if self.of_all else "kind", "person": "owner"}.get(self.by, self.by)
        return self._query(self.extent) | {name: NO_PROJECT if line.key is None else line.key}

    def _query(self, extent: Extent) -> dict[str, Any]:
        query = {"since": extent.since, "until": extent.until, "project": extent.project}
        query |= {"owner": extent.person} if self.of_all else {}
        return {name: value for name, value in query.items() if value}

    def _names(self) -> Any:
        """A function that gives a line its name."""
        match self.by:
            case "model":
                known = {model.id: model.name for model in catalogue.known().models}
                return lambda line: known.get(line.value, line.value)
            case "project":
                projects = {project.pk: str(project) for project in Project.objects.all()}
                return lambda line: projects.get(line.value, _("No project"))
            case "kind":
                return lambda line: {"image": _("Pictures"), "video": _("Videos")}.get(line.value, line.value)
            case "month":
                return lambda line: date_format(line.value, "YEAR_MONTH_FORMAT")
            case "day" | "week":
                return lambda line: date_format(line.value, "SHORT_DATE_FORMAT")
        return lambda line: line.value
