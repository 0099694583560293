"""Pictures, videos and sounds that a person gives a model to look at or listen to."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.columns import NameField
from generations.models.generation import Generation
from generations.models.result import Result


class Reference(models.Model):
    """A picture or clip: a file of ours that is uploaded to Meigen when needed, or an address that is passed on.

    An upload lasts a day upstream (a week for clips), so the file is kept and uploaded again. A clip made of a result
    has no file of its own: it names the result, whose address at Meigen counts as its first upload.
    """

    class Kind(models.TextChoices):
        IMAGE = "image", _("Picture")
        VIDEO = "video", _("Video")
        AUDIO = "audio", _("Sound")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="references")
    generations = models.ManyToManyField(Generation, through="ReferenceUse", related_name="references")
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.IMAGE)
    name = NameField(max_length=100, help_text="What the person sees of it: a file name or a host.")
    file = models.FileField(max_length=200, blank=True)
    result = models.ForeignKey(Result, models.SET_NULL, null=True, related_name="+", help_text="Whose file it is.")
    content_type = models.CharField(max_length=40, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(null=True, help_text="Bytes of a clip; null when not known.")
    seconds = models.FloatField(null=True, help_text="Of a clip; null when not known.")
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
    def is_clip(self) -> bool:
        return self.kind != self.Kind.IMAGE

    @property
    def is_link(self) -> bool:
        """Whether it is an address that a person gave."""
        return not self.file and self.uploaded_at is None

    @property
    def stored(self) -> FieldFile | None:
        """The file to upload; None for a link, and for a result that is gone."""
        if self.file:
            return self.file
        return self.result.file if self.result and self.result.file else None

    @property
    def identity(self) -> str:
        """The same for the same picture, clip or link, however often it was added or uploaded."""
        return self.sha256 or self.public_url


class ReferenceUse(models.Model):
    """A reference's place in a request, and what it is there for where the request says so."""

    class Role(models.TextChoices):
        PLAIN = "", _("Reference")
        FRAME = "frame", _("Frame")
        CONTENT = "content", _("Content")

    generation = models.ForeignKey(Generation, models.CASCADE)
    reference = models.ForeignKey(Reference, models.CASCADE)
    number = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=7, choices=Role, blank=True, default=Role.PLAIN)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["generation", "number"], name="references_are_numbered")]

    def __str__(self) -> str:
        return f"{self.number}"
