"""The day in one page, for whoever answers for the bill: spent, failed, not refunded, budgets, prices.

By mail it goes out once a day if DIGEST_MAIL is set.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import letters
from accounts.http import Request
from accounts.models import User
from accounts.rights import PERMISSIONS
from generations.models import Approval, Budget, Lease
from generations.models.ledger import beginning_of, day_of
from generations.usage import changes, sums
from generations.usage.changes import Change
from generations.usage.sums import Extent, Line
from generations.usage.views import SEES_ALL

LEASE = "digest"
HOUR = 7  # in the studio's time zone
MOST_PEOPLE = 10
BEGINNING = date(2020, 1, 1)  # before the studio


@dataclass(frozen=True)
class Digest:
    """What happened on a day, and how the budgets stand on it."""

    day: date
    total: dict[str, int]
    people: list[Line]
    budgets: list[tuple[Budget, int]]
    changes: list[Change]
    waiting: int


def of(day: date) -> Digest:
    extent = Extent(day, day)
    is_recent = day >= day_of(timezone.now()) - timedelta(days=1)  # what waits and what is left changes with time
    return Digest(
        day=day,
        total=sums.total(extent),
        people=sums.lines(extent, "person")[:MOST_PEOPLE],
        budgets=Budget.objects.nearly_used(day) if is_recent else [],
        changes=changes.between(beginning_of(day), beginning_of(day + timedelta(days=1))),
        waiting=Approval.objects.open().count() if is_recent else 0,
    )


@require_safe
@permission_required(SEES_ALL, raise_exception=True)
def digest(request: Request) -> HttpResponse:
    """`?day=2026-11-29`, or else today so far."""
    today = day_of(timezone.now())
    try:
        day = max(min(date.fromisoformat(request.GET.get("day", "")), today), BEGINNING)
    except ValueError:
        day = today
    context = {"digest": of(day), "before": day - timedelta(days=1), "after": day + timedelta(days=1), "today": today}
    return render(request, "generations/digest.html", context)


def is_due(now: datetime) -> bool:
    """Whether yesterday's digest is to be sent now; True for exactly one process of a day."""
    if not settings.DIGEST_MAIL:
        return False
    local = timezone.localtime(now, timezone.get_default_timezone())
    next_time = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    next_time += timedelta(days=1) if next_time <= local else timedelta()
    _row, is_first = Lease.objects.get_or_create(name=LEASE, defaults={"expires_at": next_time})
    return not is_first and bool(Lease.objects.filter(name=LEASE, expires_at__lte=now).update(expires_at=next_time))


def send() -> int:
    """Mails yesterday's digest to everybody who may see all usage; says to how many."""
    told = of(day_of(timezone.now()) - timedelta(days=1))
    with translation.override(settings.LANGUAGE_CODE):
        text = render_to_string("generations/email/digest.txt", {"digest": told})
        subject = _("%(studio)s on %(day)s: %(credits)s credits") % {
            "studio": settings.STUDIO_NAME,
            "day": told.day,
            "credits": told.total["charged"],
        }
    people = User.objects.with_perm(SEES_ALL, backend=PERMISSIONS).exclude(email="")
    return letters.post(EmailMessage(subject, text, to=[person.email]) for person in people)
