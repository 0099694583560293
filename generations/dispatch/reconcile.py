"""After a restore: what became at Meigen of everything that was open in the backup. Asking is free of charge.

The rows are as old as the backup. What it shows as waiting may have been sent, charged and finished since, so each open
row is compared with Meigen's receipt for its key, or with the status of its job, before anything may be sent again.
What cannot be told is put aside for its owner to check; it is never sent by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import remote_tokens, vault
from accounts.models import Token, User
from generations.dispatch import outcomes, polling, receipt, submit, wake
from generations.models import Generation, GenerationQuerySet, Pause
from generations.models.sentences import Sentence
from meigen_api import calls, errors
from meigen_api.client import Client
from meigen_api.errors import MeigenError
from meigen_api.types import TokenUsage

S = Generation.Status

OPEN = [S.HELD, S.QUEUED, S.SENDING, S.RUNNING, S.STALLED]
# Nothing but the next try can tell more; a 5xx with a code is Meigen's word on this one request.
NO_WORD = (errors.Unreachable, errors.NoAnswer, errors.BadAnswer, errors.RateLimited)
SECONDS = 10.0
# The clocks of the backup's host and of Meigen may differ.
OVERLAP = timedelta(minutes=5)


class NoWord(Exception):
    """Meigen did not answer, so nothing is known about what is open."""


@dataclass(frozen=True)
class Found:
    """An open generation, as the backup had it and as it is now that Meigen has been asked."""

    generation: Generation
    before: str

    @property
    def has_moved(self) -> bool:
        return self.generation.status != self.before

    @property
    def is_gone(self) -> bool:
        """Whether Meigen had it once and has no job for it any more."""
        return self.has_moved and self.generation.answer_status in {404, 410}


@dataclass(frozen=True)
class Charge:
    """What Meigen's list of a token says was paid for, and no row here knows."""

    owner: User
    token: str
    usage: TokenUsage


def open_rows(pause: Pause) -> GenerationQuerySet:
    """What was open in the backup. What was asked for since the restore cannot have been sent yet."""
    rows = Generation.objects.filter(status__in=OPEN, queued_at__lt=pause.since, erased_at=None)
    return rows.exclude(status=S.STALLED, deleted_at__isnull=False)


def open_ones(pause: Pause, *, sends: bool, anyway: bool) -> Iterator[Found]:
    """Asks about every open generation and yields what was found. It may be interrupted and run again.

    With `sends`, what never arrived stays in the queue, else it is cancelled and its owner may send it again. Raises
    NoWord when Meigen does not answer, unless `anyway`: then what it is silent about is put aside.
    """
    for pk in list(open_rows(pause).order_by("created_at", "pk").values_list("pk", flat=True)):
        generation = Generation.objects.select_related("owner", "token").get(pk=pk)
        before = generation.status
        try:
            _ask(generation, sends=sends)
        except (MeigenError, vault.Unreadable) as problem:
            if _is_silence(problem) and not anyway:
                raise NoWord(str(problem)) from None
            submit.stall(generation, timezone.now())
        generation.refresh_from_db()
        yield Found(generation, before)


def _is_silence(problem: MeigenError | vault.Unreadable) -> bool:
    return isinstance(problem, NO_WORD) or (isinstance(problem, errors.ServerError) and not problem.code)


def _ask(generation: Generation, *, sends: bool) -> None:
    status = S(generation.status)
    if generation.remote_id and status in {S.RUNNING, S.STALLED}:
        _by_status(generation)
        return
    puts_away = status != S.HELD and not (sends and status in {S.QUEUED, S.SENDING})
    receipt.look_up(generation, SECONDS, expecting=status, puts_away=puts_away)


def _by_status(generation: Generation) -> None:
    now = timezone.now()
    # As when its owner checks again; what still runs gets its time anew.
    generation.move(
        S.RUNNING,
        expecting=[S.RUNNING, S.STALLED],
        note=Sentence.CHECKED_AGAIN.stored(),
        at=now,
        watch_until=now + outcomes.WATCH[generation.media_type],
        message="",
    )
    secret = polling.secret_of(generation, {})
    with Client(settings.MEIGEN_BASE_URL, secret, seconds=SECONDS) as client:
        try:
            status = client.send(calls.status(generation.remote_id))
        except errors.NotFound as error:
            # It is as old as the backup: not a job that the server has yet to catch up with.
            outcomes.refused(generation, error, misses=3, signed=secret is not None)
            return
        except errors.BadToken as error:
            outcomes.refused(generation, error, misses=0, signed=secret is not None)
            return
    with outcomes.journal() as kept:
        outcomes.settle(generation, status, now, kept)


def resume() -> None:
    """Ends the pause and wakes everything that waits for it."""
    with transaction.atomic():
        Pause.objects.all().delete()
        wake.sweep()
        wake.fetch()


def sessions() -> list[Token]:
    """The tokens that can read what their accounts' tokens have paid for."""
    rows = Token.objects.filter(kind=Token.Kind.SESSION, refused_at=None)
    return list(rows.select_related("owner").order_by("pk"))


def charges_of(session: Token, since: datetime) -> list[Charge]:
    """What this account was charged for since then, and is not here. Raises MeigenError or vault.Unreadable."""
    return [
        Charge(session.owner, token.masked, usage)
        for token in remote_tokens.listed(session)
        for usage in remote_tokens.usage(session, token.id)
        if _is_since(usage, since) and not Generation.objects.filter(remote_id=usage.id).exists()
    ]


def _is_since(usage: TokenUsage, since: datetime) -> bool:
    """An entry whose time cannot be read is rather told once too often."""
    try:
        at = datetime.fromisoformat(usage.created_at)
    except ValueError:
        return True
    return at.tzinfo is None or at >= since - OVERLAP


def people_unseen(read: set[int]) -> list[User]:
    """People who have tokens, but none of theirs could tell what was charged."""
    return list(User.objects.filter(tokens__isnull=False).exclude(pk__in=read).distinct().order_by("username"))
