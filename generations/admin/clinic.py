"""The error clinic: what failed lately, grouped by cause, and the act that mends it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from accounts.models import User
from audit.log import record
from audit.models import Action
from generations.admin import answers, failures, shown
from generations.admin.failures import Cause, Person
from generations.models import Generation, Preset, TooMany
from generations.models.search import within_time
from generations.studio.options import FIELD_OF_MEMBER
from meigen_api.types import text

PERIODS = {
    "24h": ("Past 24 hours", timedelta(hours=24)),
    "7d": ("Past 7 days", timedelta(days=7)),
    "30d": ("Past 30 days", timedelta(days=30)),
}
DEFAULT = "24h"
MOST_PRESETS = 200
MOST_PEOPLE = 5  # that are named


@dataclass(frozen=True)
class Entry:
    """A cause as the page shows it."""

    cause: Cause
    address: str
    reason: str
    people: list[tuple[str, str]]
    more_people: int
    presets: list[tuple[Preset, str]]
    answer: SafeString | str


@require_safe
def clinic(request: Any, context: dict[str, Any]) -> HttpResponse:
    """`?period=` is one of PERIODS. `context` is what every page of the admin has."""
    if not request.user.has_perm("generations.view_generation"):
        raise PermissionDenied
    period = request.GET.get("period", DEFAULT)
    period = period if period in PERIODS else DEFAULT
    since = timezone.now() - PERIODS[period][1]
    try:
        with within_time():
            found: list[Cause] | None = failures.causes(since)
            entries = _entries((found or [])[: failures.SHOWN], since, request.user)
    except TooMany:
        found, entries = None, []
    record(Action.ADMIN_LISTED, kind="generations.generation", details={"clinic": period})
    context |= {
        "title": "Error clinic",
        "opts": Generation._meta,  # noqa: SLF001 (as Django's own pages of a model have it)
        "entries": entries,
        "number": sum(cause.number for cause in found or []),
        "left_out": len(found or []) - failures.SHOWN,
        "is_too_much": found is None,
        "periods": [(name, words, name == period) for name, (words, _) in PERIODS.items()],
        "may_decide": request.user.has_perm("generations.change_generation"),
    }
    return TemplateResponse(request, "admin/generations/clinic.html", context)


def _entries(causes: list[Cause], since: datetime, viewer: User) -> list[Entry]:
    presets = _presets(causes, viewer)
    return [_entry(cause, since, presets) for cause in failures.detailed(causes, since)]


def _entry(cause: Cause, since: datetime, presets: list[tuple[Preset, str]]) -> Entry:
    address = cause.address(since)
    named = [(person.name, _mail(person, cause)) for person in sorted(cause.people.values())[:MOST_PEOPLE]]
    newest = cause.newest
    return Entry(
        cause=cause,
        address=address,
        reason=shown.message(newest.message[:600]) if newest else shown.visible(cause.reason),
        people=named,
        more_people=len(cause.people) - len(named),
        presets=[each for each in presets if _makes(each[0], cause)],
        answer=shown.body(getattr(newest, "answer_head", "")) if newest else "-",
    )


def _mail(owner: Person, cause: Cause) -> str:
    """A mail to the owner with the facts in it, or "" for somebody without an address."""
    if not owner.email:
        return ""
    facts = [f"{cause.number} x {cause.title}", shown.visible(cause.field_and_values), ", ".join(sorted(cause.models))]
    if cause.missing:
        facts.append(f"{cause.missing:g} credits missing in all")
    words = {"subject": f"{settings.STUDIO_NAME}: {cause.title}", "body": "\n".join(filter(None, facts))}
    return f"mailto:{quote(owner.email)}?{urlencode(words, quote_via=quote)}"


def _presets(causes: list[Cause], viewer: User) -> list[tuple[Preset, str]]:
    """The presets that these people have at hand, each with its address for those who may open it."""
    owners = {pk for cause in causes if cause.answer_status == 400 for pk in cause.people}
    if not owners:
        return []
    rows = Preset.objects.filter(Q(owner__in=owners) | Q(is_team=True)).select_related("owner")[:MOST_PRESETS]
    studio = reverse("studio")
    return [(row, f"{studio}?preset={row.pk}" if row.is_team or row.owner_id == viewer.pk else "") for row in rows]


def _makes(preset: Preset, cause: Cause) -> bool:
    """Whether the preset holds the very value of the field that a 400 is about, for this model."""
    if cause.answer_status != 400 or cause.newest is None or preset.values.get("model_id") != cause.model_id:
        return False
    fields = answers.fields_in(getattr(cause.newest, "answer_head", ""))
    name = FIELD_OF_MEMBER.get(text(fields.get("field")), "")
    kept = text(preset.values.get(name))
    return bool(kept) and kept == text(fields.get("received"))
