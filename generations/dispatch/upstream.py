"""Whether Meigen answers at all. A call that failed raises a doubt; asking for the models, which is free, decides.

While Meigen is away the watchdog has it asked every few seconds, so what waits for it goes on soon after it is back.
"""

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from generations.dispatch import troubles, wake
from generations.models import Generation
from generations.models.sentences import Sentence
from meigen_api import calls, errors
from meigen_api.client import Client
from meigen_api.errors import MeigenError

S = Generation.Status

SECONDS = 5.0


def is_doubtful(error: MeigenError) -> bool:
    """Whether nothing came back, or nothing that Meigen would say while it works."""
    return isinstance(error, errors.Unreachable | errors.Unsettled) and not isinstance(error, errors.InProgress)


def doubt() -> bool:
    """Something failed, so somebody looks, unless that has just been done. Says whether Meigen is known to be away."""
    if troubles.lasts(troubles.MEIGEN):
        return True
    wake.look_outside()
    return False


def look() -> None:
    """Asks Meigen, and writes down if it has gone or come back."""
    try:
        with Client(settings.MEIGEN_BASE_URL, seconds=SECONDS) as client:
            client.send(calls.raw_models())
    except MeigenError as error:
        if is_doubtful(error):
            troubles.begin(troubles.MEIGEN, f"Meigen does not answer: {error}")
            return
    troubles.end(troubles.MEIGEN, hurry)


def hurry() -> None:
    """What waits because a call failed need not wait any longer. What Meigen has asked to wait does."""
    now = timezone.now()
    failed = Q(message=Sentence.KEEP_TRYING.stored()) | Q(message__startswith=Sentence.SENT_ONCE.beginning)
    waiting = Generation.objects.filter(failed, status__in=[S.QUEUED, S.SENDING], not_before__gt=now)
    waiting.update(not_before=now)
    wake.sweep()
