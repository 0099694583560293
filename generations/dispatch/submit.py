"""Sending a generation to Meigen: exactly one charge, whatever happens on the way.

`claim` commits an attempt before anything leaves; `accepted` and `failed` write down what came back. Between them is
one POST, which the view sends with a blocking client and the sweep with an asynchronous one. An attempt without an
answer is unknown: the same bytes go out again under the same key, never under a new one.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts import vault
from generations.models import Attempt, Generation
from meigen_api import calls, errors
from meigen_api.client import Client
from meigen_api.errors import MeigenError
from meigen_api.secret import Secret
from meigen_api.types import Status

from . import poll, rate

S = Generation.Status

# Longer than any POST takes: while it runs, nobody else sends the same generation.
LEASE = timedelta(seconds=60)
POST_SECONDS = 20.0
MAX_UNKNOWN_TRIES = 30
GIVE_UP_AFTER = timedelta(hours=24)
LONGEST_PAUSE = 300.0

NEVER_ARRIVED = "Meigen never received this, so nothing was charged."
MAYBE_CHARGED = "We could not learn what became of this. It may have been charged; check your Meigen history."


@dataclass(frozen=True)
class Claim:
    """The right and the means to send one attempt."""

    attempt: Attempt
    generation: Generation
    secret: Secret


def _free(now: datetime) -> QuerySet[Generation]:
    """What nobody is sending and whose pause is over; own columns only, for the conditional UPDATE of `claim`."""
    return Generation.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=now),
        Q(not_before=None) | Q(not_before__lte=now),
        status__in=[S.QUEUED, S.SENDING],
    )


def due(now: datetime) -> QuerySet[Generation]:
    """What may be sent now, oldest first. What waits for its person to replace a token is left out."""
    return _free(now).filter(token__refused_at=None, token__isnull=False).order_by("queued_at", "number")


def send(pk: UUID, seconds: float = POST_SECONDS) -> None:
    """Sends one generation now if it is due and its token has a free place; else does nothing."""
    claimed = claim(pk)
    if claimed is None:
        return
    with Client(settings.MEIGEN_BASE_URL, claimed.secret, seconds=seconds) as client:
        try:
            status = client.send(calls.submit(claimed.generation.body))
        except MeigenError as error:
            failed(claimed.attempt, error)
        else:
            accepted(claimed.attempt, status)


def claim(pk: UUID) -> Claim | None:
    """Takes the generation, a place in its token's rate window and an attempt row, in one transaction; or nothing."""
    now = timezone.now()
    with transaction.atomic():
        # Claim before paying: a second worker stops here, so the job is sent once.
        if not _free(now).filter(pk=pk).update(lease_until=now + LEASE):
            return None
        generation = Generation.objects.select_related("token").get(pk=pk)
        token = generation.token
        if token is None or token.refused_at:
            Generation.objects.filter(pk=pk).update(lease_until=None)
            return None
        if generation.sent_revision not in {None, token.revision}:
            generation.move(S.STALLED, expecting=S.SENDING, note=MAYBE_CHARGED, message=MAYBE_CHARGED, lease_until=None)
            return None
        try:
            secret = token.secret()
        except vault.Unreadable:
            _pause(
                generation,
                now + timedelta(minutes=1),
                "The server cannot read your token. Replace it on the token page.",
            )
            return None
        until = rate.next_place(token.fingerprint, now)
        if until is not None:
            _pause(generation, until, "")
            return None
        Generation.objects.filter(pk=pk).update(tries=F("tries") + 1)
        generation.tries += 1
        first = generation.sent_at or now
        generation.move(S.SENDING, expecting=S.QUEUED, sent_at=first, message="")
        attempt = Attempt.objects.create(
            generation=generation,
            number=generation.tries,
            token_fingerprint=token.fingerprint,
            token_revision=token.revision,
            sent_at=now,
        )
    return Claim(attempt, generation, secret)


def _pause(generation: Generation, until: datetime, message: str) -> None:
    Generation.objects.filter(pk=generation.pk).update(not_before=until, lease_until=None, message=message)
    generation.touch()


def accepted(attempt: Attempt, status: Status) -> None:
    """Meigen took it (or had taken it before, under the same key)."""
    now = timezone.now()
    generation = attempt.generation
    with transaction.atomic():
        _answer(attempt, Attempt.Outcome.ACCEPTED, now)
        poll.start(generation, status, expecting=S.SENDING, now=now)
        if generation.token:
            generation.token.note_balance(status.balance, now)


def failed(attempt: Attempt, error: MeigenError) -> None:
    """Meigen did not take it, or we do not know."""
    now = timezone.now()
    with transaction.atomic():
        generation = Generation.objects.select_related("token").get(pk=attempt.generation_id)
        match error:
            case errors.Unreachable():
                _answer(attempt, Attempt.Outcome.UNREACHABLE, now, error)
                _wait(generation, now + _backoff(generation.tries), "Meigen cannot be reached. We keep trying.", now)
            case errors.RateLimited():
                _answer(attempt, Attempt.Outcome.LIMITED, now, error)
                seconds = min(max(error.retry_after or settings.MEIGEN_RATE[1], 1), 3600)
                until = now + timedelta(seconds=seconds)
                rate.block(attempt.token_fingerprint, until)
                _wait(generation, until, "Meigen asked us to wait (429).", now)
            case errors.BadToken():
                _answer(attempt, Attempt.Outcome.REFUSED, now, error)
                if generation.token:
                    generation.token.note_refusal(now, attempt.token_revision)
                if generation.sent_revision is None:
                    _reject(generation, error, now)
                else:
                    _stall(generation, now)
            case errors.Refused():
                _answer(attempt, Attempt.Outcome.REFUSED, now, error)
                _reject(generation, error, now)
            case _:
                _answer(attempt, Attempt.Outcome.UNKNOWN, now, error)
                _unknown(generation, attempt, error, now)


def _answer(attempt: Attempt, outcome: Attempt.Outcome, now: datetime, error: MeigenError | None = None) -> None:
    answer = error.answer if error else None
    attempt.outcome = outcome
    attempt.milliseconds = max(0, round((now - attempt.sent_at).total_seconds() * 1000))
    attempt.status_code = answer.status if answer else 200 if error is None else None
    attempt.answer = answer.body if answer else ""
    attempt.error = error.message if error else ""
    attempt.save(update_fields=["outcome", "milliseconds", "status_code", "answer", "error"])


def _wait(generation: Generation, until: datetime, message: str, now: datetime) -> None:
    """Certainly not taken this time: back into the queue, unless an earlier attempt is still unknown."""
    changes = {"not_before": until, "lease_until": None, "message": message}
    status = S.QUEUED if generation.sent_revision is None else S.SENDING
    if generation.sent_revision is None and now - generation.queued_at > GIVE_UP_AFTER:
        status = S.CANCELLED
        changes["message"] = "Meigen could not be reached for 24 hours, so this was never sent."
    generation.move(status, expecting=S.SENDING, note=str(changes["message"]), at=now, **changes)


def _unknown(generation: Generation, attempt: Attempt, error: MeigenError, now: datetime) -> None:
    if generation.tries >= MAX_UNKNOWN_TRIES or now - (generation.sent_at or now) > GIVE_UP_AFTER:
        _stall(generation, now)
        return
    pause = timedelta(seconds=error.retry_after) if error.retry_after else _backoff(generation.tries)
    Generation.objects.filter(pk=generation.pk, status=S.SENDING).update(
        not_before=now + min(pause, timedelta(seconds=LONGEST_PAUSE)),
        lease_until=None,
        sent_revision=attempt.token_revision,
        message=f"{error.message} We make sure it is sent once.",
    )
    generation.touch()


def _stall(generation: Generation, now: datetime) -> None:
    generation.move(S.STALLED, expecting=S.SENDING, note=MAYBE_CHARGED, at=now, message=MAYBE_CHARGED, lease_until=None)


def _reject(generation: Generation, error: MeigenError, now: datetime) -> None:
    generation.move(
        S.REJECTED,
        expecting=S.SENDING,
        note=f"{error.status}: {error.message}",
        at=now,
        message=error.message,
        answer_status=error.status,
        answer_body=error.answer.body if error.answer else "",
        lease_until=None,
        finished_at=now,
    )


def _backoff(tries: int) -> timedelta:
    """Exponential with jitter: around 1, 2, 4 ... seconds, at most LONGEST_PAUSE."""
    return timedelta(seconds=min(LONGEST_PAUSE, 2 ** min(tries - 1, 10)) * random.uniform(0.75, 1.25))


def resume_after_replacement() -> int:
    """Queues what a token's 401 rejected, once that token is replaced or accepted again; says how many."""
    rejected = Generation.objects.filter(
        status=S.REJECTED, answer_status=401, token__isnull=False, token__refused_at=None
    )
    return sum(requeue(generation, "The token was replaced.") for generation in rejected.iterator())


def requeue(generation: Generation, note: str) -> bool:
    """Puts what was refused or never sent back into the queue, under the same key."""
    return generation.move(
        S.QUEUED,
        expecting=[S.REJECTED, S.CANCELLED],
        note=note,
        queued_at=timezone.now(),
        sent_at=None,
        not_before=None,
        lease_until=None,
        answer_status=None,
        answer_body="",
        message="",
        finished_at=None,
    )


def look_up(generation: Generation, seconds: float = POST_SECONDS) -> None:
    """Asks, free of charge, what became of a stalled generation whose answer was lost.

    Raises MeigenError or vault.Unreadable when Meigen could not be asked.
    """
    now = timezone.now()
    if generation.token is None:
        raise vault.Unreadable("The token it was sent with is removed.")
    with Client(settings.MEIGEN_BASE_URL, generation.token.secret(), seconds=seconds) as client:
        try:
            status = client.send(calls.request(str(generation.idempotency_key)))
        except errors.NotFound as error:
            # With another token the server may simply not show it.
            same_token = generation.sent_revision in {None, generation.token.revision}
            if error.code != "request_not_found" or not same_token:
                raise
            generation.move(
                S.CANCELLED, expecting=S.STALLED, note=NEVER_ARRIVED, message=NEVER_ARRIVED, sent_revision=None
            )
            return
    poll.start(generation, status, expecting=S.STALLED, now=now)
