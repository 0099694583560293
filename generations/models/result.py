"""The files of a finished generation, each fetched and kept on its own clock."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models

from generations.models.generation import Generation
from generations.models.lease import is_over


class ResultQuerySet(models.QuerySet["Result"]):
    def due(self, now: datetime) -> ResultQuerySet:
        """What may be fetched now; own columns only, so that an UPDATE may ask it again."""
        return self.filter(
            is_over("lease_until", now), is_over("not_before", now), kept_at=None, gone_at=None, erased_at=None
        )


class Result(models.Model):
    """One picture or video. Pending until `kept_at` (the file is ours) or `gone_at` (it cannot be had any more)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    generation = models.ForeignKey(Generation, models.CASCADE, related_name="results")
    number = models.PositiveSmallIntegerField(help_text="Place in the set, from 0.")
    source_url = models.URLField(max_length=2000, help_text="Where Meigen keeps it.")

    tries = models.PositiveSmallIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(default=0, db_default=0, help_text="Tries that got a wrong answer.")
    lease_until = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=200, blank=True, help_text="The process that fetches it, or did last.")
    not_before = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, help_text="Why the latest try failed.")
    kept_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True, help_text="Since when its files, and then this row, are to be removed.")

    file = models.FileField(max_length=200, blank=True)
    # Two small WebP pictures: of the picture itself, or of a video's first frame.
    thumbnail = models.FileField(max_length=200, blank=True)
    preview = models.FileField(max_length=200, blank=True, help_text="The larger one.")
    content_type = models.CharField(max_length=40, blank=True)
    size = models.PositiveBigIntegerField(null=True, help_text="Bytes.")
    sha256 = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["generation", "number"], name="results_are_numbered")]
        indexes = [
            models.Index(
                fields=["not_before"], name="results_to_fetch", condition=models.Q(kept_at=None, gone_at=None)
            ),
            models.Index(fields=["erased_at"], name="results_to_remove", condition=models.Q(erased_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"Result {self.number + 1}"

    @property
    def is_pending(self) -> bool:
        return self.kept_at is None and self.gone_at is None

    @property
    def is_video(self) -> bool:
        return self.content_type.startswith("video/")


def kept_results(generation: Generation) -> list[Result]:
    """The files that are ours, from what was prefetched."""
    return [result for result in generation.results.all() if result.kept_at]
