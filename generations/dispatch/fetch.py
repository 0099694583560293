"""Fetching results and keeping them: Meigen's links carry no promise to last."""

import hashlib
import time
from datetime import timedelta
from typing import IO
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from generations.models import Event, Generation, Lease, Result
from generations.models.process import this_process

from . import failpoints, shared, wake
from .download import Failed, Refused, download
from .inspect import Found, inspect

RUN_SECONDS = 25.0
# Renewed while bytes come in, so it only has to outlast the longest silence and the decoding.
LEASE = timedelta(seconds=45)
RENEW_SECONDS = 5.0
MAX_REFUSALS = 6
GIVE_UP_AFTER = timedelta(days=3)
LONGEST_PAUSE = timedelta(hours=1)


def run() -> None:
    """Fetches what is due, one after the other, for a while; then wakes the next run if more is due.

    At most so many of these run at once as there are slots, so that slow files never take the workers from the sweep.
    """
    if shared.is_stopping():
        return
    slot = next((name for name in wake.FETCH_SLOTS if Lease.take(name, LEASE.total_seconds())), None)
    if slot is None:
        return
    ends = time.monotonic() + RUN_SECONDS
    try:
        while time.monotonic() < ends and not shared.is_stopping() and Lease.take(slot, LEASE.total_seconds()):
            longest_waiting = Result.objects.due(timezone.now()).order_by(F("not_before").asc(nulls_first=True))
            pk = longest_waiting.values_list("pk", flat=True).first()
            if pk is None:
                break
            fetch(pk, slot)
    finally:
        Lease.give_back(slot)
    if Result.objects.due(timezone.now()).exists():
        wake.fetch()


class _Stopped(Exception):
    """The cluster stops, or the lease was lost: the download is left for another process."""


def fetch(pk: UUID, slot: str = "") -> None:
    """Downloads, checks and keeps one result, if nobody else is at it and it is due. `slot` is renewed on the way."""
    now = timezone.now()
    due = Result.objects.due(now).filter(pk=pk)
    if not due.update(lease_until=now + LEASE, claimed_by=this_process(), tries=F("tries") + 1):
        return
    result = Result.objects.select_related("generation").get(pk=pk)
    renew = _Renewal(result, slot)
    try:
        with download(result.source_url, progress=renew) as file:
            found = inspect(file)
            renew()
            _keep(result, file, found)
    except _Stopped:
        mine = Result.objects.filter(pk=pk, kept_at=None, gone_at=None, claimed_by=this_process())
        mine.update(lease_until=None, tries=F("tries") - 1)
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


class _Renewal:
    """Keeps the result and the slot ours while a download goes on. Raises _Stopped when it should not."""

    def __init__(self, result: Result, slot: str) -> None:
        self.result = result
        self.slot = slot
        self.next = time.monotonic() + RENEW_SECONDS

    def __call__(self) -> None:
        failpoints.reach("downloading")
        if shared.is_stopping():
            raise _Stopped
        if time.monotonic() < self.next:
            return
        self.next = time.monotonic() + RENEW_SECONDS
        mine = Result.objects.filter(pk=self.result.pk, kept_at=None, gone_at=None, claimed_by=this_process())
        if not mine.update(lease_until=timezone.now() + LEASE):
            raise _Stopped
        if self.slot:
            Lease.take(self.slot, LEASE.total_seconds())


def _keep(result: Result, file: IO[bytes], found: Found) -> None:
    """The files first, then the row: a row never names a file that is not there."""
    stem = f"results/{result.pk.hex[:2]}/{result.pk.hex}"
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    size = file.tell()
    file.seek(0)
    name = default_storage.save(f"{stem}.{found.extension}", File(file))
    thumbnail = default_storage.save(f"{stem}.thumb.webp", ContentFile(found.thumbnail)) if found.thumbnail else ""
    failpoints.reach("renamed")
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
