"""Fetches results and saves them, because Meigen does not promise that its links last."""

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

from generations.dispatch import failpoints, stopping, wake
from generations.media import store
from generations.media.decode import Found, Small, inspect
from generations.media.download import Failed, Refused, download
from generations.media.formats import EXTENSIONS
from generations.models import Event, Generation, Lease, Result
from generations.models.process import this_process
from generations.models.sentences import Sentence
from meigen_site.about import about

RUN_SECONDS = 25.0
# Renewed while bytes arrive, so it only has to outlast the longest pause and the decoding.
LEASE = timedelta(seconds=45)
RENEW_SECONDS = 5.0
TRIES_AT_ONCE = 2
LONGEST_PAUSE = timedelta(hours=1)
STORE_PAUSE = timedelta(minutes=15)
# Including the pauses, a wrong response gets some hours to become a right one, and a silent server three days.
# Refetching a damaged file gets minutes, because nothing can be shown until then.
MAX_REFUSALS = 12
MAX_FAILURES = 82
MAX_TRIES_OF_DAMAGED = 6
THUMB, LARGER = ".thumb.webp", ".preview.webp"


def run() -> None:
    """Fetches what is due, one file after the other, for a limited time, then schedules the next run if more is due.

    The number of concurrent runs is limited by slots, so that slow files never take all workers away from the sweep.
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
    """The cluster is stopping or the lease was lost, so the download is left to another process."""


def fetch(pk: UUID, slot: str = "") -> None:
    """Downloads, checks and saves one result if it is due and no other process has it. Renews `slot` meanwhile."""
    result = _claim(pk)
    if result is None:
        return
    with about(generation=result.generation_id):
        _fetch(result, slot)


def _fetch(result: Result, slot: str) -> None:
    renew = _Renewal(result, slot)
    try:
        with download(result.source_url, progress=renew) as file:
            found = inspect(file, progress=renew)
            renew()
            _keep(result, file, found)
    except _Stopped:
        _mine(result).update(lease_until=None, not_before=None, tries=F("tries") - 1, problem=result.problem)
    except Refused as refusal:
        # A wrong response may be temporary, or due to a setting that somebody will fix.
        result.refusals += 1
        _retry(result, str(refusal))
    except Failed as failure:
        _retry(result, str(failure))
        wake.look_outside()
    except OSError as error:
        # Our own disk or bucket failed: the file waits, however long it takes.
        problem = Sentence.FILE_NOT_SAVED.stored(reason=error.strerror or Sentence.DISK_ERROR.stored())
        _wait(result, problem, STORE_PAUSE, tries=F("tries") - 1)
        store.failed(error)


def _claim(pk: UUID) -> Result | None:
    """Claims the result for this process, or returns None. A pause is set right away, because the file may crash the
    process that opens it.

    The returned `problem` is that of the previous try; the row has none until this try reports one.
    """
    now = timezone.now()
    due = Result.objects.due(now).filter(pk=pk)
    result = due.select_related("generation").first()
    if result is None:
        return None
    problem = result.problem
    has_killed = result.tries > 0 and not problem  # the last try never reported how it ended
    claim = {"lease_until": now + LEASE, "claimed_by": this_process(), "problem": "", "tries": F("tries") + 1}
    if result.tries >= TRIES_AT_ONCE:
        claim["not_before"] = now + _pause(result.tries)
    if not due.update(**claim):
        return None
    result.refresh_from_db()
    result.problem = problem
    if has_killed and _is_tried_enough(result):
        _refuse(result, Sentence.FILE_CRASHES.stored())
        return None
    return result


def _mine(result: Result) -> QuerySet[Result]:
    """The row, if it is still waiting for this process's result."""
    return Result.objects.filter(pk=result.pk, kept_at=None, gone_at=None, claimed_by=this_process())


class _Renewal:
    """Renews the lease of the result and the slot during a download. Raises _Stopped if the download should stop."""

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
    """Saves the files first, then the row, so that a row never names a missing file."""
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
            _tell(result, Sentence.FILE_SAVED.stored(number=result.number + 1))
    if not kept and not Result.objects.filter(pk=result.pk, erased_at=None).exists():
        for left in names_of(result):  # erased in the meantime; nobody else would delete these
            default_storage.delete(left)


def stem_of(pk: UUID) -> str:
    """The common prefix of the names of a result's files. It is deterministic, so saving again leaves nothing
    behind."""
    return f"results/{pk.hex[:2]}/{pk.hex}"


def names_of(result: Result) -> set[str]:
    """Every name that a file of the result has or may have: a killed try may have left files that the row does not
    name."""
    stem = stem_of(result.pk)
    possible = {f"{stem}.{extension}" for extension in EXTENSIONS.values()} | {stem + THUMB, stem + LARGER}
    return possible | {file.name for file in (result.file, result.thumbnail, result.preview) if file.name}


def keep_small(stem: str, small: Small | None) -> dict[str, Any]:
    """Saves the small pictures and returns the columns that describe them."""
    if small is None:
        return {"thumbnail": "", "preview": "", "width": None, "height": None}
    return {
        "thumbnail": default_storage.save(stem + THUMB, ContentFile(small.thumbnail)),
        "preview": default_storage.save(stem + LARGER, ContentFile(small.preview)),
        "width": small.width,
        "height": small.height,
    }


def _refuse(result: Result, reason: str) -> None:
    if _is_damaged(result):  # a damaged file is better than none
        if _mine(result).update(kept_at=timezone.now(), problem=reason, lease_until=None):
            result.generation.mark_changed()
        return
    with transaction.atomic():
        if _mine(result).update(gone_at=timezone.now(), problem=reason, lease_until=None):
            _tell(result, Sentence.FILE_LOST.stored(number=result.number + 1, reason=reason))


def _retry(result: Result, reason: str) -> None:
    if _is_tried_enough(result):
        _refuse(result, reason)
    else:
        _wait(result, reason, _pause(result.tries), refusals=result.refusals)


def _wait(result: Result, problem: str, pause: timedelta, **columns: Any) -> None:
    not_before = timezone.now() + pause
    if _mine(result).update(not_before=not_before, problem=problem, lease_until=None, **columns):
        result.generation.mark_changed()


def _is_tried_enough(result: Result) -> bool:
    if _is_damaged(result):
        return result.tries >= MAX_TRIES_OF_DAMAGED
    return result.refusals >= MAX_REFUSALS or result.tries - result.refusals >= MAX_FAILURES


def _is_damaged(result: Result) -> bool:
    """Whether the result was saved before, is being fetched again, and its previous file still exists."""
    return bool(result.file) and default_storage.exists(result.file.name or "")


def _pause(tries: int) -> timedelta:
    return min(timedelta(seconds=5 * 2 ** min(tries, 10)), LONGEST_PAUSE)


def given_up() -> QuerySet[Result]:
    """Results that could not be fetched."""
    return Result.objects.filter(gone_at__isnull=False, kept_at=None, erased_at=None)


def retry(generation: Generation) -> bool:
    """Retries a generation's files that were given up, unless it is deleted. Returns whether there were any."""
    return bool(_begin_anew(given_up().filter(generation=generation, generation__deleted_at=None)))


def retry_all() -> int:
    """Retries every file that was given up. Returns how many there are."""
    return _begin_anew(given_up())


def fetch_now(result: Result) -> bool:
    """Fetches a lost file again at once, in this process. Returns whether it is here; if not, the workers go on
    trying."""
    _begin_anew(Result.objects.filter(pk=result.pk, erased_at=None))
    fetch(result.pk)
    return Result.objects.filter(pk=result.pk, kept_at__isnull=False).exists()


def refetch(result: Result) -> bool:
    """Starts fetching a saved file that was lost or damaged. Returns whether it was started. Meigen may no longer have
    it."""
    kept = Result.objects.filter(pk=result.pk, kept_at=result.kept_at, kept_at__isnull=False)
    return bool(_begin_anew(kept))


def _begin_anew(results: QuerySet[Result]) -> int:
    with transaction.atomic():
        Generation.objects.filter(pk__in=results.values("generation")).mark_changed()
        count = results.update(kept_at=None, gone_at=None, not_before=None, tries=0, refusals=0, problem="")
        if count:
            wake.fetch()
    return count


def _tell(result: Result, note: str) -> None:
    """Adds a line to the timeline, and a new version for open pages."""
    Event.objects.create(generation=result.generation, at=timezone.now(), status=Generation.Status.DONE, note=note)
    result.generation.mark_changed()
