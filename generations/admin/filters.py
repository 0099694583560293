"""The filters of the list of generations. None of them counts, and none reads all rows to name its choices."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from typing import Any

from django.contrib import admin
from django.core.cache import caches
from django.db import connection
from django.db.models import ExpressionWrapper, F, IntegerField, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import Token, User
from generations.dispatch import catalogue
from generations.library.choices import CHOICES_LAST
from generations.models import Generation, Project
from generations.models.ledger import SUMS, adding_to, counted_between, counted_for
from generations.models.project import NO_PROJECT

S = Generation.Status

MOST_PEOPLE = 200
LATELY = 2000
MUCH = 2000
NONE = "-"  # in the address, for an empty column
CODES = ["400", "401", "402", "403", "404", "409", "410", "413", "422"]


def models() -> list[tuple[str, str]]:
    """(id, name) of every model that Meigen offers or that was used lately."""
    known: list[tuple[str, str]] | None = caches["local"].get("models-of-all")
    if known is None:
        used = Generation.objects.newest_first().values_list("model_id", "model_name")[:LATELY]
        offered = {model.id: model.name for model in catalogue.known().models}
        known = sorted({**offered, **dict(used)}.items(), key=itemgetter(1))
        caches["local"].set("models-of-all", known, CHOICES_LAST)
    return known


def codes() -> list[str]:
    """The error codes that Meigen gave lately."""
    known: list[str] | None = caches["local"].get("codes-of-all")
    if known is None:
        ended = [Generation.objects.filter(status=status).newest_first() for status in (S.REJECTED, S.FAILED)]
        known = sorted({code for rows in ended for code in rows.values_list("error_code", flat=True)[:LATELY] if code})
        caches["local"].set("codes-of-all", known, CHOICES_LAST)
    return known


class Narrowing(admin.SimpleListFilter):
    """A filter by one column."""

    column = ""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(**{self.column or self.parameter_name or "": value}) if self.suits(value) else queryset

    def suits(self, value: str) -> bool:
        """Whether the column can be compared with it."""
        return "\0" not in value


class ByNumber(Narrowing):
    def suits(self, value: str) -> bool:
        return value.isascii() and value.isdigit() and len(value) < 10


def of_person(rows: Any, owner: int) -> Any:
    """This person's. SQLite would sort all that somebody made to find the newest of it, so it is kept from the index by
    person where that is much: it walks along the newest of all."""
    if connection.vendor != "sqlite" or Generation.objects.filter(owner=owner)[:MUCH].count() < MUCH:
        return rows.filter(owner=owner)
    return rows.alias(person=ExpressionWrapper(F("owner_id") + 0, IntegerField())).filter(person=owner)


class PersonFilter(ByNumber):
    title = "person"
    parameter_name = "owner"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        if not value or not self.suits(value):
            return queryset
        if UsageFilter.is_asked(request):
            return queryset.filter(counted_for(int(value)))
        return of_person(queryset, int(value))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        people = User.objects.order_by("username").values_list("pk", "username")[:MOST_PEOPLE]
        return [(str(pk), name) for pk, name in people]


class ModelFilter(Narrowing):
    title = "model"
    parameter_name = "model"
    column = "model_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return models()


class AnswerFilter(ByNumber):
    title = "answer code"
    parameter_name = "answer_status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status, status) for status in CODES]


class ErrorFilter(Narrowing):
    title = "error code"
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(NONE, "None"), *((code, code) for code in codes())]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(error_code="") if self.value() == NONE else super().queryset(request, queryset)


class ProjectFilter(ByNumber):
    title = "project"
    parameter_name = "project"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        projects = [(str(project.pk), str(project)) for project in Project.objects.all()[:MOST_PEOPLE]]
        return [(NO_PROJECT, "No project"), *projects] if projects else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(project=None) if self.value() == NO_PROJECT else super().queryset(request, queryset)


class IfAsked(Narrowing):
    """A filter that is there only where a link brought it: the clinic's groups."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = request.GET.get(self.parameter_name or "")
        return [(value, self.named(value))] if value else []

    def named(self, value: str) -> str:
        return value[:80]


class TokenFilter(IfAsked, ByNumber):
    title = "token"
    parameter_name = "token"

    def named(self, value: str) -> str:
        token = Token.objects.filter(pk=value).first() if self.suits(value) else None
        return str(token or value)


class ReasonFilter(IfAsked):
    title = "reason"
    parameter_name = "reason"
    column = "message__startswith"


class UsageFilter(IfAsked):
    """What a number of the usage page counts. With it, persons and days are those that usage counts by."""

    title = "usage"
    parameter_name = "counts"

    @classmethod
    def is_asked(cls, request: HttpRequest) -> bool:
        return cls.parameter_name in request.GET

    def named(self, value: str) -> str:
        return str(SUMS.get(value, value[:80]))

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset.filter(adding_to(value)) if value in SUMS else queryset


CREDITS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "not_refunded": ("charged, failed and not refunded", lambda rows: rows.filter(adding_to("unrefunded"))),
    "refunded": ("refunded", lambda rows: rows.filter(adding_to("refunded"))),
    "otherwise": ("charged differently than announced", lambda rows: rows.charged_otherwise()),
}


class CreditsFilter(admin.SimpleListFilter):
    title = "credits"
    parameter_name = "credits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in CREDITS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return CREDITS[value][1](queryset) if value in CREDITS else queryset


class DateFilter(admin.SimpleListFilter):
    """From a day, or a moment, to a day; with the usual spans as links."""

    title = "date"
    parameter_name = "since"
    parameter_names = ("since", "until")
    template = "admin/generations/date_filter.html"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.until = (params.pop("until", None) or [""])[-1]
        if self.until:
            self.used_parameters["until"] = self.until

    def expected_parameters(self) -> list[str | None]:
        return [*self.parameter_names]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = timezone.localdate()
        days = {"Today": today, "Past 7 days": today - timedelta(days=6), "This month": today.replace(day=1)}
        return [(day.isoformat(), words) for words, day in days.items()]

    def choices(self, changelist: Any) -> Iterator[Any]:
        own = {"since": self.value() or "", "until": self.until}
        others = {name: value for name, value in changelist.params.items() if name not in own}
        yield {"form": {name: value[:10] for name, value in own.items()}, "others": others}
        for value, words in [("", "Any date"), *self.lookup_choices]:
            address = changelist.get_query_string({"since": value or None}, remove=["until"])
            is_chosen = value == own["since"] and not self.until
            yield {"selected": is_chosen, "query_string": address, "display": words}

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if UsageFilter.is_asked(request):
            return queryset.filter(counted_between(_day(self.value()), _day(self.until)))
        asked = Q()
        if since := _moment(self.value() or ""):
            asked &= Q(created_at__gte=since)
        if until := _moment(self.until, days=1):
            asked &= Q(created_at__lt=until)
        return queryset.filter(asked)


def _day(text: str | None) -> date | None:
    try:
        return parse_date(text or "")
    except ValueError:
        return None


def _moment(text: str, days: int = 0) -> datetime | None:
    """The moment that the text names, or the beginning of the day so many days after the one it names."""
    try:
        if day := parse_date(text):
            return timezone.make_aware(datetime.combine(day + timedelta(days=days), time.min))
        moment = parse_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment is None or timezone.is_aware(moment) else timezone.make_aware(moment)
