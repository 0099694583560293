"""Empties the trash: what was deleted long ago is erased, including files. What accounting needs stays.

The order makes it safe to kill the process at any step. First, one transaction removes the texts and everything
attached to the generation, and marks it and its results as erased. From then on nobody can see or restore it, so no
visible row ever names a missing file. Then the files are deleted, and last the rows that named them. A result that is
marked but still exists is found again by the next run, so no file is left behind either.
"""

import logging
import time
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils import timezone

from generations.dispatch import failpoints, stopping, wake
from generations.media import fetch
from generations.models import Attempt, Generation, Preset, Reference, Result, Share
from generations.models.visibility import trash_ends

logger = logging.getLogger(__name__)

RUN_SECONDS = 25.0
BATCH = 100


def empty() -> None:
    """Erases what is due for a limited time, and schedules the next run if more is due."""
    ends = time.monotonic() + RUN_SECONDS
    while not stopping.is_stopping() and time.monotonic() < ends:
        if not _erase_some(timezone.now()) + _remove_some():
            return
    wake.empty_trash()


def _erase_some(now: datetime) -> int:
    due = list(Generation.objects.to_erase(now).order_by("deleted_at").values_list("pk", flat=True)[:BATCH])
    for pk in due:
        erase(pk, now)
    return len(due)


def erase(pk: UUID, now: datetime) -> None:
    """Erases a generation's prompt and results if it is still due: somebody may just have restored it."""
    with transaction.atomic():
        # What accounting needs stays: who, when, which model, what it cost, and every attempt.
        texts = dict.fromkeys(["prompt", "body", "wish", "message", "answer_body"], "")
        blank = {**texts, "team_at": None, "made_from": None}
        due = Generation.objects.to_erase(now).filter(pk=pk)
        if not due.mark_changed(now, erased_at=now, **blank):
            return
        Attempt.objects.filter(generation=pk).update(answer="", error="")
        Result.objects.filter(generation=pk).update(erased_at=now)
        references = list(Reference.objects.filter(generations=pk).values_list("pk", flat=True))
        links = list(Share.objects.filter(generations=pk).values_list("pk", flat=True))
        _delete_dependents(pk)
        Share.objects.filter(pk__in=links, generations=None).delete()  # links that showed nothing else
        forgotten = _forget(references, now)
    failpoints.reach("erased-with-files")
    for name in forgotten:
        try:
            default_storage.delete(name)
        except OSError:  # left to `verify_media`, so that the rest of the trash is still emptied
            logger.exception("%s could not be removed", name)


def _delete_dependents(pk: UUID) -> None:
    """Deletes everything else that refers to the generation: links, stars, collection items, events. What is protected
    belongs to the books."""
    for relation in Generation._meta.related_objects:  # noqa: SLF001
        if relation.many_to_many or relation.related_model in {Attempt, Result}:
            continue
        if relation.on_delete is models.PROTECT:
            continue
        rows: models.QuerySet[Any] = relation.related_model._base_manager.filter(**{relation.field.name: pk})  # noqa: SLF001
        if relation.on_delete is models.SET_NULL:
            rows.update(**{relation.field.name: None})
        else:
            rows.delete()


def _forget(ids: list[UUID], now: datetime) -> list[str]:
    """Deletes those of these reference pictures that are old and used nowhere else. Returns their files.

    If the process is killed before the files are deleted, `verify_media` finds them.
    """
    unused = Reference.objects.filter(pk__in=ids, referenceuse=None, created_at__lt=trash_ends(now))
    names = []
    for reference in unused:
        presets = Preset.objects.filter(owner=reference.owner_id).values_list("references", flat=True)
        if not any(str(reference.pk) in wanted for wanted in presets):
            names.append(reference.file.name or "")
            reference.delete()
    return [name for name in names if name]


def _remove_some() -> int:
    """Deletes the files of erased results, then their rows. What cannot be deleted now is retried later."""
    removed = 0
    for result in Result.objects.filter(erased_at__isnull=False).order_by("erased_at")[:BATCH]:
        try:
            for name in fetch.names_of(result):
                default_storage.delete(name)
        except OSError:
            logger.exception("The files of result %s could not be removed", result.pk)
            Result.objects.filter(pk=result.pk).update(erased_at=timezone.now())  # the others go first
            continue
        failpoints.reach("files-gone-row-left")
        result.delete()
        removed += 1
    return removed
