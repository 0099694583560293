"""What a running generation's status answers mean. The sweep asks; this module decides and writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from generations.dispatch import wake
from generations.models import Generation, Result, Trail
from generations.models.sentences import Sentence
from meigen_api import errors
from meigen_api.errors import MeigenError
from meigen_api.types import Status

S = Generation.Status

WATCH = {"image": timedelta(minutes=5), "video": timedelta(minutes=10)}
# No server may have a job watched for longer, whatever it hints.
LONGEST_WATCH = timedelta(hours=6)


@dataclass
class Journal(Trail):
    """Rows that many settled generations leave behind, to be inserted together."""

    results: list[Result] = field(default_factory=list)


@contextmanager
def journal() -> Iterator[Journal]:
    """One transaction for any number of `settle`: rows are moved singly, what they leave is inserted at the end."""
    with transaction.atomic():
        kept = Journal()
        yield kept
        kept.write()
        if kept.results:
            Result.objects.bulk_create(kept.results)
            wake.fetch()


def start(
    generation: Generation,
    status: Status,
    *,
    expecting: Generation.Status | list[Generation.Status],
    token_revision: int,
    now: datetime,
) -> bool:
    """Meigen runs it: watch it from now on. A terminal answer is taken as such at once."""
    moved = generation.move(
        S.RUNNING,
        expecting=expecting,
        at=now,
        remote_id=status.generation_id,
        token_revision=token_revision,
        running_at=now,
        watch_until=watch_until(generation, status, now),
        expected_wait=status.expected_wait or generation.expected_wait,
        **_credits(generation, status),
        lease_until=None,
        not_before=None,
        message="",
        error_code="",
        answer_status=None,
        answer_body="",
        finished_at=None,
        deleted_at=None,  # what costs credits is in sight
    )
    if moved and status.state != "processing":
        with journal() as kept:
            settle(generation, status, now, kept)
    return moved


def watch_until(generation: Generation, status: Status, now: datetime) -> datetime:
    """Until when polling is worth it: Meigen's own word, where it has one, else the contract's fixed limits."""
    if status.poll_hint is None:
        return now + WATCH[generation.media_type]
    begun = generation.changed_at if generation.status == S.RUNNING else now  # or checked again
    return min(now + timedelta(seconds=min(max(status.poll_hint, 0), 1e6)), begun + LONGEST_WATCH)


def settle(generation: Generation, status: Status, now: datetime, kept: Journal) -> bool:
    """Writes what an answer changes, and says whether the generation has ended for us."""
    if status.state == "completed":
        return _finish(generation, status, now, kept)
    if status.state == "failed":
        message = status.error or Sentence.NO_REASON.stored()
        return generation.move(
            S.FAILED,
            expecting=S.RUNNING,
            note=message,
            at=now,
            trail=kept,
            message=message,
            error_code=status.failure_code[:64],
            answer_status=status.answer.status if status.answer else None,
            answer_body=status.answer.body if status.answer else "",
            finished_at=now,
            **_credits(generation, status),
        )
    if status.poll_hint is not None and status.poll_hint <= 0:
        return stop_watching(generation, now)
    return False


def _finish(generation: Generation, status: Status, now: datetime, kept: Journal) -> bool:
    done = generation.move(
        S.DONE,
        expecting=S.RUNNING,
        at=now,
        trail=kept,
        finished_at=now,
        message="",
        ran_model_id=status.model_id[:200],
        ran_aspect_ratio=status.aspect_ratio[:20],
        **_credits(generation, status),
    )
    if done:
        kept.results += [
            Result(generation=generation, number=number, source_url=url) for number, url in enumerate(status.urls)
        ]
    return done


def _credits(generation: Generation, status: Status) -> dict[str, Any]:
    """The newest word on the price; what an answer leaves out keeps its value."""
    balance = {}
    if status.balance is not None:
        balance = {"balance_daily": status.balance.daily, "balance_purchased": status.balance.purchased}
    used = status.credits_used if status.credits_used is not None else generation.credits_used
    return {"credits_used": used, "credits_status": status.credits_status[:40] or generation.credits_status, **balance}


def stop_watching(generation: Generation, now: datetime) -> bool:
    message = Sentence.NOT_WATCHED.stored()
    return generation.move(S.STALLED, expecting=S.RUNNING, note=message, at=now, message=message)


def refused(generation: Generation, error: MeigenError, misses: int, *, signed: bool) -> bool:
    """A status call failed; says whether that ends the generation for us.

    `misses` counts 404s in a row, this one too; `signed` says whether the call carried the generation's token, so that
    a 401 speaks of it. One 404 may be a server that has not caught up with itself; 410, or three, mean the job is gone.
    """
    now = timezone.now()
    if isinstance(error, errors.BadToken) and signed and generation.token is not None:
        generation.token.note_refusal(now, generation.token.revision)
        return False
    if isinstance(error, errors.Gone) or (isinstance(error, errors.NotFound) and misses >= 3):
        message = Sentence.JOB_GONE.stored(status=error.status)
        return generation.move(
            S.FAILED,
            expecting=S.RUNNING,
            note=message,
            at=now,
            message=message,
            error_code=error.code[:64],
            answer_status=error.status,
            answer_body=error.answer.body if error.answer else "",
            finished_at=now,
        )
    return False
