"""Pictures a person gives a model to look at."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from .generation import Generation


class Reference(models.Model):
    """A reference image: a file of ours that is uploaded to Meigen when needed, or a public link that is passed on.

    An upload lasts a day upstream, so the file is kept and uploaded again; a link has no file and is never fetched.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="references")
    generations = models.ManyToManyField(Generation, through="ReferenceUse", related_name="references")
    name = models.CharField(max_length=100, help_text="What the person sees of it: a file name or a host.")
    file = models.FileField(max_length=200, blank=True)
    content_type = models.CharField(max_length=40, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    public_url = models.URLField(max_length=2000, blank=True, help_text="Where Meigen reads it.")
    uploaded_at = models.DateTimeField(null=True, help_text="When the file was last uploaded; null for a link.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "public_url"], condition=models.Q(file=""), name="one_row_per_link_and_person"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_link(self) -> bool:
        return not self.file

    @property
    def identity(self) -> str:
        """The same for the same picture or link, however often it was added or uploaded."""
        return self.sha256 or self.public_url


class ReferenceUse(models.Model):
    """A reference's place in a request: the first of a video is its first frame."""

    generation = models.ForeignKey(Generation, models.CASCADE)
    reference = models.ForeignKey(Reference, models.CASCADE)
    number = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["generation", "number"], name="references_are_numbered")]

    def __str__(self) -> str:
        return f"{self.number}"
