"""The figures of /metrics that come from the rows: about ten cheap queries."""

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from accounts.models import Token
from generations.dispatch import clock, pending, troubles
from generations.models import Attempt, DailyUsage, Generation, Pause, RateGate, Result
from generations.models.ledger import day_of
from generations.monitoring import signs

S = Generation.Status

UNFINISHED = [S.HELD, S.QUEUED, S.SENDING, S.RUNNING, S.STALLED]
RECENT = timedelta(minutes=5)
SHARED_TROUBLES = [troubles.MEIGEN, troubles.FILES]
CREDITS = ["announced", "reserved", "charged", "refunded", "unrefunded"]
WORK = ["generations", "done", "failed"]


class Figure(NamedTuple):
    """Its values by the value of its one label; of a figure without a label the key is empty."""

    name: str
    words: str
    values: dict[str, float]
    label: str = ""


def read() -> Iterator[Figure]:
    """All of them. Where migrations are pending it ends with that: the tables may be others."""
    missing = len(pending.migrations())
    yield Figure("migrations_pending", "Migrations that the database has not had.", {"": missing})
    if missing:
        return
    yield Figure("paused", "1 from a restore until manage.py resume.", {"": Pause.is_on()})
    yield from _unfinished()
    yield from _lag()
    yield from _attempts()
    yield from _today()
    yield from _files()
    yield from _signs()
    ahead = clock.ahead()
    yield Figure("clock_ahead_seconds", "This host's clock before the database's.", {"": ahead})
    refused = Token.objects.filter(refused_at__isnull=False).count()
    yield Figure("tokens_refused", "Tokens that wait to be replaced after a 401.", {"": refused})


def _unfinished() -> Iterator[Figure]:
    now, zero = timezone.now(), dict.fromkeys(map(str, UNFINISHED), 0.0)
    rows = Generation.objects.filter(status__in=UNFINISHED).order_by().values_list("status")
    number, oldest = dict(zero), dict(zero)
    for status, count, since in rows.annotate(Count("pk"), Min("created_at")):
        number[status], oldest[status] = count, (now - since).total_seconds()
    yield Figure("generations", "Generations that have not ended.", number, "status")
    yield Figure("oldest_seconds", "Age of the oldest of them.", oldest, "status")


def _lag() -> Iterator[Figure]:
    """Counts from the click, or from the end of the last pause."""
    now = timezone.now()
    due = Generation.objects.claimable(now).with_good_token().unparked()
    since = due.aggregate(since=Min(Greatest("queued_at", Coalesce("not_before", "queued_at"))))["since"]
    lag = max(0.0, (now - since).total_seconds()) if since else 0.0
    yield Figure("dispatch_lag_seconds", "How long the first in line could have been sent.", {"": lag})


def _attempts() -> Iterator[Figure]:
    known = RateGate.objects.values("token_fingerprint")  # one for each token, so that the index serves
    recent = Attempt.objects.filter(token_fingerprint__in=known, sent_at__gt=timezone.now() - RECENT)
    found: dict[str, float] = dict.fromkeys(Attempt.Outcome.values, 0)
    found |= dict(recent.order_by().values_list("outcome").annotate(Count("pk")))
    yield Figure("attempts_recent", "Posts of the past five minutes.", found, "outcome")


def _today() -> Iterator[Figure]:
    sums = DailyUsage.objects.filter(day=day_of(timezone.now())).aggregate(
        **{f"sum_{name}": Sum(name, default=0) for name in [*CREDITS, *WORK]}
    )
    credits = {name: sums[f"sum_{name}"] for name in CREDITS}
    yield Figure("credits_today", "Credits of today's clicks, in the studio's time zone.", credits, "kind")
    work = {name: sums[f"sum_{name}"] for name in WORK}
    yield Figure("generations_today", "Today's clicks: all, those that are done and those that failed.", work, "kind")


def _files() -> Iterator[Figure]:
    now = timezone.now()
    later, due = Q(not_before__gt=now), Q(not_before=None) | Q(not_before__lte=now)
    rows = Result.objects.filter(kept_at=None, gone_at=None, erased_at=None)
    found = rows.aggregate(due=Count("pk", filter=due), later=Count("pk", filter=later))
    yield Figure("fetch_backlog", "Results that are not fetched yet: now, or after a failure later.", found, "when")


def _signs() -> Iterator[Figure]:
    now, found = timezone.now(), signs.read()
    age = {host.name: (now - host.beat_at).total_seconds() for host in found.hosts}
    yield Figure("worker_heartbeat_age_seconds", "Since the host's workers said that they live.", age, "host")
    ahead = {host.name: host.ahead for host in found.hosts}
    yield Figure("worker_clock_ahead_seconds", "The host's clock before the database's.", ahead, "host")
    swept = {shard: (now - at).total_seconds() for shard, at in found.swept_at.items()}
    yield Figure("sweep_age_seconds", "Since somebody swept.", swept, "shard")
    lasting = dict.fromkeys(SHARED_TROUBLES, 0.0)
    for trouble in found.troubles:
        name = f"{trouble.kind}@{trouble.host}" if trouble.host else trouble.kind
        lasting[name] = max((now - trouble.since).total_seconds(), 0.001)
    yield Figure("trouble_seconds", "How long a trouble has lasted; 0 where there is none.", lasting, "trouble")
