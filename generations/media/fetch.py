"""Fetching results and keeping them: Meigen's links carry no promise to last."""

import hashlib
import os
import time
from datetime import timedelta
from typing import IO, Any
from uuid import UUID

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from generations.dispatch import failpoints, stopping, wake
from generations.media.decode import EXTENSIONS, Found, Small, inspect
from generations.media.download import Failed, Refused, download
from generations.models import Event, Generation, Lease, Result, words
from generations.models.process import this_process

RUN_SECONDS = 25.0
# Renewed while bytes come in, so it only has to outlast the longest silence and the decoding.
LEASE = timedelta(seconds=45)
RENEW_SECONDS = 5.0
TRIES_AT_ONCE = 2
LONGEST_PAUSE = timedelta(hours=1)
STORE_PAUSE = timedelta(minutes=15)
# With their pauses a wrong answer is given some hours to become another, and a server three days to answer at all. What
# is fetched anew for a damaged file is given minutes: until then there is nothing to be seen.
MAX_REFUSALS = 12
MAX_FAILURES = 82
MAX_TRIES_OF_DAMAGED = 6
THUMB, LARGER = ".thumb.webp", ".preview.webp"


def run() -> None:
    """Fetches what is due, one after the other, for a while; then wakes the next run if more is due.

    At most so many of these run at once as there are slots, so that slow files never take the workers from the sweep.
    """
    if stopping.is_stopping():
        return
    slot = next((name for name in wake.FETCH_SLOTS if Lease.take(name, LEASE.total_seconds())), None)
    if slot is None:
        return
    ends = time.monotonic() + RUN_SECONDS
    try:
        while time.monotonic() < ends and not stopping.is_stopping() and Lease.take(slot, LEASE.total_seconds()):
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
    result = _claim(pk)
    if result is None:
        return
    renew = _Renewal(result, slot)
    try:
        with download(result.source_url, progress=renew) as file:
            found = inspect(file, progress=renew)
            renew()
            _keep(result, file, found)
    except _Stopped:
        _mine(result).update(lease_until=None, not_before=None, tries=F("tries") - 1, problem=result.problem)
    except Refused as refusal:
        # A wrong answer may be a bad moment of the file's server, or a setting that somebody mends.
        result.refusals += 1
        _retry(result, str(refusal))
    except Failed as failure:
        _retry(result, str(failure))
    except OSError as error:
        # Our own disk or bucket: the file waits for it, however long that takes.
        problem = words.FILE_NOT_WRITTEN % {"reason": error.strerror or gettext_noop("disk error")}
        _wait(result, problem, STORE_PAUSE, tries=F("tries") - 1)


def _claim(pk: UUID) -> Result | None:
    """The result, if it is this process's now. A pause is set at once, for a file may be the end of who opens it.

    Its `problem` is what the try before has said; in the row there is none until this one says something.
    """
    now = timezone.now()
    due = Result.objects.due(now).filter(pk=pk)
    result = due.select_related("generation").first()
    if result is None:
        return None
    problem = result.problem
    has_killed = result.tries > 0 and not problem  # whoever tried last has never said how it ended
    claim = {"lease_until": now + LEASE, "claimed_by": this_process(), "problem": "", "tries": F("tries") + 1}
    if result.tries >= TRIES_AT_ONCE:
        claim["not_before"] = now + _pause(result.tries)
    if not due.update(**claim):
        return None
    result.refresh_from_db()
    result.problem = problem
    if has_killed and _is_tried_enough(result):
        _refuse(result, gettext_noop("The program that opens this file keeps crashing."))
        return None
    return result


def _mine(result: Result) -> QuerySet[Result]:
    """The row, if it still waits for this process's verdict."""
    return Result.objects.filter(pk=result.pk, kept_at=None, gone_at=None, claimed_by=this_process())


class _Renewal:
    """Keeps the result and the slot ours while a download goes on. Raises _Stopped when it should not."""

    def __init__(self, result: Result, slot: str) -> None:
        self.result = result
        self.slot = slot
        self.next = time.monotonic() + RENEW_SECONDS

    def __call__(self) -> None:
        failpoints.reach("downloading")
        if stopping.is_stopping():
            raise _Stopped
        if time.monotonic() < self.next:
            return
        self.next = time.monotonic() + RENEW_SECONDS
        if not _mine(self.result).update(lease_until=timezone.now() + LEASE):
            raise _Stopped
        if self.slot:
            Lease.take(self.slot, LEASE.total_seconds())


def _keep(result: Result, file: IO[bytes], found: Found) -> None:
    """The files first, then the row: a row never names a file that is not there."""
    stem = stem_of(result.pk)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    name = default_storage.save(f"{stem}.{found.extension}", File(file))
    failpoints.reach("renamed-alone")
    small = keep_small(stem, found.small)
    failpoints.reach("renamed")
    with transaction.atomic():
        kept = Result.objects.filter(pk=result.pk, kept_at=None, erased_at=None).update(
            file=name,
            **small,
            content_type=found.content_type,
            size=size,
            sha256=digest,
            kept_at=timezone.now(),
            gone_at=None,
            problem="",
            lease_until=None,
        )
        if kept:
            _tell(result, words.FILE_KEPT % {"number": result.number + 1})
    if not kept and not Result.objects.filter(pk=result.pk, erased_at=None).exists():
        for left in names_of(result):  # erased meanwhile; nobody else would take these away
            default_storage.delete(left)


def stem_of(pk: UUID) -> str:
    """What the names of a result's files begin with: the same each time, so a repeated save leaves nothing over."""
    return f"results/{pk.hex[:2]}/{pk.hex}"


def names_of(result: Result) -> set[str]:
    """Every name that a file of it has or may have: a try that was killed has left files that the row does not name."""
    stem = stem_of(result.pk)
    possible = {f"{stem}.{extension}" for extension in EXTENSIONS.values()} | {stem + THUMB, stem + LARGER}
    return possible | {file.name for file in (result.file, result.thumbnail, result.preview) if file.name}


def keep_small(stem: str, small: Small | None) -> dict[str, Any]:
    """Keeps the small pictures; returns the columns that tell of them."""
    if small is None:
        return {"thumbnail": "", "preview": "", "width": None, "height": None}
    return {
        "thumbnail": default_storage.save(stem + THUMB, ContentFile(small.thumbnail)),
        "preview": default_storage.save(stem + LARGER, ContentFile(small.preview)),
        "width": small.width,
        "height": small.height,
    }


def _refuse(result: Result, reason: str) -> None:
    if _is_damaged(result):  # better than nothing
        if _mine(result).update(kept_at=timezone.now(), problem=reason, lease_until=None):
            result.generation.touch()
        return
    with transaction.atomic():
        if _mine(result).update(gone_at=timezone.now(), problem=reason, lease_until=None):
            _tell(result, words.FILE_LOST % {"number": result.number + 1, "reason": reason})


def _retry(result: Result, reason: str) -> None:
    if _is_tried_enough(result):
        _refuse(result, reason)
    else:
        _wait(result, reason, _pause(result.tries), refusals=result.refusals)


def _wait(result: Result, problem: str, pause: timedelta, **columns: Any) -> None:
    not_before = timezone.now() + pause
    if _mine(result).update(not_before=not_before, problem=problem, lease_until=None, **columns):
        result.generation.touch()


def _is_tried_enough(result: Result) -> bool:
    if _is_damaged(result):
        return result.tries >= MAX_TRIES_OF_DAMAGED
    return result.refusals >= MAX_REFUSALS or result.tries - result.refusals >= MAX_FAILURES


def _is_damaged(result: Result) -> bool:
    """Whether it was kept before and is fetched `anew`, and its former file is still there."""
    return bool(result.file) and default_storage.exists(result.file.name or "")


def _pause(tries: int) -> timedelta:
    return min(timedelta(seconds=5 * 2 ** min(tries, 10)), LONGEST_PAUSE)


def given_up() -> QuerySet[Result]:
    """What could not be fetched."""
    return Result.objects.filter(gone_at__isnull=False, kept_at=None, erased_at=None)


def again(generation: Generation) -> bool:
    """Tries anew to fetch what was given up; says whether there was anything."""
    return bool(_begin_anew(given_up().filter(generation=generation)))


def all_again() -> int:
    """Tries anew to fetch all that was ever given up; says how many files."""
    return _begin_anew(given_up())


def anew(result: Result) -> bool:
    """Fetches what was kept and is lost or damaged since; whether that has been begun. Meigen may have it no more."""
    kept = Result.objects.filter(pk=result.pk, kept_at=result.kept_at, kept_at__isnull=False)
    return bool(_begin_anew(kept))


def _begin_anew(results: QuerySet[Result]) -> int:
    with transaction.atomic():
        Generation.objects.filter(pk__in=results.values("generation")).touch()
        count = results.update(kept_at=None, gone_at=None, not_before=None, tries=0, refusals=0, problem="")
        if count:
            wake.fetch()
    return count


def _tell(result: Result, note: str) -> None:
    """A line in the timeline, and a new version for open pages."""
    Event.objects.create(generation=result.generation, at=timezone.now(), status=Generation.Status.DONE, note=note)
    result.generation.touch()
