"""Failures grouped by cause. The database groups them; what is read besides is bounded."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Case, Count, F, Max, Min, Q, Sum, Value, When
from django.db.models.functions import Coalesce, Left
from django.urls import reverse

from generations.admin import answers, filters, shown
from generations.library import rejections
from generations.models import Generation
from generations.models.status import FINAL_ANSWERS, TROUBLE

S = Generation.Status

MOST_GROUPS = 500  # rows of the grouping query
SHOWN = 40  # causes on a page
MOST_READ = 2000  # 402s whose missing credits are added up
REASON = 200  # signs of a message that make a cause
OF_ACCOUNT = [401, 402]  # answers about somebody's account rather than about the request

# What the account lacks is one cause whatever Meigen's words, and what has a code is told apart by it. Only a 400 says
# in its words alone which field and which value it is about.
_REASON = Case(
    When(answer_status__in=OF_ACCOUNT, then=Value("")),
    When(Q(answer_status=400) | Q(error_code=""), then=Left("message", REASON)),
    default=Value(""),
)
_KEY = ["status", "answer_status", "error_code", "reason"]
_ABOUT = ["token", "token__label", "owner", "owner__username", "owner__email", "model_id", "model_name"]


class Person(NamedTuple):
    name: str
    email: str


@dataclass
class Cause:
    """What went wrong in the same way, how often, since when and for whom."""

    status: str
    answer_status: int | None
    error_code: str
    reason: str
    token_id: int | None = None
    model_id: str = ""
    number: int = 0
    credits: int = 0  # that sending all of it again would cost, as announced
    first: datetime | None = None
    last: datetime | None = None
    people: dict[int, Person] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)
    missing: float = 0
    has_more_missing: bool = False
    newest: Generation | None = None
    token: str = ""

    def add(self, row: dict[str, Any]) -> None:
        self.number += row["number"]
        self.credits += row["credits"] or 0
        self.first = min(filter(None, [self.first, row["first"]]))
        self.last = max(filter(None, [self.last, row["last"]]))
        self.people[row["owner"]] = Person(row["owner__username"], row["owner__email"])
        if self.token_id:
            self.token = f"{row['owner__username']}'s token {row['token__label']}"
        self.models.add(shown.visible(row["model_name"]))

    @property
    def title(self) -> str:
        """Such as "402 insufficient_credits" or "Failed content_blocked"."""
        return f"{self.answer_status or S(self.status).label} {shown.visible(self.error_code)}".strip()

    @property
    def field_and_values(self) -> str:
        if self.newest is None or self.answer_status != 400:
            return ""
        return answers.allowed_values(answers.fields_in(getattr(self.newest, "answer_head", "")))

    @property
    def can_be_sent_again(self) -> bool:
        return self.status == S.REJECTED and self.answer_status not in FINAL_ANSWERS

    @property
    def can_be_checked_again(self) -> bool:
        return self.status == S.STALLED

    def address(self, since: datetime) -> str:
        """The list of it."""
        asked = {
            "status__exact": self.status,
            "answer_status": self.answer_status,
            "error_code": self.error_code or filters.NONE,
            "reason": self.reason,
            "token": self.token_id,
            "model": self.model_id,
            "since": since.isoformat(),
        }
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{reverse('admin:generations_generation_changelist')}?{query}"


def causes(since: datetime) -> list[Cause]:
    """What failed among the generations made since then, the most frequent cause first, without details."""
    found: dict[tuple[Any, ...], Cause] = {}
    for row in _grouped(since):
        key = _key(row)
        cause = found.setdefault(key, Cause(*key))
        cause.add(row)
    return sorted(found.values(), key=lambda cause: -cause.number)


def detailed(causes: list[Cause], since: datetime) -> list[Cause]:
    """The causes with missing credits and the newest answer of each."""
    newest = _newest(causes)
    for cause in causes:
        cause.newest = newest.get((*_key_of(cause), cause.last))
    _add_missing(causes, since)
    return causes


def _grouped(since: datetime) -> Any:
    rows = Generation.objects.filter(status__in=TROUBLE, created_at__gte=since).annotate(reason=_REASON).order_by()
    groups = rows.values(*_KEY, *_ABOUT).annotate(
        number=Count("pk"),
        credits=Sum(Coalesce("credits_estimated_most", "credits_estimated")),
        first=Min("created_at"),
        last=Max("created_at"),
    )
    return groups.order_by("-number")[:MOST_GROUPS]


def _key(row: Any) -> tuple[Any, ...]:
    """What makes a cause: an account's lack is the token's, a wrong field the model's, the rest anybody's."""
    token = row["token"] if row["answer_status"] in OF_ACCOUNT else None
    model = row["model_id"] if row["answer_status"] == 400 else ""
    return (*(row[name] for name in _KEY), token, model)


def _key_of(cause: Cause) -> tuple[Any, ...]:
    return (cause.status, cause.answer_status, cause.error_code, cause.reason, cause.token_id, cause.model_id)


def _newest(causes: list[Cause]) -> dict[tuple[Any, ...], Generation]:
    """The newest row of each cause with the beginning of its answer, by cause and moment."""
    moments = [cause.last for cause in causes if cause.last]
    rows = Generation.objects.filter(status__in=TROUBLE, created_at__in=moments).annotate(reason=_REASON)
    found = answers.with_beginnings(rows).order_by("pk")[: 10 * SHOWN]
    return {(*_key(_as_row(row)), row.created_at): row for row in found}


def _as_row(row: Any) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in [*_KEY, "model_id"]}, "token": row.token_id}


def _add_missing(causes: list[Cause], since: datetime) -> None:
    """Adds up the credits that the newest 402s missed, by token."""
    lacking = Generation.objects.filter(status=S.REJECTED, answer_status=402, created_at__gte=since)
    heads = lacking.newest_first().values_list("token", "error_code", Left(F("answer_body"), answers.READ))
    read = list(heads[:MOST_READ])
    sums: Counter[tuple[int | None, str]] = Counter()
    for token, code, head in read:
        if short := rejections.shortage(answers.fields_in(head)):
            sums[token, code] += short.missing  # type: ignore[assignment]  # whole credits, as a rule
    for cause in causes:
        if cause.answer_status == 402:
            cause.missing = sums[cause.token_id, cause.error_code]
            cause.has_more_missing = len(read) == MOST_READ
