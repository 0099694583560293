"""The loop that sends and polls everything, in slices of about a minute.

The running generations are dealt out to a fixed number of shards (`settings.SWEEPS`). A slice holds its shard's lease,
so one process at a time polls it, on whichever machine; it hands over to the next slice through the queue. What waits
to be sent belongs to no shard: `submit.claim` lets one process have it. The loop itself never touches the database: one
thread does, and closes its connection at the end.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from generations.dispatch import failpoints, outcomes, polling, recovery, stopping, submit, upstream, wake
from generations.models import Lease, Pause
from generations.models.sentences import Sentence
from meigen_api import calls, errors
from meigen_api.client import Pool
from meigen_api.errors import MeigenError
from meigen_api.types import Status

T = TypeVar("T")

logger = logging.getLogger(__name__)

SLICE_SECONDS = 60.0
# Short, so that a sweep whose host died is followed soon; a slice that loses it ends, and polls nothing twice.
LEASE_SECONDS = 6.0
RENEW_SECONDS = 2.0
RECOVER_SECONDS = 5.0
LOOK_SECONDS = 1.0
FLUSH_SECONDS = 0.25
POLL_SECONDS = 10.0
SENDS_AT_ONCE = 16
# How long a stop waits for the answers of posts that are under way.
STOP_SECONDS = 4.0


def run_slice(shard: int = 0, seconds: float = SLICE_SECONDS) -> None:
    """Sweeps for about `seconds` or until nothing is left, and wakes the next slice; nothing if another runs."""
    lease = wake.lease_of(shard)
    if stopping.is_stopping() or Pause.is_on() or not Lease.take(lease, LEASE_SECONDS):
        return
    try:
        asyncio.run(_Sweep(shard, seconds).run())
    finally:
        close_old_connections()  # while the slice ran, the database may have been away
        with transaction.atomic():
            Lease.give_back(lease)
            woken = wake.work_left(shard)
            if woken:
                wake.sweep(shard)
    # Work that was committed after that look, whose own wake-up found the lease still taken.
    if not woken and wake.work_left(shard):
        wake.sweep(shard)
    failpoints.reach("saved-unacknowledged")


class _Sweep:
    def __init__(self, shard: int, seconds: float) -> None:
        self.shard = shard
        self.ends = time.monotonic() + seconds
        self.jobs: dict[UUID, polling.Job] = {}
        self.due: asyncio.Queue[polling.Job] = asyncio.Queue()
        self.outcomes: list[polling.Outcome] = []
        self.news = asyncio.Event()  # there are outcomes
        self.has_failed = self.is_away = False  # a poll got no answer; Meigen is known to be away
        self.sends: set[asyncio.Task[None]] = set()
        self.database = ThreadPoolExecutor(1, thread_name_prefix="database")
        trace = failpoints.tracer()
        self.polls = Pool(settings.MEIGEN_BASE_URL, seconds=POLL_SECONDS, trace=trace)
        # Connections of their own: slow posts never keep the polls waiting.
        self.posts = Pool(
            settings.MEIGEN_BASE_URL, clients=SENDS_AT_ONCE // 4, seconds=submit.POST_SECONDS, trace=trace
        )

    async def run(self) -> None:
        try:
            async with self.polls, self.posts:
                pollers = [asyncio.create_task(self._poller()) for _ in range(self.polls.size)]
                try:
                    await self._loop()
                finally:
                    for poller in pollers:
                        poller.cancel()  # a poll costs nothing; the next slice asks again
                    await asyncio.gather(*pollers, return_exceptions=True)
                    await self._abandon()
                await self._flush()
        finally:
            await self._db(_close)
            self.database.shutdown()

    async def _loop(self) -> None:
        look = renew = recover = 0.0
        # Past the end nothing new is sent, but the others are watched until the last answer is in.
        while not self._is_over() or self.sends:
            now = time.monotonic()
            if stopping.is_stopping() and now > self.ends + STOP_SECONDS:
                return
            if now >= renew:
                if not await self._db(partial(Lease.take, wake.lease_of(self.shard), LEASE_SECONDS)):
                    return
                renew = now + RENEW_SECONDS
            if now >= recover:
                await self._db(recovery.recover)
                recover = now + RECOVER_SECONDS
            if now >= look:
                if self.has_failed or self.is_away:
                    await self._heed_outage()
                if not await self._look():
                    return
                look = now + LOOK_SECONDS
            await self._flush()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), LOOK_SECONDS)
                self.news.clear()
                await asyncio.sleep(FLUSH_SECONDS)  # what else comes in is written with it

    def _is_over(self) -> bool:
        now = time.monotonic()
        if stopping.is_stopping():
            self.ends = min(self.ends, now)
        return now >= self.ends

    async def _look(self) -> bool:
        """Brings in what is new in the rows and starts what may be sent; False when there is nothing to do at all."""
        room = 0 if self._is_over() else SENDS_AT_ONCE - len(self.sends)
        fresh, turns, stay = await self._db(partial(polling.read, self.shard, set(self.jobs), room))
        for job in fresh:
            self.jobs[job.generation.pk] = job
            # Spread over one interval, so that polls do not come in bursts.
            self._poll_in(random.uniform(0, job.interval), job)
        for pk in turns:
            send = asyncio.create_task(self._send(pk))
            self.sends.add(send)
            send.add_done_callback(self.sends.discard)
        return bool(stay or self.sends or self.outcomes)

    async def _heed_outage(self) -> None:
        """Has somebody look whether Meigen is away. Once it is back, polls at once what was to be polled later."""
        self.has_failed, was_away = False, self.is_away
        self.is_away = await self._db(upstream.doubt)
        if was_away and not self.is_away:
            for pk, job in self.jobs.items():
                if job.failures:
                    self.jobs[pk] = fresh = copy(job)  # the old one's turn comes to nothing
                    fresh.failures = 0
                    self._poll_in(random.uniform(0, fresh.interval), fresh)

    async def _send(self, pk: UUID) -> None:
        claim = await self._db(partial(submit.claim, pk))
        if claim is None:
            return
        answer: Status | MeigenError
        try:
            if claim.is_stale:
                raise submit.TOO_LATE
            answer = await self.posts.send(calls.submit(claim.generation.body), claim.secret)
        except MeigenError as error:
            answer = error
        except Exception:
            logger.exception("Sending generation %s failed", pk)
            answer = errors.NoAnswer(Sentence.UNTRACKED.stored())
        await self._db(partial(submit.record, claim.attempt, answer))

    async def _abandon(self) -> None:
        """Leaves posts whose answers have not come: they stay unsettled, and the next process sends the same again."""
        for send in list(self.sends):
            send.cancel()
        if self.sends:
            await asyncio.gather(*self.sends, return_exceptions=True)
            await self._db(recovery.release_claims)

    def _poll_in(self, seconds: float, job: polling.Job) -> None:
        asyncio.get_running_loop().call_later(seconds, self.due.put_nowait, job)

    async def _poller(self) -> None:
        while True:
            job = await self.due.get()
            if self.jobs.get(job.generation.pk) is not job:
                continue
            try:
                await self._poll(job)
            except Exception:
                # Whatever it was, it must not end the watching of this job, or of those behind it.
                logger.exception("Polling generation %s failed", job.generation.pk)
                self._poll_in(polling.LONGEST_PAUSE, job)

    async def _poll(self, job: polling.Job) -> None:
        try:
            status = await self.polls.send(calls.status(job.generation.remote_id), job.secret)
        except MeigenError as error:
            job.failures += 1
            self.has_failed |= upstream.is_doubtful(error)
            job.misses = job.misses + 1 if isinstance(error, errors.NotFound) else 0
            if isinstance(error, errors.NotFound | errors.BadToken):
                self._tell(polling.Outcome(job, error=error))
            self._poll_in(job.pause_after(error), job)
            return
        job.failures = job.misses = 0
        job.told_at = timezone.now()
        if status.state == "processing" and (status.poll_hint is None or status.poll_hint > 0):
            if status.poll_hint is not None:
                job.watch_until = outcomes.watch_until(job.generation, status, job.told_at)
            self._poll_in(job.interval, job)
        else:
            self._tell(polling.Outcome(job, status=status))  # not polled again before the flush has written it

    def _tell(self, outcome: polling.Outcome) -> None:
        self.outcomes.append(outcome)
        self.news.set()

    async def _flush(self) -> None:
        """Writes what the polls brought, and stops watching what is past its limit."""
        now = timezone.now()
        late = [job for job in self.jobs.values() if polling.is_late(job, now)]
        moved = [job for job in self.jobs.values() if job.has_other_limit]
        told, self.outcomes = self.outcomes, []
        if not late and not told and not moved:
            return
        failpoints.reach("polled-unwritten")
        if moved:
            await self._db(partial(polling.write_limits, moved))
        ended = await self._db(partial(polling.write, told, late, now))
        for outcome in told:
            pk = outcome.job.generation.pk
            if pk not in ended and outcome.status is not None:
                self._poll_in(polling.LONGEST_PAUSE, outcome.job)  # its answer could not be written
        for pk in ended:
            self.jobs.pop(pk, None)

    async def _db(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.database, work)


def _close() -> None:
    connection.close()  # this thread's own
