"""What needs attention, on the first page of the admin: one function for each line, in the order of the page.

Another subject adds a function here and its line to LINES, with the permission that the line needs.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.db.models import Sum
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from generations.admin import failures, shown
from generations.admin.base import counted
from generations.admin.tokens import people_without
from generations.dispatch.wake import HEARTBEAT
from generations.models import Approval, Budget, DailyUsage, Generation, Lease, Pause, TooMany
from generations.models.ledger import adding_to, day_of
from generations.models.search import within_time
from generations.models.status import WAITING

MOST_CAUSES = 5
MOST_NAMES = 10
MOST_BUDGETS = 50
LOW = 10  # per cent of the disk


class Line(NamedTuple):
    """A sentence and where it leads, if anywhere."""

    words: str
    address: str = ""
    is_trouble: bool = True


def pause() -> Iterator[Line]:
    """A restored studio, until somebody has resumed it."""
    if since := Pause.begun():
        yield Line(f"Paused since {shown.when(since)}: nothing is sent until manage.py resume")


def failed() -> Iterator[Line]:
    """The failures of a day by cause."""
    since = timezone.now() - timedelta(days=1)
    with suppress(TooMany), within_time():
        causes = failures.causes(since)
        for cause in causes[:MOST_CAUSES]:
            on = f" on {cause.token}" if cause.token else ""
            yield Line(f"{cause.number:,} x {cause.title}{on}", cause.address(since))
        number = sum(cause.number for cause in causes)
        words = f"{number:,} failures in the past 24 hours: the error clinic" if number else "No failures in 24 hours"
        yield Line(words, reverse("admin:generations_generation_clinic"), is_trouble=False)


def unrefunded() -> Iterator[Line]:
    """What was charged, failed and was not paid back."""
    if number := counted(Generation.objects.filter(adding_to("unrefunded"))):
        yield Line(f"{number} charged, failed and not refunded", _list(credits="not_refunded"))


def without_token() -> Iterator[Line]:
    names = [person.get_username() for person in people_without()[: MOST_NAMES + 1]]
    if names:
        more = " and others" if len(names) > MOST_NAMES else ""
        words = f"Without a working token: {', '.join(names[:MOST_NAMES])}{more}"
        yield Line(words, reverse("admin:accounts_token_changelist"))


def queue() -> Iterator[Line]:
    """What waits or runs, and since when the oldest of it."""
    for status in WAITING:
        rows = Generation.objects.filter(status=status).order_by("created_at")
        oldest = rows.values_list("created_at", flat=True).first()
        if oldest:
            words = f"{counted(rows)} {status}, the oldest since {shown.when(oldest)}"
            yield Line(words, _list(status__exact=status, o="1"), is_trouble=False)


def spent() -> Iterator[Line]:
    """The credits of this month so far, and the way to who spent them."""
    month = DailyUsage.objects.of_month(day_of(timezone.now()))
    charged = month.aggregate(sum=Sum("charged", default=0))["sum"]
    yield Line(f"{charged:,} credits charged this month: usage", reverse("usage"), is_trouble=False)


def approvals() -> Iterator[Line]:
    """Clicks that wait for somebody to approve them."""
    if number := counted(Approval.objects.open()):
        yield Line(f"{number} waiting for approval", reverse("approvals"))


def budgets() -> Iterator[Line]:
    """The budgets of this month that are nearly or wholly used."""
    page = reverse("admin:generations_budget_changelist")
    for budget, used in Budget.objects.all()[:MOST_BUDGETS].nearly_used(day_of(timezone.now())):
        yield Line(f"{budget.whose}: {used:,} of {budget.credits:,} credits used", page)


def workers() -> Iterator[Line]:
    beats_until = Lease.expiry(HEARTBEAT)
    if beats_until is None:
        yield Line("The workers have not started yet")
    elif beats_until <= timezone.now():
        yield Line(f"The workers are silent since {shown.when(beats_until)}")
    else:
        yield Line("The workers are alive", is_trouble=False)


def disk() -> Iterator[Line]:
    """The room where results are kept. A bucket has no end."""
    if not isinstance(default_storage, FileSystemStorage):
        return
    folder = settings.MEDIA_ROOT  # made with the first result
    with suppress(OSError):
        usage = shutil.disk_usage(next(each for each in [folder, *folder.parents] if each.exists()))
        percent = usage.free * 100 // usage.total
        yield Line(f"{filesizeformat(usage.free)} free for results ({percent} %)", is_trouble=percent < LOW)


LINES: list[tuple[str, Callable[[], Iterator[Line]]]] = [
    ("generations.view_generation", pause),
    ("generations.view_generation", failed),
    ("generations.view_generation", unrefunded),
    ("accounts.view_token", without_token),
    ("generations.view_generation", queue),
    ("generations.view_dailyusage", spent),
    ("generations.decide_approval", approvals),
    ("generations.view_budget", budgets),
    ("generations.view_generation", workers),
    ("generations.view_generation", disk),
]


def lines(viewer: User) -> list[Line]:
    """What this person may know."""
    return [line for permission, told in LINES if viewer.has_perm(permission) for line in told()]


def _list(**query: str) -> str:
    return f"{reverse('admin:generations_generation_changelist')}?{urlencode(query)}"
