"""Filters of the history. Every choice is part of the address, so that a filtered page can be bookmarked or shared."""

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL
from django.forms import BoundField
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import DayInput, Form, TextField
from accounts.models import User
from generations.library import choices
from generations.library.periods import Period, days_of, in_words
from generations.models import Generation, GenerationQuerySet, Part, Position, Star, search
from generations.models.ledger import SUMS, adding_to, counted_between, counted_for
from generations.models.project import NO_PROJECT
from generations.models.status import TROUBLE, WAITING

S = Generation.Status


def _in_full(words: list[str]) -> list[RawSQL]:
    """The values as literals in the SQL: SQLite uses a partial index only if the condition reads like the index's
    own."""
    return [RawSQL(f"'{word}'", ()) for word in words]  # noqa: S611 (our own words)


STATES: dict[str, tuple[Any, dict[str, Any]]] = {
    "waiting": (_("Waiting or running"), {"status__in": _in_full(WAITING)}),
    "done": (_("Done"), {"status": S.DONE}),
    "trouble": (_("Needs attention"), {"status__in": _in_full(TROUBLE)}),
    "cancelled": (_("Cancelled"), {"status": S.CANCELLED}),
}
_STATUSES: dict[str, list[str]] = {"waiting": WAITING, "done": [S.DONE], "trouble": TROUBLE, "cancelled": [S.CANCELLED]}
DELETED = "deleted"
DAY = "day"
EMPTY = ("period", Period.DAYS)  # whose days are not chosen yet
GONE = _("no longer available, so this filter is ignored.")


class Chip(NamedTuple):
    """A filter as the page shows it: its field, what is chosen in words, and the address without it."""

    field: BoundField
    value: str
    clear: str


class HistoryForm(Form):
    """Filters of a person's history or of the team gallery. An empty filter matches everything.

    An invalid value is shown with its error and otherwise ignored.
    """

    q = TextField(
        label=_("Search prompts"),
        required=False,
        most=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Search prompts"), "data-key": "/"}),
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), *((name, word) for name, (word, _states) in STATES.items()), (DELETED, _("Deleted"))],
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All")), ("image", _("Pictures")), ("video", _("Videos"))]
    )
    model = forms.ChoiceField(label=_("Model"), required=False, error_messages={"invalid_choice": GONE})
    author = forms.ChoiceField(label=_("Made by"), required=False, error_messages={"invalid_choice": GONE})
    project = forms.ChoiceField(label=_("Project"), required=False, error_messages={"invalid_choice": GONE})
    collection = forms.ChoiceField(label=_("Collection"), required=False, error_messages={"invalid_choice": GONE})
    starred = forms.BooleanField(label=_("Starred"), required=False)
    period = forms.ChoiceField(label=_("Period"), required=False, choices=[("", _("Any time")), *Period.choices])
    since = forms.DateField(label=_("From"), required=False, widget=DayInput)
    until = forms.DateField(label=_("To"), required=False, widget=DayInput)
    # Only where a number of the usage page leads here. Days are then those that usage counts by.
    counts = forms.ChoiceField(label=_("Usage"), required=False, choices=[("", _("All")), *SUMS.items()])
    # No filter, but the place in the list where the page begins.
    day = forms.DateField(label=_("Go to date"), required=False, widget=DayInput)

    def __init__(self, user: User, data: Mapping[str, str], *, of_team: bool = False) -> None:
        self.asked = asked_for(data)
        days = {"period": Period.DAYS} if self.asked.keys() & {"since", "until"} else {}
        day = {DAY: data[DAY]} if data.get(DAY) else {}
        super().__init__({**self.asked, **days, **day}, label_suffix="", auto_id="find-%s")
        self.user = user
        self.of_team = of_team
        # The team sees only finished results, and one's own history needs no author.
        for name in ["state", "project", "counts"] if of_team else ["author"]:
            del self.fields[name]
        if not data.get("counts"):
            self.fields.pop("counts", None)
        self.named = {
            "model": choices.models(user, of_team=of_team),
            "author": choices.authors() if of_team else [],
            "project": [] if of_team else choices.projects(data.get("project", "")),
            "collection": choices.collection(user, data.get("collection", "")),
        }
        for name, known in self.named.items():
            self._choose(name, known)
        if not self.named["project"]:
            self.fields.pop("project", None)
        self.full_clean()

    def _choose(self, name: str, known: list[tuple[str, str]]) -> None:
        if name not in self.fields:
            return
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All")), *known]

    def rows(self, before: Position | None = None, *, above: Position | None = None) -> GenerationQuerySet:
        """The matching rows that this person may see, newest first, starting after the given position; or those above
        the other one, the nearest first."""
        rows, text = self._filtered(), self.cleaned_data.get("q", "")
        part = Part(self._start(before), self._since, above)
        if collection := self._collection:
            if self.cleaned_data.get("starred"):
                rows = rows.filter(Exists(Star.objects.filter(generation=OuterRef("pk"), user=self.user)))
            rows = rows.collected_in(collection, part)
        elif self.cleaned_data.get("starred"):
            rows = rows.starred_by(self.user, part)
        else:
            return rows.search(text, part)
        return rows.filter(search.contains(search.words_of(text)))

    def _filtered(self) -> GenerationQuerySet:
        return self._narrowed(self._list())

    def _narrowed(self, rows: GenerationQuerySet) -> GenerationQuerySet:
        values = self.cleaned_data
        if values.get("state") in STATES:
            rows = rows.filter(**STATES[values["state"]][1])
        if values.get("kind"):
            rows = rows.filter(media_type=values["kind"])
        if values.get("model"):
            rows = rows.filter(model_id=values["model"])
        if values.get("project"):
            rows = rows.filter(project=None if values["project"] == NO_PROJECT else int(values["project"]))
        if values.get("author"):
            rows = choices.made_by(rows, int(values["author"]))
        if counts := values.get("counts"):
            rows = rows.filter(counted_for(self.user.pk), adding_to(counts), counted_between(*self._days))
        return rows

    def _list(self) -> GenerationQuerySet:
        if self.of_team:
            return Generation.objects.shown_to_team()
        if self._is_mixed:
            return Generation.objects.visible_to(
                self.user
            ).kept()  # including other people's results that the team can see
        own = Generation.objects.owned_by(self.user)
        return own.filter(deleted_at__isnull=False) if self.is_trash else own.kept()

    def _start(self, before: Position | None) -> Position | None:
        """Where the list starts. The end of the last day is a position like any other, which an index finds at once."""
        until = None if self.cleaned_data.get("counts") else self._days[1]
        return min(filter(None, [before, _end(until)]), default=None)

    @property
    def place(self) -> Position | None:
        """Where the page starts that shows the list from a day on."""
        return _end(self.cleaned_data.get(DAY))

    @cached_property
    def _days(self) -> tuple[date | None, date | None]:
        """The first and the last day that is asked for."""
        period = self.cleaned_data.get("period")
        if period and period != Period.DAYS:
            return days_of(period, timezone.localdate())
        return self.cleaned_data.get("since"), self.cleaned_data.get("until")

    @property
    def _collection(self) -> uuid.UUID | None:
        collection = self.cleaned_data.get("collection")
        return uuid.UUID(collection) if collection else None

    @property
    def _since(self) -> datetime | None:
        since = self._days[0]
        return _midnight(since) if since and not self.cleaned_data.get("counts") else None

    @property
    def is_trash(self) -> bool:
        return self.cleaned_data.get("state") == DELETED

    @property
    def states(self) -> list[str]:
        """The statuses that a row of the list can have."""
        if self.of_team:
            return [S.DONE]
        return _STATUSES.get(self.cleaned_data.get("state", ""), list(S))

    @property
    def _is_mixed(self) -> bool:
        """Whether the list contains the work of several people."""
        if self.is_trash:
            return False  # everyone sees only their own trash
        return self.of_team or bool(self._collection or self.cleaned_data.get("starred"))

    @cached_property
    def deleted(self) -> int:
        """How many of what the usage page counts are not listed because they were deleted."""
        rows = Generation.objects.owned_by(self.user).filter(deleted_at__isnull=False)
        return self._narrowed(rows).count() if self.cleaned_data.get("counts") else 0

    @property
    def address(self) -> str:
        """The address of the list without filters."""
        return reverse("gallery" if self.of_team else "generations")

    @property
    def is_filtering(self) -> bool:
        return bool(self.errors) or any(value for name, value in self.cleaned_data.items() if name != DAY)

    @property
    def in_force(self) -> dict[str, str]:
        """The filters as the address says them, without those that are invalid or leave everything in."""
        kept = self.asked.items()
        return {name: value for name, value in kept if self.cleaned_data.get(name) and (name, value) != EMPTY}

    @property
    def query(self) -> str:
        """The filters as a query string, without the position in the list."""
        return self._without()

    def _without(self, *others: str) -> str:
        return urlencode({name: value for name, value in self.asked.items() if name in self.fields.keys() - others})

    def at(self, **place: str) -> str:
        """The address of the list from a place in it on."""
        return self._page("&".join(filter(None, [self.query, urlencode(place)])))

    def _page(self, query: str) -> str:
        return f"{self.address}?{query}" if query else self.address

    @property
    def here(self) -> str:
        """The address of the list as it is shown."""
        day = self.cleaned_data.get(DAY)
        return self.at(day=f"{day}") if day else self.at()

    @property
    def chips(self) -> list[Chip]:
        """The filters that open, each with what is chosen in it."""
        apart = {"q", "starred", "since", "until", DAY}
        return [self._chip(name) for name in self.fields if name not in apart]

    def _chip(self, name: str) -> Chip:
        wanted, field = self.data.get(name), self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        if not wanted:
            return Chip(self[name], "", "")
        value = next((str(word) for key, word in field.choices if key == wanted), "")  # type: ignore[union-attr,misc]
        if name == "period" and wanted == Period.DAYS:
            value = in_words(*self._days) or value
        whole = ("period", "since", "until") if name == "period" else (name,)
        return Chip(self[name], value, self._page(self._without(*whole)))

    @property
    def days(self) -> list[BoundField]:
        """The fields of the period that is not the calendar's."""
        return [self["since"], self["until"]]

    @property
    def days_word(self) -> str:
        return str(Period.DAYS.label)

    @property
    def shown_day(self) -> str:
        """The day from which on the list is shown, in words."""
        return in_words(day, day) if (day := self.cleaned_data.get(DAY)) else ""

    @property
    def views(self) -> str:
        """The address where this filter is saved as a view."""
        return (
            f"{reverse('saved_views')}?{urlencode({**({'list': 'gallery'} if self.of_team else {}), **self.in_force})}"
        )

    @property
    def looks(self) -> str:
        """A key that is equal for forms that render the same, under which the template caches its output."""
        return f"{self.at()} {self.data.get(DAY)} {self.named}"


def asked_for(data: Mapping[str, str]) -> dict[str, str]:
    """The filters that an address or a form names. Days stand without a period; beside another they count for
    nothing."""
    asked = {name: value for name in HistoryForm.base_fields if name != DAY and (value := data.get(name))}
    days = asked.keys() & {"since", "until"}
    ignored = {"period"} if days and data.get("period", Period.DAYS) == Period.DAYS else days
    return {name: value for name, value in asked.items() if name not in ignored}


def made_before(day: date) -> Position:
    """The position right before everything that was made before that day."""
    return _midnight(day), uuid.UUID(int=0)


def _end(day: date | None) -> Position | None:
    """The position right before everything that was made on that day or before, where anything can be newer."""
    return made_before(day + timedelta(days=1)) if day and day < timezone.localdate() else None


def _midnight(day: date) -> datetime:
    """The start of the day in the person's time zone."""
    midnight = timezone.make_aware(datetime.combine(day, time.min))
    try:
        return midnight.astimezone(UTC)
    except OverflowError:  # the first possible day, in an eastern time zone
        return datetime.min.replace(tzinfo=UTC)
