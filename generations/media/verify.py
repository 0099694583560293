"""Compares rows with files, and repairs what can be repaired. Memory use does not depend on how many there are."""

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import Max, Model, QuerySet
from django.utils import timezone

from generations.media import fetch, poster
from generations.media.decode import inspect
from generations.media.download import Refused
from generations.media.storage import pieces
from generations.models import Generation, Reference, Result
from generations.models.sentences import translated

BATCH = 500
ENOUGH = 5  # so many missing files cast doubt on the storage; more unknown files than this, on the database
# A younger file may belong to a download in progress.
ORPHAN_AGE = timedelta(days=1)
# Names of ours: a row's file or small picture, or a temporary file that a killed process left.
OURS = re.compile(r"([0-9a-f]{32})(\.thumb\.webp|\.preview\.webp|\.\w+)|\.([0-9a-f]{32})\..+\.part")
FOLDERS: dict[str, type[Reference] | type[Result]] = {"results": Result, "references": Reference}
M = TypeVar("M", bound=Model)
# Brings the file of a row back at once, and says how; empty if it cannot.
Rebuild = Callable[[Reference | Result], str]


@dataclass(frozen=True)
class Finding:
    """Something wrong with a file, and what was done about it. `repaired` is empty if nothing was."""

    name: str
    wrong: str
    repaired: str = ""


class WrongStore(Exception):
    """None of the expected files exist, so it is the storage that has to be fixed."""


class WrongDatabase(Exception):
    """The database knows less than half of the files: it is new, another studio's, or an old backup."""


def findings(
    *, repair: bool, hashes: bool, delete_unknown: bool = False, rebuild: Rebuild | None = None
) -> Iterator[Finding]:
    """Yields everything wrong with the files of results and references. With `hashes` every file is read.

    With `rebuild` the store is known to be lost or old, so nothing is deleted and nothing casts doubt on it.
    Raises WrongStore instead of repairing if the storage is not mounted or is the wrong one. Without `delete_unknown`
    it also raises WrongDatabase, and keeps every file that is newer than anything in the database.
    """
    if repair and not rebuild:
        check_store()
    if repair and not rebuild and not delete_unknown:
        _check_database()
    yield from _back_again(repair=repair, rebuild=rebuild)
    yield from _results(repair=repair, hashes=hashes, rebuild=rebuild)
    for reference in _rows(Reference.objects.exclude(file="")):
        name = reference.file.name or ""
        yield from _found(name, partial(_of_reference, reference, name, hashes=hashes, rebuild=rebuild))
    if not rebuild:
        yield from _orphans(repair=repair, delete_unknown=delete_unknown)


def _results(*, repair: bool, hashes: bool, rebuild: Rebuild | None) -> Iterator[Finding]:
    for result in _rows(Result.objects.filter(kept_at__isnull=False, erased_at=None)):
        name = result.file.name or ""
        yield from _found(name, partial(_of_result, result, name, repair=repair, hashes=hashes, rebuild=rebuild))


def _found(name: str, look: Callable[[], Finding | None]) -> Iterator[Finding]:
    """Runs one check. A file that the disk or bucket cannot read or write is a finding and does not end the run."""
    try:
        finding = look()
    except OSError as error:
        finding = Finding(name, f"could not be read or written ({error.strerror or error})")
    if finding:
        yield finding


def _of_result(result: Result, name: str, *, repair: bool, hashes: bool, rebuild: Rebuild | None) -> Finding | None:
    if wrong := _compare(name, result.size, result.sha256 if hashes else ""):
        if not _is_row(result):
            return None
        if rebuild:
            return _rebuilt(result, name, wrong, rebuild)
        is_tried = repair and fetch.refetch(result)
        if result.problem:  # so it has been refetched before
            return _unfetched(result, name, wrong)
        return Finding(name, wrong, "will be fetched again" if is_tried else "")
    if _lacks_small_pictures(result, repair=repair) and _is_row(result):
        repaired = "regenerated" if repair and _make_small_pictures(result) else ""
        if repaired or not result.is_video:  # a video may have no poster
            return Finding(name, "has no small pictures", repaired)
    return None


def _rebuilt(result: Result, name: str, wrong: str, rebuild: Rebuild) -> Finding:
    if repaired := rebuild(result):
        return Finding(name, wrong, repaired)
    result.problem = Result.objects.filter(pk=result.pk).values_list("problem", flat=True).first() or ""
    return _unfetched(result, name, wrong)


def _unfetched(result: Result, name: str, wrong: str) -> Finding:
    return Finding(name, f"{wrong}, and could not be fetched again: {translated(result.problem)}")


def _of_reference(reference: Reference, name: str, *, hashes: bool, rebuild: Rebuild | None) -> Finding | None:
    wrong = _compare(name, None, reference.sha256 if hashes else "")
    if not wrong or not _is_row(reference):
        return None
    return Finding(name, wrong, rebuild(reference) if rebuild else "")


def check_store() -> None:
    """Raises WrongStore if none of the latest results is there."""
    latest = Result.objects.filter(kept_at__isnull=False, erased_at=None).order_by("-kept_at")[:ENOUGH]
    names = [result.file.name or "" for result in latest]
    if len(names) == ENOUGH and not any(map(default_storage.exists, names)):
        raise WrongStore


def _check_database() -> None:
    known = unknown = 0
    for _, unknown_since in _files():
        if unknown_since is None:
            known += 1
        else:
            unknown += 1
    if unknown > max(known, ENOUGH):
        raise WrongDatabase


def _back_again(*, repair: bool, rebuild: Rebuild | None) -> Iterator[Finding]:
    """Results that were saved, were missing for a while, and are there again."""
    for result in _rows(Result.objects.filter(kept_at=None, erased_at=None).exclude(file="")):
        name = result.file.name or ""
        yield from _found(name, partial(_of_a_lost, result, name, repair=repair, rebuild=rebuild))


def _of_a_lost(result: Result, name: str, *, repair: bool, rebuild: Rebuild | None) -> Finding | None:
    if wrong := _compare(name, result.size, result.sha256):
        return _rebuilt(result, name, wrong, rebuild) if rebuild else None
    rows = Result.objects.filter(pk=result.pk, file=name, kept_at=None, erased_at=None)
    kept = repair and rows.update(kept_at=timezone.now(), gone_at=None, problem="", lease_until=None)
    if kept:
        result.generation.mark_changed()
    return Finding(name, "was missing and is back", "kept again" if kept else "")


def _rows(rows: QuerySet[M]) -> Iterator[M]:
    """All rows in the order of their ids, in batches, so that the table can be written to in the meantime."""
    batch = list(rows.order_by("pk")[:BATCH])
    while batch:
        yield from batch
        batch = list(rows.filter(pk__gt=batch[-1].pk).order_by("pk")[:BATCH])


def _is_row(row: Reference | Result) -> bool:
    """Whether the row still names this file, since it may have been erased after it was read."""
    name = row.file.name or ""
    if isinstance(row, Result):
        return Result.objects.filter(pk=row.pk, file=name, erased_at=None).exists()
    return Reference.objects.filter(pk=row.pk, file=name).exists()


def _compare(name: str, size: int | None, sha256: str) -> str:
    """What is wrong with a file, or an empty string."""
    try:
        found = default_storage.size(name) if name else None
    except FileNotFoundError:
        found = None
    if found is None:
        return "is missing"
    if size is not None and found != size:
        return f"has {found} bytes, not {size}"
    if sha256:
        digest = hashlib.sha256()
        try:
            for piece in pieces(name, 0, found):
                digest.update(piece)
        except FileNotFoundError:
            return "is missing"
        if digest.hexdigest() != sha256:
            return "has different content"
    return ""


def _lacks_small_pictures(result: Result, *, repair: bool) -> bool:
    """Whether small pictures are missing. A video without a poster is worth another try only if there is ffmpeg."""
    names = [result.thumbnail.name, result.preview.name]
    if result.is_video and not any(names):
        return repair and poster.can_be_made()
    return not all(name and default_storage.exists(name) for name in names)


def _make_small_pictures(result: Result) -> bool:
    # ffmpeg needs a local file, wherever the storage is.
    try:
        with default_storage.open(result.file.name or "") as source, tempfile.TemporaryFile() as file:
            shutil.copyfileobj(source, file)
            file.seek(0)
            small = inspect(file).small
    except (Refused, FileNotFoundError):
        return False
    if small is None:
        return False
    columns = fetch.keep_small(fetch.stem_of(result.pk), small)
    made = Result.objects.filter(pk=result.pk, file=result.file.name or "").update(**columns)
    result.generation.mark_changed()
    return bool(made)


def _orphans(*, repair: bool, delete_unknown: bool) -> Iterator[Finding]:
    """Old files that no row names. If they are newer than anything in the database, they stay unless it is explicitly
    allowed to delete them."""
    # Not the latest `kept_at`: with an old backup, workers fetch whatever was pending as soon as they start.
    latest = Generation.objects.aggregate(at=Max("created_at"))["at"]
    for name, unknown_since in _files():
        if unknown_since is None:
            continue
        if not delete_unknown and (latest is None or unknown_since > latest):
            yield Finding(name, "is not in the database and is newer than anything in it")
            continue
        yield from _found(name, partial(_of_an_orphan, name, repair=repair))


def _of_an_orphan(name: str, *, repair: bool) -> Finding:
    if repair:
        default_storage.delete(name)
    return Finding(name, "is not in the database", "deleted" if repair else "")


def _files() -> Iterator[tuple[str, datetime | None]]:
    """Yields every file of a row, with None, and every old file that no row names, with its modification time.

    Files whose names are not ours are ignored.
    """
    for folder, model in FOLDERS.items():
        for inner in sorted(list_folder(folder)[0]):
            found = iter(list_folder(f"{folder}/{inner}")[1])
            while batch := list(islice(found, BATCH)):
                ours = [(f"{folder}/{inner}/{name}", match) for name in batch if (match := OURS.fullmatch(name))]
                ids = {UUID(match[1] or match[3]) for _, match in ours}
                known, pending = _known(model, ids), _pending(model, ids)
                for name, match in ours:
                    if name in known or UUID(match[1] or match[3]) in pending:
                        yield name, None
                    elif (written := _written(name)) and written < timezone.now() - ORPHAN_AGE:
                        yield name, written


def list_folder(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _known(model: type[Reference] | type[Result], ids: set[UUID]) -> set[str]:
    """The names of all files of these rows."""
    columns = ["file", "thumbnail", "preview"] if model is Result else ["file"]
    rows = model.objects.filter(pk__in=ids).values_list(*columns)
    return {name for row in rows for name in row if name}


def _pending(model: type[Reference] | type[Result], ids: set[UUID]) -> set[UUID]:
    """Rows whose file may be saved at any moment, under a name that an earlier try has used."""
    if model is not Result:
        return set()
    return set(Result.objects.filter(pk__in=ids, kept_at=None, erased_at=None).values_list("pk", flat=True))


def _written(name: str) -> datetime | None:
    try:
        return default_storage.get_modified_time(name)
    except FileNotFoundError:
        return None
