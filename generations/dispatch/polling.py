"""Running generations as the sweep polls them: read from the rows and written back many at a time."""

import contextlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts import vault
from generations.dispatch import line, outcomes, wake
from generations.models import Generation
from meigen_api import errors
from meigen_api.errors import MeigenError
from meigen_api.secret import Secret
from meigen_api.types import Status

logger = logging.getLogger(__name__)

# Meigen may be away for long; what it has finished meanwhile is still ours to fetch.
LONGEST_SILENCE = timedelta(hours=24)
LOOK_AT_ONCE = 500
LONGEST_PAUSE = 60.0  # between two polls, in seconds
LIMIT_DIFFERS = timedelta(seconds=30)


@dataclass(eq=False)
class Job:
    """A running generation as the loop knows it.

    `misses` counts 404s in a row, `failures` all that went wrong; `told_at` is when Meigen last said how it is, and
    `watch_until` how long watching is worth it by its last word.
    """

    generation: Generation
    secret: Secret | None
    failures: int = 0
    misses: int = 0
    told_at: datetime | None = None
    watch_until: datetime | None = None

    def __post_init__(self) -> None:
        self.watch_until = self.generation.watch_until

    @property
    def interval(self) -> float:
        """Seconds between two polls."""
        return float(settings.MEIGEN_POLL_SECONDS)

    def pause_after(self, error: MeigenError) -> float:
        """Seconds until the next poll after one that failed: longer each time, and no less than Meigen asks for."""
        return min(LONGEST_PAUSE, max(error.retry_after or 0, self.interval * 2.0 ** min(self.failures, 5)))

    @property
    def has_other_limit(self) -> bool:
        """Whether the row's limit is so far from Meigen's word that it should be written."""
        known = self.generation.watch_until
        return self.watch_until is not None and (known is None or abs(self.watch_until - known) > LIMIT_DIFFERS)


@dataclass(frozen=True)
class Outcome:
    """What one poll brought, when it means something for the row."""

    job: Job
    status: Status | None = None
    error: MeigenError | None = None


def is_late(job: Job, now: datetime) -> bool:
    """Whether it is past its limit, and Meigen has said since that it still runs."""
    until = job.watch_until
    if until is None or until > now:
        return False
    return (job.told_at is not None and job.told_at >= until) or until + LONGEST_SILENCE <= now


def read(shard: int, known: set[UUID], room: int) -> tuple[list[Job], list[UUID], bool]:
    """(running generations not yet known, at most `room` ids to send now, whether there is a reason to stay)."""
    live = wake.live()
    unknown = [pk for pk in wake.share(live, shard) if pk not in known][:LOOK_AT_ONCE]
    rows = Generation.objects.filter(pk__in=unknown).select_related("token").defer("body", "prompt", "answer_body")
    secrets: dict[int, Secret | None] = {}
    fresh = [Job(row, secret_of(row, secrets)) for row in rows] if unknown else []
    waits = any(status != Generation.Status.RUNNING for _, status in live)
    turns = line.turns(timezone.now(), room) if room and waits else []
    # Whether there is nothing at all to wait for is asked only when there is nothing to watch.
    return fresh, turns, bool(turns or fresh or known) or wake.waiting()


def secret_of(generation: Generation, opened: dict[int, Secret | None]) -> Secret | None:
    """The token to poll with, from those `opened` already; without a good one the status can still be read."""
    token = generation.token
    if token is None or token.refused_at or generation.token_revision != token.revision:
        return None  # another account's token would only be told that there is no such job
    if token.pk not in opened:
        opened[token.pk] = None
        with contextlib.suppress(vault.Unreadable):
            opened[token.pk] = token.secret()
    return opened[token.pk]


def write_limits(jobs: list[Job]) -> None:
    """Writes how long these are watched, for a process that takes over."""
    for job in jobs:
        running = Generation.objects.filter(pk=job.generation.pk, status=Generation.Status.RUNNING)
        running.update(watch_until=job.watch_until)
        job.generation.watch_until = job.watch_until


def write(told: list[Outcome], late: list[Job], now: datetime) -> set[UUID]:
    """Writes what the polls brought; the ids that need no more polling."""
    try:
        with outcomes.journal() as kept:
            ended = {outcome.job.generation.pk for outcome in told if _settle(outcome, now, kept)}
    except Exception:
        # One of them cannot be written. Each alone, so that the others are.
        logger.exception("The answers for %s generations could not be written together", len(told))
        ended = _write_singly(told, now)
    for job in late:
        outcomes.stop_watching(job.generation, now)
        ended.add(job.generation.pk)
    return ended


def _write_singly(told: list[Outcome], now: datetime) -> set[UUID]:
    ended: set[UUID] = set()
    for outcome in told:
        pk = outcome.job.generation.pk
        try:
            with outcomes.journal() as kept:
                if _settle(outcome, now, kept):
                    ended.add(pk)
        except Exception:
            logger.exception("The answer for generation %s could not be written", pk)
    return ended


def _settle(outcome: Outcome, now: datetime, kept: outcomes.Journal) -> bool:
    """Writes one outcome; says whether the job needs no more polling."""
    job = outcome.job
    if outcome.status is not None:
        outcomes.settle(job.generation, outcome.status, now, kept)
        return True
    assert outcome.error is not None
    if outcomes.refused(job.generation, outcome.error, job.misses, signed=job.secret is not None):
        return True
    if isinstance(outcome.error, errors.BadToken):
        job.secret = None  # its token is refused now; the status can be read without one
    return False
