"""Filters of the history. Every choice is part of the address, so that a filtered page can be bookmarked or shared."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.cache import caches
from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.fields import Form, TextField
from accounts.models import User
from generations.models import Collection, Generation, GenerationQuerySet, Part, Position, Project, Star, search
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
CHOICES_LAST = 60  # seconds


class HistoryForm(Form):
    """Filters of a person's history or of the team gallery. An empty filter matches everything.

    An invalid value is shown with its error and otherwise ignored.
    """

    q = TextField(
        label=_("Search prompts"),
        required=False,
        most=200,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Words in the prompt"), "data-key": "/"}),
    )
    author = forms.ChoiceField(label=_("Made by"), required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), *((name, word) for name, (word, _states) in STATES.items()), (DELETED, _("Deleted"))],
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All")), ("image", _("Pictures")), ("video", _("Videos"))]
    )
    model = forms.ChoiceField(label=_("Model"), required=False)
    project = forms.ChoiceField(label=_("Project"), required=False)
    # All of these are loaded together with the page, so they cost nothing extra and are never out of date.
    collection = forms.ChoiceField(
        label=_("Collection"),
        required=False,
        widget=forms.Select(
            attrs={
                "hx-get": reverse_lazy("collection_options"),
                "hx-trigger": "load",
                "hx-target": "this",
                "hx-swap": "innerHTML",
                "hx-push-url": "false",
                "hx-sync": "this",
            }
        ),
    )
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    starred = forms.BooleanField(label=_("Starred"), required=False)
    # Only where a number of the usage page leads here. Days are then those that usage counts by.
    counts = forms.ChoiceField(label=_("Usage"), required=False, choices=[("", _("All")), *SUMS.items()])

    def __init__(self, user: User, data: Mapping[str, str], *, of_team: bool = False) -> None:
        super().__init__(data, label_suffix="", auto_id="find-%s")
        self.user = user
        self.of_team = of_team
        # The team sees only finished results, and one's own history needs no author.
        for name in ["state", "project", "counts"] if of_team else ["author"]:
            del self.fields[name]
        if not data.get("counts"):
            self.fields.pop("counts", None)
        self.named = {
            "model": _models(user, of_team=of_team),
            "author": authors() if of_team else [],
            "project": [] if of_team else _projects(data.get("project", "")),
            "collection": _collection(user, data.get("collection", "")),
        }
        for name, choices in self.named.items():
            self._choose(name, choices)
        if not self.named["project"]:
            self.fields.pop("project", None)
        self.full_clean()

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        if name not in self.fields:
            return
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All")), *choices]

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
            rows = _made_by(rows, int(values["author"]))
        if counts := values.get("counts"):
            days = counted_between(values.get("since"), values.get("until"))
            rows = rows.filter(counted_for(self.user.pk), adding_to(counts), days)
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
        until = self.cleaned_data.get("until")
        if not until or until == date.max or self.cleaned_data.get("counts"):
            return before
        end = (_midnight(until + timedelta(days=1)), uuid.UUID(int=0))
        return min(before, end) if before else end

    @property
    def _collection(self) -> uuid.UUID | None:
        collection = self.cleaned_data.get("collection")
        return uuid.UUID(collection) if collection else None

    @property
    def _since(self) -> datetime | None:
        since = self.cleaned_data.get("since")
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
        return bool(self.errors) or any(self.cleaned_data.values())

    @property
    def chosen_count(self) -> int:
        """How many filters beside the search are set."""
        return sum(bool(value) for name, value in self.cleaned_data.items() if name != "q")

    @property
    def query(self) -> str:
        """The filters as a query string, without the position in the list."""
        return urlencode({name: self.data[name] for name in self.fields if self.data.get(name)})

    @property
    def looks(self) -> str:
        """A key that is equal for forms that render the same, under which the template caches its output."""
        return f"{self.address} {self.query} {self.named}"


def _midnight(day: date) -> datetime:
    """The start of the day in the person's time zone."""
    midnight = timezone.make_aware(datetime.combine(day, time.min))
    try:
        return midnight.astimezone(UTC)
    except OverflowError:  # the first possible day, in an eastern time zone
        return datetime.min.replace(tzinfo=UTC)


def _models(user: User, *, of_team: bool) -> list[tuple[str, str]]:
    """(id, name) of every model in the list, sorted by name."""
    cache, key = caches["local"], "models-of-team" if of_team else f"models-of-{user.pk}"
    known: list[tuple[str, str]] | None = cache.get(key)
    if known is None:
        rows = Generation.objects.shown_to_team() if of_team else Generation.objects.owned_by(user).kept()
        known = sorted(_each_model(rows), key=itemgetter(1))
        cache.set(key, known, CHOICES_LAST)
    return known


def _each_model(rows: GenerationQuerySet) -> Iterator[tuple[str, str]]:
    """The distinct models, one index lookup each. DISTINCT would read a million rows to find twenty."""
    pairs = rows.order_by("model_id", "-created_at", "-id").values_list("model_id", "model_name")
    pair = pairs.first()
    while pair:
        yield pair
        pair = pairs.filter(model_id__gt=pair[0]).first()


def _made_by(shown: GenerationQuerySet, owner: Any) -> GenerationQuerySet:
    """What one person shows to the team. It is all done; the condition is repeated because SQLite chooses an index by
    the number of matching columns."""
    return shown.filter(owner=owner, status=S.DONE)


def authors() -> list[tuple[str, str]]:
    """(id, name) of everyone who shows something to the team."""
    known: list[tuple[str, str]] | None = caches["local"].get("authors")
    if known is None:
        shown = Exists(_made_by(Generation.objects.shown_to_team(), OuterRef("pk")))
        people = User.objects.filter(shown).order_by("username").values_list("pk", "username")
        known = [(str(pk), name) for pk, name in people]
        caches["local"].set("authors", known, CHOICES_LAST)
    return known


def _projects(wanted: str) -> list[tuple[str, str]]:
    """(id, name) of every project, closed ones too, and `wanted` for sure."""
    known: list[tuple[str, str]] | None = caches["local"].get("projects")
    if known is None or (wanted and wanted not in dict(known)):
        known = [(str(project.pk), str(project)) for project in Project.objects.all()]
        caches["local"].set("projects", known, CHOICES_LAST)
    return [(NO_PROJECT, gettext("No project")), *known] if known else []


def _collection(user: User, wanted: str) -> list[tuple[str, str]]:
    """(id, name) of the collection in the address, if the person may open it."""
    try:
        rows = list(Collection.objects.visible_to(user).filter(pk=uuid.UUID(wanted))) if wanted else []
    except ValueError:
        return []
    return [(str(row.pk), row.name) for row in rows]
