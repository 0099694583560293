"""Sending a generation to Meigen: exactly one charge, whatever happens on the way.

`claim` commits an attempt before anything leaves; `accepted` and `failed` write down what came back. Between them is
one POST, which the view sends with a blocking client and the sweep with an asynchronous one. An attempt without an
answer is unknown: the same bytes go out again under the same key, never under a new one.
"""

import logging
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Exists, QuerySet
from django.utils import timezone

from accounts import vault
from accounts.models import Token
from generations.dispatch import failpoints, line, outcomes, rate, upstream
from generations.models import Attempt, Generation, Pause
from generations.models.process import this_process
from generations.models.sentences import Sentence, reason_of
from meigen_api import calls, errors
from meigen_api.client import Client
from meigen_api.errors import MeigenError
from meigen_api.secret import Secret
from meigen_api.types import Status
from meigen_site.about import about

S = Generation.Status

logger = logging.getLogger(__name__)

# Longer than any POST takes: while it runs, nobody else sends the same generation.
LEASE = timedelta(seconds=40)
POST_SECONDS = 20.0
GIVE_UP_AFTER = timedelta(hours=24)
NEW_KEYS_PAUSE = timedelta(seconds=15)
LONGEST_PAUSE = 300.0
LONGEST_PAUSE_UNREACHED = 60.0

TOO_LATE = errors.Unreachable(Sentence.SERVER_BUSY.stored())


@dataclass(frozen=True)
class Claim:
    """The right and the means to send one attempt."""

    attempt: Attempt
    generation: Generation
    secret: Secret

    @property
    def is_stale(self) -> bool:
        """Whether so much time has passed that a post now might outlive the lease: this process was held up."""
        return timezone.now() > self.attempt.sent_at + LEASE - timedelta(seconds=POST_SECONDS)


def send(pk: UUID, seconds: float = POST_SECONDS) -> None:
    """Sends one generation now if it is its turn; else does nothing."""
    claimed = claim(pk)
    if claimed is None:
        return
    with Client(settings.MEIGEN_BASE_URL, claimed.secret, seconds=seconds, trace=failpoints.tracer()) as client:
        try:
            if claimed.is_stale:
                raise TOO_LATE
            answer: Status | MeigenError = client.send(calls.submit(claimed.generation.body))
        except MeigenError as error:
            answer = error
    record(claimed.attempt, answer)


def record(attempt: Attempt, answer: Status | MeigenError) -> None:
    """Writes down what one attempt brought. An answer that cannot be written is one that tells nothing."""
    failpoints.reach("answer-unsaved")
    with about(generation=attempt.generation_id):
        try:
            if isinstance(answer, MeigenError):
                failed(attempt, answer)
            else:
                accepted(attempt, answer)
        except (DatabaseError, ValueError):
            logger.exception("The answer for generation %s could not be written", attempt.generation_id)
            failed(attempt, errors.BadAnswer(Sentence.RESPONSE_NOT_SAVED.stored()))
        if isinstance(answer, MeigenError) and upstream.is_doubtful(answer):
            upstream.doubt()


def claim(pk: UUID) -> Claim | None:
    """Takes the generation, a place in its token's rate window and an attempt row, in one transaction.

    None when it is not its turn, when another process has it, or when it may not be sent: then the row says why.
    An owner who is switched off stands in no line any more; a claim that is in hand at that moment may finish.
    """
    now = timezone.now()
    with transaction.atomic():
        # In a paused studio the row may be older than what Meigen knows of it.
        working = ~Exists(Pause.objects.all())
        token = Token.objects.filter(working, generations=pk, refused_at=None).first()
        if token is None:
            return None
        # Under the gate's lock: whose turn it is, and that a place is free, stays true until the attempt is committed.
        window = rate.locked_window(token.fingerprint, now)
        if not line.is_next(pk, token.fingerprint, window, now):
            return None
        # Claim before paying: a second worker stops here, so the job is sent once.
        free = Generation.objects.claimable(now).filter(pk=pk)
        if not free.update(lease_until=now + LEASE, claimed_by=this_process()):
            return None
        failpoints.reach("claimed")
        generation = Generation.objects.get(pk=pk)
        secret = _secret_to_send(generation, token, now)
        if secret is None:
            return None
        attempt = _new_attempt(generation, token, now)
        failpoints.reach("place-taken")
    failpoints.reach("attempt-committed")
    return Claim(attempt, generation, secret)


def _secret_to_send(generation: Generation, token: Token, now: datetime) -> Secret | None:
    """The opened token, or None after writing down why this generation may not be sent with it."""
    open_attempts = unsettled(generation)
    known = generation.attempts.filter(outcome=Attempt.Outcome.ACCEPTED) | open_attempts
    if generation.tries and known.exclude(token_revision=token.revision).exists():
        # Under another account the same key would be a second charge.
        stall(generation, now)
        return None
    if generation.has_old_uploads and not open_attempts.exists():
        expired = Sentence.UPLOADS_EXPIRED.stored()
        generation.move(S.CANCELLED, expecting=S.QUEUED, note=expired, message=expired, finished_at=now)
        return None
    try:
        return token.secret()
    except vault.OldKeys:
        _pause(generation, now + NEW_KEYS_PAUSE, Sentence.NEW_KEYS.stored())
        return None
    except vault.Unreadable:
        _pause(generation, now + timedelta(minutes=1), Sentence.TOKEN_UNREADABLE.stored())
        return None


def _new_attempt(generation: Generation, token: Token, now: datetime) -> Attempt:
    counted: dict[str, Any] = {"tries": generation.tries + 1, "sent_at": generation.sent_at or now}
    if not generation.move(S.SENDING, expecting=S.QUEUED, at=now, message="", **counted):
        Generation.objects.filter(pk=generation.pk).update(**counted)  # once more; its status stays
        generation.tries += 1
    return Attempt.objects.create(
        generation=generation,
        number=generation.tries,
        token_fingerprint=token.fingerprint,
        token_revision=token.revision,
        sent_at=now,
    )


def unsettled(generation: Generation) -> QuerySet[Attempt]:
    """Attempts that may have been charged: without an answer, or with one that tells nothing.

    A process that died between its POST and the answer leaves such a row, too.
    """
    return generation.attempts.filter(outcome__in=[Attempt.Outcome.SENT, Attempt.Outcome.UNKNOWN])


def _pause(generation: Generation, until: datetime, message: str) -> None:
    Generation.objects.filter(pk=generation.pk).update(not_before=until, lease_until=None, message=message)
    generation.mark_changed()


def accepted(attempt: Attempt, status: Status) -> None:
    """Meigen took it (or had taken it before, under the same key)."""
    now = timezone.now()
    with transaction.atomic():
        generation = Generation.objects.select_related("token").get(pk=attempt.generation_id)
        _answer(attempt, Attempt.Outcome.ACCEPTED, now, status.answer)
        if generation.tries > 1:
            settle(generation)
        rate.clear_limits(attempt.token_fingerprint)
        # However late it comes, and whatever was made of its silence: Meigen has it.
        waiting = [S.QUEUED, S.SENDING, S.STALLED, S.REJECTED, S.CANCELLED]
        outcomes.start(generation, status, expecting=waiting, token_revision=attempt.token_revision, now=now)
        if generation.token and generation.token.revision == attempt.token_revision:
            generation.token.note_balance(status.balance, now)


def failed(attempt: Attempt, error: MeigenError) -> None:
    """Meigen did not take it, or we do not know."""
    now = timezone.now()
    with transaction.atomic():
        generation = Generation.objects.select_related("token").get(pk=attempt.generation_id)
        _answer(attempt, _outcome_of(error), now, error.answer, reason_of(error))
        quiet_until = now
        if isinstance(error, errors.RateLimited):
            quiet_until = rate.note_limit(attempt.token_fingerprint, attempt.sent_at, error.retry_after)
        elif isinstance(error, errors.Refused):
            rate.clear_limits(attempt.token_fingerprint)
        if attempt.number != generation.tries:
            return  # a newer attempt has left meanwhile: only its answer moves the row
        match error:
            case errors.Unreachable():
                pause = _backoff(generation.tries, LONGEST_PAUSE_UNREACHED)
                _wait(generation, now + pause, Sentence.KEEP_TRYING.stored(), now)
            case errors.RateLimited():
                _wait(generation, quiet_until, Sentence.ASKED_TO_WAIT.stored(), now)
            case errors.NotYet():
                pause = max(asked_pause(error), _backoff(generation.tries))
                _wait(generation, now + pause, Sentence.REFERENCE_TOO_SLOW.stored(), now)
            case errors.Refused():
                if isinstance(error, errors.BadToken) and generation.token:
                    generation.token.note_refusal(now, attempt.token_revision)
                _refused(generation, error, now)
            case _:
                _unknown(generation, error, now)


def _refused(generation: Generation, error: errors.Refused, now: datetime) -> None:
    """Meigen did not take it. Of attempts whose answers were lost that says nothing, with two exceptions.

    402 is the contract's word that this key was not charged, 410 with a code that it is dead.
    """
    is_last_word = error.status == 402 or (error.status == 410 and error.code)
    if is_last_word:
        settle(generation)
    if is_last_word or not unsettled(generation).exists():
        reject(generation, error, now)
    else:
        stall(generation, now, Sentence.CONFLICT_MAYBE_CHARGED if error.status == 409 else Sentence.MAYBE_CHARGED)


def _outcome_of(error: MeigenError) -> Attempt.Outcome:
    match error:
        case errors.RateLimited():
            return Attempt.Outcome.LIMITED
        case errors.Unreachable():
            return Attempt.Outcome.UNREACHABLE
        case errors.Refused():
            return Attempt.Outcome.REFUSED
    return Attempt.Outcome.UNKNOWN


def asked_pause(error: MeigenError) -> timedelta:
    """The pause that an answer asks for, within what we wait for at all."""
    return timedelta(seconds=min(error.retry_after or 0, LONGEST_PAUSE))


def settle(generation: Generation) -> None:
    """The key's fate is known now, and with it that of the attempts whose answers were lost."""
    unsettled(generation).update(outcome=Attempt.Outcome.SETTLED)


def _answer(
    attempt: Attempt, outcome: Attempt.Outcome, now: datetime, answer: errors.Answer | None, problem: str = ""
) -> None:
    attempt.outcome = outcome
    attempt.milliseconds = max(0, round((now - attempt.sent_at).total_seconds() * 1000))
    attempt.status_code = answer.status if answer else None
    attempt.answer = answer.body if answer else ""
    attempt.error = problem
    attempt.save(update_fields=["outcome", "milliseconds", "status_code", "answer", "error"])


def _wait(generation: Generation, until: datetime, message: str, now: datetime) -> None:
    """Certainly not taken this time: back into the queue, unless an earlier attempt is still unsettled."""
    changes: dict[str, Any] = {"not_before": until, "lease_until": None, "message": message}
    is_unsettled = unsettled(generation).exists()
    overdue = now - (generation.sent_at or now) > GIVE_UP_AFTER
    if is_unsettled and overdue:
        stall(generation, now)
        return
    if overdue:
        changes["message"] = Sentence.NEVER_TAKEN.stored()
    status = S.SENDING if is_unsettled else S.CANCELLED if overdue else S.QUEUED
    generation.move(status, expecting=S.SENDING, note=changes["message"], at=now, **changes)


def _unknown(generation: Generation, error: MeigenError, now: datetime) -> None:
    if now - (generation.sent_at or now) > GIVE_UP_AFTER:
        stall(generation, now)
        return
    pause = max(asked_pause(error), _backoff(unsettled(generation).count()))
    Generation.objects.filter(pk=generation.pk, status=S.SENDING).update(
        not_before=now + pause, lease_until=None, message=Sentence.SENT_ONCE.stored(reason=reason_of(error))
    )
    generation.mark_changed()


def stall(generation: Generation, now: datetime, why: Sentence = Sentence.MAYBE_CHARGED) -> None:
    message = why.stored()
    generation.move(S.STALLED, expecting=[S.QUEUED, S.SENDING], note=message, at=now, message=message, lease_until=None)


def reject(generation: Generation, error: MeigenError, now: datetime, expecting: Generation.Status = S.SENDING) -> bool:
    return generation.move(
        S.REJECTED,
        expecting=expecting,
        note=Sentence.REFUSED.stored(status=error.status, reason=reason_of(error)),
        at=now,
        message=reason_of(error),
        error_code=error.code[:64],
        answer_status=error.status,
        answer_body=error.answer.body if error.answer else "",
        lease_until=None,
        finished_at=now,
    )


def _backoff(tries: int, longest: float = LONGEST_PAUSE) -> timedelta:
    """Exponential with jitter: around 1, 2, 4 ... seconds, at most `longest`."""
    return timedelta(seconds=min(longest, 2 ** min(tries - 1, 10)) * random.uniform(0.75, 1.25))
