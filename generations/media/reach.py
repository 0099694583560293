"""Whether the files of results can be fetched from where Meigen keeps them, which is not where its API is."""

from django.db.models import Q, QuerySet
from django.utils import timezone

from generations.dispatch import troubles, wake
from generations.media import download
from generations.models import Pause, Result
from generations.models.sentences import Sentence

SECONDS = 5.0


def look() -> None:
    """Asks for a file that could not be fetched, and writes down if its server has gone or come back."""
    url = _waiting().order_by("not_before").values_list("source_url", flat=True).first()
    if url is None or download.begins(url, SECONDS):
        troubles.end(troubles.FILES, hurry)
    else:
        troubles.begin(troubles.FILES, f"The server of Meigen's files does not answer: {download.host_of(url)}")


def hurry() -> None:
    """What waits for a server to answer need not wait any longer."""
    now = timezone.now()
    if _waiting().filter(not_before__gt=now).update(not_before=now) and not Pause.is_on():
        wake.fetch()


def _waiting() -> QuerySet[Result]:
    """What could not be fetched for want of an answer. Not what arrived and was wrong."""
    silent = Q(problem=Sentence.FILE_UNFINISHED.stored()) | Q(problem__startswith=Sentence.FILE_RESPONSE.beginning)
    return Result.objects.filter(silent, kept_at=None, gone_at=None, erased_at=None)
