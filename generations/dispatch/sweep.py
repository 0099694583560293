"""One loop that sends and polls everything, in slices of about 20 seconds.

A slice holds the sweep lease, so one process at a time polls; it hands over to the next slice through the queue. The
loop itself never touches the database: one thread does, and closes its connection at the end.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts import vault
from generations.models import Generation, Lease
from meigen_api import calls
from meigen_api.client import Pool
from meigen_api.errors import MeigenError, NotFound
from meigen_api.secret import Secret
from meigen_api.types import Status

from . import poll, submit, wake

T = TypeVar("T")

logger = logging.getLogger(__name__)

LEASE = "sweep"
LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0
SLICE_SECONDS = 20.0
LOOK_SECONDS = 1.0
FLUSH_SECONDS = 0.25
LONGEST_POLL_PAUSE = 60.0
SENDS_AT_ONCE = 16
LOOK_AT_ONCE = 500


@dataclass
class Job:
    """A running generation as the loop knows it; `due` is on the monotonic clock."""

    generation: Generation
    secret: Secret | None
    due: float
    failures: int = 0
    misses: int = 0
    busy: bool = False


@dataclass(frozen=True)
class Outcome:
    """What one poll brought."""

    job: Job
    status: Status | None = None
    error: MeigenError | None = None


def run_slice(seconds: float = SLICE_SECONDS) -> None:
    """Sweeps for about `seconds` or until nothing is left, and wakes the next slice; nothing if another runs."""
    if not Lease.take(LEASE, LEASE_SECONDS):
        return
    try:
        asyncio.run(_Sweep(seconds).run())
    finally:
        with transaction.atomic():
            Lease.give_back(LEASE)
            woken = wake.work_left()
            if woken:
                wake.sweep()
    # Work that was committed after that look, whose own wake-up found the lease still taken.
    if not woken and wake.work_left():
        wake.sweep()


class _Sweep:
    def __init__(self, seconds: float) -> None:
        self.ends = time.monotonic() + seconds
        self.interval: float = settings.MEIGEN_POLL_SECONDS
        self.jobs: dict[UUID, Job] = {}
        self.outcomes: list[Outcome] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.sends: set[asyncio.Task[None]] = set()
        self.database = ThreadPoolExecutor(1, thread_name_prefix="database")

    async def run(self) -> None:
        try:
            async with Pool(settings.MEIGEN_BASE_URL, seconds=submit.POST_SECONDS) as pool:
                self.pool = pool
                self.places = asyncio.Semaphore(pool.size)
                await self._loop()
                for task in self.tasks - self.sends:
                    task.cancel()  # a poll costs nothing; the next slice asks again
                await asyncio.gather(*self.tasks, return_exceptions=True)
                await self._flush()
        finally:
            await self._db(_close)
            self.database.shutdown()

    async def _loop(self) -> None:
        look = renew = flush = 0.0
        # Past the end nothing new is sent, but the others are watched until the last answer is in.
        while (now := time.monotonic()) < self.ends or self.sends:
            if now >= renew:
                if not await self._db(partial(Lease.take, LEASE, LEASE_SECONDS)):
                    return
                renew = now + RENEW_SECONDS
            if now >= look:
                if not await self._look():
                    return
                look = now + LOOK_SECONDS
            if now >= flush:
                await self._flush()
                flush = now + FLUSH_SECONDS
            for job in self.jobs.values():
                if not job.busy and job.due <= now:
                    job.busy = True
                    self._start(self._poll(job))
            await asyncio.sleep(0.05)

    async def _look(self) -> bool:
        """Brings in what is new in the rows and starts what may be sent; False when there is nothing to do at all."""
        fresh, due, waiting = await self._db(partial(_read, set(self.jobs)))
        now = time.monotonic()
        for generation, secret in fresh:
            # Spread over one interval, so that polls do not come in bursts.
            self.jobs[generation.pk] = Job(generation, secret, now + random.uniform(0, self.interval))
        for pk in due[: SENDS_AT_ONCE - len(self.sends)] if now < self.ends else []:
            self.sends.add(self._start(self._send(pk)))
        return bool(self.jobs or self.tasks or self.outcomes or waiting)

    def _start(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(self.sends.discard)
        return task

    async def _send(self, pk: UUID) -> None:
        claim = await self._db(partial(submit.claim, pk))
        if claim is None:
            return
        answer: Status | MeigenError
        try:
            async with self.places:
                answer = await self.pool.send(calls.submit(claim.generation.body), claim.secret)
        except MeigenError as error:
            answer = error
        await self._db(partial(submit.record, claim.attempt, answer))

    async def _poll(self, job: Job) -> None:
        pause = self.interval
        try:
            async with self.places:
                status = await self.pool.send(calls.status(job.generation.remote_id), job.secret)
        except MeigenError as error:
            job.failures += 1
            job.misses = job.misses + 1 if isinstance(error, NotFound) else 0
            pause = min(LONGEST_POLL_PAUSE, error.retry_after or self.interval * 2 ** min(job.failures, 5))
            self.outcomes.append(Outcome(job, error=error))
        else:
            job.failures = job.misses = 0
            if status.state != "processing" or (status.poll_hint is not None and status.poll_hint <= 0):
                self.outcomes.append(Outcome(job, status=status))
                return  # busy until the flush has written it
        job.due = time.monotonic() + pause
        job.busy = False

    async def _flush(self) -> None:
        now = timezone.now()
        late = [job for job in self.jobs.values() if _is_late(job.generation, now)]
        outcomes, self.outcomes = self.outcomes, []
        if late or outcomes:
            for pk in await self._db(partial(_write, outcomes, late, now)):
                self.jobs.pop(pk, None)

    async def _db(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.database, work)


def _close() -> None:
    connection.close()  # this thread's own


def _settled(outcome: Outcome, now: datetime) -> bool:
    """Writes one outcome; says whether the job needs no more polling."""
    generation = outcome.job.generation
    if outcome.status is not None:
        poll.settle(generation, outcome.status, now)
        return True
    ended = outcome.error is not None and poll.refused(generation, outcome.error, outcome.job.misses)
    outcome.job.secret = _secret(generation)
    return ended


def _is_late(generation: Generation, now: datetime) -> bool:
    return generation.watch_until is not None and generation.watch_until <= now


def _read(known: set[UUID]) -> tuple[list[tuple[Generation, Secret | None]], list[UUID], bool]:
    """(running generations not yet known, ids to send now, whether anything waits to be sent later)."""
    submit.tidy()
    running = Generation.objects.filter(status=Generation.Status.RUNNING)
    unknown = [pk for pk in running.values_list("pk", flat=True) if pk not in known]
    rows = Generation.objects.filter(pk__in=unknown[:LOOK_AT_ONCE]).select_related("token")
    fresh = [(row, _secret(row)) for row in rows]
    due = list(submit.due(timezone.now()).values_list("pk", flat=True)[:SENDS_AT_ONCE])
    return fresh, due, wake.work_left()


def _secret(generation: Generation) -> Secret | None:
    """The token to poll with; without a good one the status can still be read."""
    token = generation.token
    if token is None or token.refused_at or generation.token_revision != token.revision:
        return None  # another account's token would only be told that there is no such job
    with contextlib.suppress(vault.Unreadable):
        return token.secret()
    return None


def _write(outcomes: list[Outcome], late: list[Job], now: datetime) -> list[UUID]:
    """Writes what the polls brought; the ids that need no more polling."""
    ended: list[UUID] = []
    for outcome in outcomes:
        generation = outcome.job.generation
        try:
            if _settled(outcome, now):
                ended.append(generation.pk)
        except Exception:
            logger.exception("The answer for generation %s could not be written", generation.pk)
            outcome.job.due = time.monotonic() + LONGEST_POLL_PAUSE
            outcome.job.busy = False
    for job in late:
        poll.stop_watching(job.generation, now)
        ended.append(job.generation.pk)
    return ended
