"""What became of a request whose answer was lost, by Meigen's receipt for its key. Asking is free of charge."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import vault
from generations.dispatch import outcomes, submit
from generations.models import Generation
from generations.models.sentences import Sentence
from generations.models.status import FINAL_ANSWERS
from meigen_api import calls, errors
from meigen_api.client import Client
from meigen_api.errors import MeigenError

S = Generation.Status

# 402 and 400: not charged. 410: the key is dead. 409: a person decides. Without a code it may be a proxy that speaks.
FINAL = FINAL_ANSWERS | {402}


def look_up(
    generation: Generation,
    seconds: float = submit.POST_SECONDS,
    *,
    expecting: Generation.Status = S.STALLED,
    puts_away: bool = True,
) -> None:
    """Asks about a stalled generation, and does what the receipt says. After a restore others are asked about, too.

    What never arrived is cancelled, unless it is not put away: then it stays as it is.

    Raises MeigenError or vault.Unreadable when Meigen could not be asked, or does not know for now. The table of
    answers is the contract's, section Receipt.
    """
    token = generation.token
    if token is None:
        raise vault.Unreadable("The token it was sent with is removed.")
    # To another token the server may simply not show it: only a job that is there proves anything then.
    same_account = not submit.unsettled(generation).exclude(token_revision=token.revision).exists()
    with Client(settings.MEIGEN_BASE_URL, token.secret(), seconds=seconds) as client:
        try:
            status = client.send(calls.request(str(generation.idempotency_key)))
        except MeigenError as error:
            if not (same_account and _take(generation, error, expecting, puts_away=puts_away)):
                raise
            return
    with transaction.atomic():
        submit.settle(generation)
        outcomes.start(generation, status, expecting=expecting, token_revision=token.revision, now=timezone.now())


def _take(generation: Generation, error: MeigenError, expecting: Generation.Status, *, puts_away: bool) -> bool:
    """Does what a receipt without a job says; False when it says nothing for good."""
    now = timezone.now()
    with transaction.atomic():
        # The attempts before the generation, as `submit.accepted` writes them: a late answer waits, instead of both.
        list(generation.attempts.select_for_update().order_by("pk"))
        match error:
            case errors.NotFound() if error.status == 404 and error.code == "request_not_found":
                message = Sentence.NEVER_ARRIVED.stored()
                moved = puts_away and generation.move(S.CANCELLED, expecting=expecting, note=message, message=message)
            case errors.Refused() if error.status in FINAL and error.code:
                moved = submit.reject(generation, error, now, expecting=expecting)
            case errors.InProgress():
                message = Sentence.STILL_ACCEPTING.stored()
                # The same bytes go out again under the same key; the attempts stay unsettled until one is answered.
                return generation.move(
                    S.SENDING,
                    expecting=expecting,
                    note=message,
                    message=message,
                    not_before=now + submit.asked_pause(error),
                    sent_at=now,
                    lease_until=None,
                    deleted_at=None,  # what may cost credits is in sight
                )
            case _:
                return False
        if moved:
            submit.settle(generation)
        return True
