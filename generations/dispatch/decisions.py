"""What a person decides about generations that are there: cancel, send again, check again."""

import logging
import time
from collections.abc import Iterable
from contextlib import suppress

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from accounts import vault
from accounts.models import User
from generations.dispatch import outcomes, receipt, recovery, submit, wake
from generations.models import Generation, budget
from generations.models.sentences import Sentence
from meigen_api.errors import MeigenError

S = Generation.Status

logger = logging.getLogger(__name__)

# How long a click waits for Meigen, so that a 400 or 402 is on the page at once. The rest belongs to the workers.
CLICK_SECONDS = 5.0


def send_now(rows: list[Generation]) -> list[Generation]:
    """Sends what can be sent within the patience of a click; returns the rows as they are now, ready for cards."""
    ends = time.monotonic() + CLICK_SECONDS
    for row in rows:
        if (left := ends - time.monotonic()) < 0.5:
            break
        try:
            submit.send(row.pk, seconds=left)
        except Exception:  # the rows are safe, and the workers go on with them
            logger.exception("Generation %s could not be sent at once", row.pk)
    fresh = {row.pk: row for row in Generation.objects.filter(pk__in=[row.pk for row in rows]).with_card()}
    return [fresh[row.pk] for row in rows if row.pk in fresh]


def can_cancel(generation: Generation) -> bool:
    """Whether it was not sent yet, or was refused and waits for a good token or for credits."""
    if generation.deleted_at:
        return False
    refused = generation.status == S.REJECTED and generation.answer_status in {401, 402}
    return refused or generation.status in {S.HELD, S.QUEUED}


def cancel(generation: Generation) -> bool:
    """Takes a generation out of the queue, or says that it is too late."""
    if not can_cancel(generation):
        return False
    return generation.move(
        S.CANCELLED,
        expecting=S(generation.status),
        note=Sentence.CANCELLED.stored(),
        message="",
        finished_at=timezone.now(),
    )


def cancel_click(generation: Generation) -> int:
    """Takes all that one click asked for, and that was not sent yet, out of the queue; says how many."""
    rows = Generation.objects.filter(owner=generation.owner_id, nonce=generation.nonce, status__in=[S.HELD, S.QUEUED])
    return sum(cancel(row) for row in rows)


def send_again(generation: Generation) -> bool:
    """Puts a refused or cancelled generation back into the queue under its own key, and sends it if it can."""
    queued = requeue([generation], Sentence.SENT_AGAIN.stored())
    send_now(queued)
    return bool(queued)


def send_all_again(user: User) -> int:
    """Puts everything back into the queue that was refused for want of credits lately; says how many."""
    refused = Generation.objects.owned_by(user).lacking_credits(timezone.now()).select_related("token")
    return len(requeue(refused, Sentence.ALL_SENT_AGAIN.stored()))


def requeue(generations: Iterable[Generation], note: str) -> list[Generation]:
    """Puts those of them back into the queue that may be sent again, for the workers to send; returns these.

    Each in a transaction of its own: a long one would hold the sums of usage that clicks wait for. If this process
    dies before the wake-up, the watchdog finds what is in the queue.
    """
    queued = []
    for row in generations:
        with suppress(budget.Refused):
            if row.can_send_again and recovery.requeue(row, note):
                queued.append(row)
    if queued:
        wake.sweep()
    return queued


def send_what_waited(user: User) -> int:
    """Puts everything back into the queue that was put away when the person's account was switched off; says how
    many. What they asked for last goes last, as it would have."""
    rows = Generation.objects.owned_by(user).put_away().select_related("owner", "token")
    return len(requeue(rows.order_by("created_at", "number"), Sentence.SENT_AGAIN.stored()))


def leave_what_waited(user: User) -> int:
    """Leaves it cancelled, and asks about it no more; says how many."""
    return Generation.objects.owned_by(user).put_away().mark_changed(message="")


def can_check_again(generation: Generation) -> bool:
    """Whether Meigen can be asked about it: a job's state is public, a receipt needs the token."""
    if generation.status != S.STALLED or generation.deleted_at:
        return False
    return bool(generation.remote_id) or generation.has_good_token


def check_again(generation: Generation) -> str:
    """Watches a stalled generation again, free of charge; returns what to tell the person beyond the card, or ""."""
    if not can_check_again(generation):
        return ""
    if generation.remote_id:
        now = timezone.now()
        with transaction.atomic():
            until = now + outcomes.WATCH[generation.media_type]
            if generation.move(
                S.RUNNING,
                expecting=S.STALLED,
                note=Sentence.CHECKED_AGAIN.stored(),
                watch_until=until,
                message="",
                deleted_at=None,
            ):
                wake.sweep()
        return ""
    try:
        receipt.look_up(generation, CLICK_SECONDS)
        wake.sweep()
    except (MeigenError, vault.Unreadable):
        return gettext("Meigen could not tell what happened to it. Check again later; checking is free.")
    return ""
