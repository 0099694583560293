"""The attachments of a form: pictures, frames and clips, checked against what the model accepts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.text import isolated
from generations.dispatch.upload import CLIP_EXTENSIONS
from generations.models import Reference, ReferenceUse
from meigen_api.types import ClipLimits, Model

Role = ReferenceUse.Role
TOKEN = re.compile(r"\[(image|video|audio)([0-9]{1,3})\]")
CHARACTER = re.compile(r"\[character:[0-9a-fA-F-]{36}\]")
MAX_CHARACTERS = 3


class FrameSelect(forms.RadioSelect):
    """A choice among the attached pictures."""


@dataclass(frozen=True)
class Attached:
    """The references of a form, for a model. `first` and `last` are the ids of the pictures chosen as frames."""

    references: Sequence[Reference]
    model: Model | None = None
    first: str = ""
    last: str = ""

    def _of(self, kind: str) -> list[Reference]:
        return [reference for reference in self.references if reference.kind == kind]

    @cached_property
    def images(self) -> list[Reference]:
        return self._of("image")

    @cached_property
    def videos(self) -> list[Reference]:
        return self._of("video")

    @cached_property
    def audios(self) -> list[Reference]:
        return self._of("audio")

    @property
    def has_input(self) -> bool:
        """Whether anything visible is attached whose ratio could be matched."""
        return bool(self.images or self.videos)

    @cached_property
    def frames(self) -> list[Reference]:
        """The pictures chosen as first and last frame of a video."""
        if self.model is None or not self.model.is_video:
            return []
        known = {str(reference.pk): reference for reference in self.images}
        return [known[pk] for pk in (self.first, self.last) if pk in known]

    @cached_property
    def pictures(self) -> list[Reference]:
        """The pictures that are not frames."""
        return [reference for reference in self.images if reference not in self.frames]

    @property
    def uses(self) -> list[tuple[Reference, str]]:
        """(reference, its role) in the order in which the request lists them."""
        has_content = self.model is not None and self.model.has_frames_and_content
        role = Role.CONTENT if has_content else Role.PLAIN
        frames = [(reference, Role.FRAME if has_content else Role.PLAIN) for reference in self.frames]
        pictures = [(reference, role) for reference in self.pictures]
        clips = [(reference, Role.PLAIN) for reference in (*self.videos, *self.audios)]
        return [(reference, str(role)) for reference, role in (*frames, *pictures, *clips)]

    @property
    def identities(self) -> list[str]:
        """Identifies the references in a request's fingerprint: equal for requests that refer to the same files."""
        return [f"{role}:{reference.identity}" if role else reference.identity for reference, role in self.uses]

    @property
    def clip_seconds(self) -> list[float | None]:
        """The lengths of the reference videos, for the price. Sounds are never billed."""
        return [reference.seconds for reference in self.videos]

    def members(self, urls: Mapping[UUID, str]) -> dict[str, Any]:
        """The members of a request that carry the references, with the addresses where Meigen reads them."""
        if self.model and self.model.has_frames_and_content:
            pictures = {"frameReferenceImages": self.frames, "contentReferenceImages": self.pictures}
        else:
            pictures = {"referenceImages": [*self.frames, *self.pictures]}
        named = {
            **pictures,
            "referenceVideos": self.videos,
            "referenceAudios": self.audios,
        }
        return {name: [urls[reference.pk] for reference in found] for name, found in named.items() if found}

    def problems(self) -> Iterator[str]:
        """Everything about the attachments that Meigen would refuse, in words for the person."""
        if self.model is None:
            return
        model = self.model.name
        no_videos = _("%(model)s does not accept reference videos. Remove them and send again.")
        no_sounds = _("%(model)s does not accept reference sounds. Remove them and send again.")
        yield from self._problems_of_pictures(self.model)
        for clips, limits, not_accepted in (
            (self.videos, self.model.reference_video, no_videos),
            (self.audios, self.model.reference_audio, no_sounds),
        ):
            if clips and limits is None:
                yield not_accepted % {"model": model}
            elif clips and limits:
                yield from self._problems_of_clips(model, clips, limits)

    def _problems_of_pictures(self, model: Model) -> Iterator[str]:
        has_content = model.has_frames_and_content
        most = model.max_content_references if has_content else model.max_references
        words = {"model": model.name, "most": most}
        if len(self.pictures if has_content else [*self.frames, *self.pictures]) > most:
            if has_content:
                yield _("%(model)s accepts at most %(most)s content pictures. Remove some and send again.") % words
            elif most:
                yield _("%(model)s accepts at most %(most)s reference pictures. Remove some and send again.") % words
            else:
                yield _("%(model)s does not accept reference pictures. Remove them and send again.") % words
        if model.requires_first_frame and not self.images:
            yield _("%(model)s needs a first frame. Add a picture to the references.") % words
        elif model.requires_first_frame and has_content and not self.first:
            yield _("%(model)s needs a first frame. Choose one of the pictures.") % words
        if self.last and not self.first:
            yield _("A last frame needs a first frame. Choose one, or clear the last frame.")

    def _problems_of_clips(self, model: str, clips: list[Reference], limits: ClipLimits) -> Iterator[str]:
        if len(clips) > limits.max_count:
            many = ngettext(
                "%(model)s accepts at most %(most)s clip of this kind. Remove some and send again.",
                "%(model)s accepts at most %(most)s clips of this kind. Remove some and send again.",
                limits.max_count,
            )
            yield many % {"model": model, "most": limits.max_count}
        known = {clip.identity: clip.name for clip in clips}
        for identity, times in Counter(clip.identity for clip in clips).items():
            if times > 1:
                yield _("%(name)s is attached twice. Remove one of them.") % {"name": isolated(known[identity])}
        for clip in clips:
            if problem := _problem_of_clip(clip, limits):
                yield _("%(name)s: %(problem)s") % {"name": isolated(clip.name), "problem": problem}
        total = round(sum(clip.seconds or 0 for clip in clips), 3)
        if limits.max_total_seconds is not None and total > limits.max_total_seconds:
            long = _("These clips are %(total)s s long in total; %(model)s accepts at most %(most)s s.")
            yield long % {"total": f"{total:g}", "model": model, "most": f"{limits.max_total_seconds:g}"}
        if limits.requires_visual and not self.has_input:
            yield _("%(model)s accepts sound only together with a picture or a video. Add one.") % {"model": model}

    def missing(self, prompt: str) -> list[str]:
        """The tokens in a prompt, such as [image2], that name a reference which does not exist."""
        counts = {"image": len(self.frames) + len(self.pictures), "video": len(self.videos), "audio": len(self.audios)}
        tokens = TOKEN.finditer(prompt)
        return list(dict.fromkeys(found[0] for found in tokens if not 1 <= int(found[2]) <= counts[found[1]]))


def too_many_characters(prompt: str) -> bool:
    return len(CHARACTER.findall(prompt)) > MAX_CHARACTERS


def _problem_of_clip(clip: Reference, limits: ClipLimits) -> str:
    """What is wrong with one clip, or an empty string if no problem is known."""
    least, most, seconds = limits.min_seconds, limits.max_seconds, clip.seconds
    if seconds is not None and ((least is not None and seconds < least) or (most is not None and seconds > most)):
        if least is not None and most is not None:
            words = _("it is %(seconds)s s long; clips must be %(least)s to %(most)s s.")
            return words % {"seconds": f"{seconds:g}", "least": f"{least:g}", "most": f"{most:g}"}
        return _("at %(seconds)s s it is too short or too long for this model.") % {"seconds": f"{seconds:g}"}
    if limits.max_bytes is not None and clip.size is not None and clip.size > limits.max_bytes:
        words = _("it is %(size)s; at most %(most)s is allowed.")
        return words % {"size": filesizeformat(clip.size), "most": filesizeformat(limits.max_bytes)}
    extension = CLIP_EXTENSIONS.get(clip.content_type)
    if limits.formats and extension and extension not in limits.formats:
        return _("this model accepts %(formats)s only.") % {"formats": ", ".join(limits.formats).upper()}
    return ""
