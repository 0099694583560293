"""Fetching results and keeping them: Meigen's links carry no promise to last."""

import hashlib
from datetime import timedelta
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from generations.models import Event, Generation, Result

from .download import Failed, Refused, download
from .inspect import Found, inspect

LEASE = timedelta(seconds=180)
GIVE_UP_AFTER = timedelta(days=3)
LONGEST_PAUSE = timedelta(hours=1)


def fetch(result_id: str) -> None:
    """Downloads, checks and keeps one result, if nobody else is at it and it is due."""
    result = _claim(result_id)
    if result is None:
        return
    try:
        with download(result.source_url) as file:
            found = inspect(file)
            _keep(result, file, found)
    except Refused as refusal:
        _refuse(result, str(refusal))
    except Failed as failure:
        _retry(result, str(failure))


def _claim(result_id: str) -> Result | None:
    now = timezone.now()
    due = Result.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=now),
        Q(not_before=None) | Q(not_before__lte=now),
        pk=result_id,
        kept_at=None,
        gone_at=None,
    )
    if not due.update(lease_until=now + LEASE, tries=F("tries") + 1):
        return None
    return Result.objects.select_related("generation").get(pk=result_id)


def _keep(result: Result, file: IO[bytes], found: Found) -> None:
    """The files first, then the row: a row never names a file that is not there."""
    stem = f"results/{result.pk.hex[:2]}/{result.pk.hex}"
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    size = file.tell()
    file.seek(0)
    name = default_storage.save(f"{stem}.{found.extension}", File(file))
    thumbnail = default_storage.save(f"{stem}.thumb.webp", ContentFile(found.thumbnail)) if found.thumbnail else ""
    with transaction.atomic():
        kept = Result.objects.filter(pk=result.pk, kept_at=None).update(
            file=name,
            thumbnail=thumbnail,
            content_type=found.content_type,
            size=size,
            sha256=digest,
            width=found.width,
            height=found.height,
            kept_at=timezone.now(),
            problem="",
            lease_until=None,
        )
        if kept:
            _tell(result, f"File {result.number + 1} is kept.")


def _refuse(result: Result, reason: str) -> None:
    with transaction.atomic():
        if Result.objects.filter(pk=result.pk, kept_at=None, gone_at=None).update(
            gone_at=timezone.now(), problem=reason, lease_until=None
        ):
            _tell(result, f"File {result.number + 1}: {reason}")


def _retry(result: Result, reason: str) -> None:
    now = timezone.now()
    finished = result.generation.finished_at or now
    if now - finished > GIVE_UP_AFTER:
        _refuse(result, reason)
        return
    pause = min(timedelta(seconds=5 * 2 ** min(result.tries, 10)), LONGEST_PAUSE)
    Result.objects.filter(pk=result.pk).update(not_before=now + pause, problem=reason, lease_until=None)
    result.generation.touch()


def _tell(result: Result, note: str) -> None:
    """A line in the timeline, and a new version for open pages."""
    Event.objects.create(generation=result.generation, at=timezone.now(), status=Generation.Status.DONE, note=note)
    result.generation.touch()
