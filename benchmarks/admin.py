"""What the admin's pages cost with a million generations beside a thousand, in one run.

The aim is at most 8 queries, not counting the line in the audit log, and at most twice the time. A list that would have
to look through too much says so after 2 s; the table names those. The clinic looks at a period, whose failures are as
many as they are whatever the table holds.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from benchmarks import seed
from benchmarks.lists import Cost, cost
from generations.models import Generation
from generations.sharing import links
from tests.helpers import make_token

LIST = "/admin/generations/generation/"
RUNS = 7
MOST_QUERIES, MOST_RATIO, MOST_MS = 8, 2.0, 100.0


def queries(user: User) -> dict[str, dict[str, str]]:
    """The lists by name, each as its filters."""
    middle = timezone.now() - seed.EVERY * (seed.MOST // 2)
    row = Generation.objects.order_by("-created_at")[:1].get()
    month = {"since": f"{middle:%Y-%m}-01", "until": f"{middle:%Y-%m}-28"}
    return {
        "all": {},
        "oldest first": {"o": "1"},
        "page 10": {"p": "10"},
        **{status: {"status__exact": status} for status in ["done", "failed", "rejected", "queued"]},
        "402": {"answer_status": "402"},
        "402, one person": {"answer_status": "402", "owner": str(user.pk)},
        "error code": {"error_code": "content_blocked"},
        "not refunded": {"credits": "not_refunded"},
        "charged otherwise": {"credits": "otherwise"},
        "counted as charged": {"counts": "charged", **month},
        "counted as not refunded": {"counts": "unrefunded", **month},
        "counted as charged, one person": {"counts": "charged", "owner": str(user.pk), **month},
        "one person": {"owner": str(user.pk)},
        "another person": {"owner": str(seed.people()[1].pk)},
        "a frequent model": {"model": seed.MODELS[0][0]},
        "a rare model": {"model": seed.MODELS[19][0]},
        "since": {"since": f"{timezone.now() - timedelta(days=7):%Y-%m-%d}"},
        "until": {"until": f"{middle:%Y-%m-%d}"},
        "search: words": {"q": "fox ramen"},
        "search: a person": {"q": user.username},
        "search: a key's beginning": {"q": str(row.idempotency_key)[:9]},
        "search: Meigen's id": {"q": "3f2c-no-such-id"},
    }


def pages(client: Client, user: User) -> dict[str, Callable[[], Any]]:
    """What to ask for, by name."""

    def getter(url: str, query: dict[str, str] | None = None) -> Callable[[], Any]:
        return lambda: client.get(url, query)

    row = Generation.objects.filter(status="failed").order_by("-created_at")[:1].get()
    found = {f"list: {name}": getter(LIST, query) for name, query in queries(user).items()}
    found["a page"] = getter(f"{LIST}{row.pk}/change/")
    found |= {f"clinic: {period}": getter(f"{LIST}clinic/", {"period": period}) for period in ["24h", "7d", "30d"]}
    year = {"since": f"{timezone.now() - timedelta(days=365):%Y-%m-%d}"}
    found |= {f"usage: by {by}": getter("/usage/", {"by": by}) for by in ["person", "model", "day"]}
    found["usage: a year by month"] = getter("/usage/", {**year, "by": "month"})
    found["first page"] = getter("/admin/")
    found["tokens"] = getter("/admin/accounts/token/")
    found["links"] = getter("/admin/generations/share/")
    return found


def main(*, small: bool) -> None:
    few, many, runs = (100, 300, 1) if small else (1000, seed.MOST, RUNS)
    seed.seed(few)
    user = seed.people()[0]
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    make_token(user)
    links.share(user, list(Generation.objects.finished_by(user)[:5]))
    client = Client()
    client.force_login(user)
    print(f"Admin ({connection.vendor}), ms of the whole page, median of {runs}")
    begun: dict[str, Cost] = {}
    for number in (few, many):
        seed.seed(number, lambda words: print(f"  seeding: {words}"))
        caches["local"].clear()
        asked = pages(client, user)
        ended = [name for name, ask in asked.items() if ask().status_code != 200]
        costs = {name: cost(ask, runs) for name, ask in asked.items()}
        begun = begun or costs
    print(f"  {'':30} {few:>10,} {many:>10,} {'ratio':>6} queries")
    for name, now in costs.items():
        ratio = now.view / begun[name].view
        is_slow = ratio > MOST_RATIO and now.view > MOST_MS
        is_asking = now.queries > MOST_QUERIES and name.startswith(("list", "clinic", "usage"))
        words = "  too much to look through" if name in ended else "  MISS" if is_slow or is_asking else ""
        print(f"  {name:30} {begun[name].view:10.2f} {now.view:10.2f} {ratio:6.2f} {now.queries:7}{words}")
