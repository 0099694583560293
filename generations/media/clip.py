"""Reference clips: the type and length of a file."""

import json
import tempfile
from dataclasses import dataclass
from typing import IO, Literal

from generations.media import ffmpeg, video
from generations.media.download import Refused
from generations.models.sentences import Sentence
from meigen_api.types import number


@dataclass(frozen=True)
class Clip:
    """`seconds` is None if this machine has no ffprobe or ffprobe cannot tell."""

    kind: Literal["video", "audio"]
    content_type: str
    seconds: float | None


def inspect(file: IO[bytes]) -> Clip | None:
    """The type and length of the file, or None if it does not begin like a video or sound. Raises Refused for a format
    that Meigen does not accept.

    Rewinds the file. `file` must be on disk, with a descriptor.
    """
    head = file.read(16)
    file.seek(0)
    if head[4:11] in {b"ftypM4A", b"ftypM4B"}:
        raise Refused(Sentence.SOUND_FORMAT)
    found = video.type_of(file)
    if found == "video/webm":
        raise Refused(Sentence.VIDEO_FORMAT)
    if found:
        content_type = "video/quicktime" if head[8:12] == b"qt  " else found
        return Clip("video", content_type, seconds_of(file, content_type))
    if sound := _sound(head):
        return Clip("audio", sound, seconds_of(file, sound))
    return None


def _sound(head: bytes) -> str:
    """The type of a sound by its first bytes: RIFF WAVE, or MPEG layer III with or without an ID3 tag."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    is_frame = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
    return "audio/mpeg" if head[:3] == b"ID3" or is_frame else ""


def seconds_of(file: IO[bytes], content_type: str) -> float | None:
    """The length of the clip, or None if it cannot be determined."""
    if not ffmpeg.can_run("ffprobe"):
        return None
    with tempfile.TemporaryFile() as told:
        asked = ["-show_entries", "format=duration", "-of", "json"]
        if not ffmpeg.run("ffprobe", asked, content_type, file, told):
            return None
        try:
            seconds = number(json.load(told)["format"]["duration"])
        except (ValueError, KeyError, TypeError):
            return None
    return round(seconds, 3) if seconds and seconds > 0 else None
