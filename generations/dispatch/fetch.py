"""Fetching results and keeping them: Meigen's links carry no promise to last."""

import hashlib
import time
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from generations.models import Event, Generation, Lease, Result

from . import wake
from .download import Failed, Refused, download
from .inspect import Found, inspect

SLOTS = ("fetch-1", "fetch-2")
RUN_SECONDS = 25.0
LEASE = timedelta(seconds=180)
MAX_REFUSALS = 6
GIVE_UP_AFTER = timedelta(days=3)
LONGEST_PAUSE = timedelta(hours=1)


def run() -> None:
    """Fetches what is due, one after the other, for a while; then wakes the next run if more is due.

    At most SLOTS of these run at once, so that slow files never take the workers from the sweep.
    """
    slot = next((name for name in SLOTS if Lease.take(name, LEASE.total_seconds())), None)
    if slot is None:
        return
    ends = time.monotonic() + RUN_SECONDS
    try:
        while time.monotonic() < ends and Lease.take(slot, LEASE.total_seconds()):
            pk = due(timezone.now()).values_list("pk", flat=True).first()
            if pk is None:
                break
            fetch(pk)
    finally:
        Lease.give_back(slot)
    if due(timezone.now()).exists():
        wake.fetch()


def due(now: datetime) -> QuerySet[Result]:
    """What may be fetched now, the longest waiting first."""
    return Result.objects.filter(
        Q(lease_until=None) | Q(lease_until__lt=now),
        Q(not_before=None) | Q(not_before__lte=now),
        kept_at=None,
        gone_at=None,
    ).order_by(F("not_before").asc(nulls_first=True))


def fetch(pk: UUID) -> None:
    """Downloads, checks and keeps one result, if nobody else is at it and it is due."""
    now = timezone.now()
    if not due(now).filter(pk=pk).order_by().update(lease_until=now + LEASE, tries=F("tries") + 1):
        return
    result = Result.objects.select_related("generation").get(pk=pk)
    try:
        with download(result.source_url) as file:
            _keep(result, file, inspect(file))
    except Refused as refusal:
        # A wrong answer may be a bad moment of the file's server, or a setting that somebody mends.
        if result.tries >= MAX_REFUSALS:
            _refuse(result, str(refusal))
        else:
            _retry(result, str(refusal))
    except Failed as failure:
        _retry(result, str(failure))
    except OSError as error:
        _retry(result, f"The file could not be kept here: {error.strerror or 'disk error'}.")


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


def again(generation: Generation) -> bool:
    """Tries anew to fetch what was given up; says whether there was anything."""
    with transaction.atomic():
        waiting = generation.results.filter(gone_at__isnull=False, kept_at=None)
        count = waiting.update(gone_at=None, not_before=None, tries=0, problem="")
        if count:
            generation.touch()
            wake.fetch()
    return bool(count)


def _tell(result: Result, note: str) -> None:
    """A line in the timeline, and a new version for open pages."""
    Event.objects.create(generation=result.generation, at=timezone.now(), status=Generation.Status.DONE, note=note)
    result.generation.touch()
