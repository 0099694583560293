"""The pictures, videos and sounds in a submit body, checked against the model's raw entry."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from meigen_api.types import Json, members, number
from sandbox.answers import Refused, invalid
from sandbox.catalogue import extra, video
from sandbox.uploads import Clips

DATA_URL = re.compile(r"data:image/[a-z0-9.+-]+;base64,", re.IGNORECASE)
MODES = ["frame", "content"]
# How much of an invalid value the response repeats, since data URLs can be megabytes long.
MAX_ECHO = 200


@dataclass(frozen=True)
class Attached:
    """The number of attachments and, for videos, the seconds of each."""

    images: int
    clip_seconds: tuple[float, ...]
    audios: int

    @property
    def has_visual(self) -> bool:
        """Whether there is a picture or video that a ratio or a sound could follow."""
        return bool(self.images or self.clip_seconds)


def check(body: Json, entry: Json, clips: Clips) -> Attached:
    """Raises Refused for the first reference that the model does not accept."""
    frames, contents = _pictures(body, entry, clips)
    if video(entry).get("requiresFirstFrame") is True and not frames:
        raise _refuse("first_frame_required", "referenceImages", "This model starts from a picture", 0, {"min": 1})
    seconds = _videos(body, entry, clips)
    attached = Attached(frames + contents, tuple(seconds), len(_list(body, "referenceAudios")))
    _audios(body, entry, clips, attached)
    return attached


def given_videos(body: Json) -> list[Any]:
    """The reference videos, including the single one of older servers."""
    several = body.get("referenceVideos")
    one = [body["referenceVideo"]] if body.get("referenceVideo") else []
    return [*one, *(several if isinstance(several, list) else [])]


# Pictures


def _pictures(body: Json, entry: Json, clips: Clips) -> tuple[int, int]:
    """(number of frames, number of content pictures). On models without frames all count as frames."""
    most = int(number(entry.get("max_reference_images")) or 0)
    most_content = int(number(extra(entry).get("maxContentReferenceImages")) or 0)
    named = [name for name in ("referenceMode", "frameReferenceImages", "contentReferenceImages") if name in body]
    if named and not most_content:
        raise _refuse("invalid_input", named[0], "This model does not tell frames from content", body[named[0]], [])
    mode = body.get("referenceMode", "frame")
    if mode not in MODES:
        raise _refuse("invalid_input", "referenceMode", "This is not a reference mode", mode, MODES)
    if named and named != ["referenceMode"]:  # these two take precedence over referenceImages and referenceMode
        frames = _counted(body, "frameReferenceImages", most, "frame_reference_limit", clips)
        return frames, _counted(body, "contentReferenceImages", most_content, "too_many_references", clips)
    if mode == "content":
        return 0, _counted(body, "referenceImages", most_content, "too_many_references", clips)
    code = "frame_reference_limit" if most_content else "too_many_references"
    return _counted(body, "referenceImages", most, code, clips), 0


def _counted(body: Json, field: str, most: int, code: str, clips: Clips) -> int:
    links = _list(body, field)
    for link in links:
        if not _is_picture(link, clips):
            raise _refuse("invalid_reference_url", field, "Not a public HTTPS URL or a picture as data", link, None)
    if len(links) > most:
        raise _refuse(code, field, f"At most {most} reference images", len(links), most)
    return len(links)


def _is_picture(link: object, clips: Clips) -> bool:
    """Whether it is a public HTTPS address, a data URL of a picture, or a file of this sandbox."""
    if not isinstance(link, str):
        return False
    if start := DATA_URL.match(link):
        return _is_base64(link[start.end() :])
    try:
        parts = urlsplit(link)
        return (parts.scheme == "https" and bool(parts.hostname)) or clips.is_ours(link)
    except ValueError:
        return False


def _is_base64(data: str) -> bool:
    try:
        return bool(base64.b64decode(data, validate=True))
    except ValueError:
        return False


# Clips


def _videos(body: Json, entry: Json, clips: Clips) -> list[float]:
    field, code = "referenceVideos", "invalid_reference_video"
    _list(body, field)
    links = given_videos(body)
    if not links:
        return []
    limits = video_limits(entry)
    if limits.get("enabled") is not True:
        raise _refuse("reference_video_not_supported", field, "This model takes no reference video", len(links), 0)
    most = int(number(limits.get("maxCount")) or 1)
    if len(links) > most:
        raise _refuse("too_many_reference_videos", field, f"At most {most} reference videos", len(links), most)
    seconds = _lengths(links, limits, clips, "video", lambda *what: _refuse(code, field, *what))
    total = number(limits.get("maxTotalSeconds"))
    if total is not None and round(sum(seconds), 3) > total:
        code = "reference_video_total_seconds_exceeded"
        raise _refuse(code, field, f"At most {total:g} seconds in total", sum(seconds), total)
    return seconds


def video_limits(entry: Json) -> Json:
    """What the model accepts as reference videos. Older servers only indicate through a price that they accept one."""
    config = extra(entry)
    if "capabilities" not in entry:
        return {"enabled": bool(config.get("pricingPerSecWithVideo") or config.get("supportsReferenceVideo"))}
    return members(video(entry).get("referenceVideo"))


def _audios(body: Json, entry: Json, clips: Clips, attached: Attached) -> None:
    links = _list(body, "referenceAudios")
    if not links:
        return

    def wrong(*what: Any) -> Refused:
        return _refuse("invalid_reference_audio", "referenceAudios", *what)

    limits = members(video(entry).get("referenceAudio"))
    if limits.get("enabled") is not True:
        raise wrong("This model takes no reference audio", len(links), 0)
    most = int(number(limits.get("maxCount")) or 1)
    if len(links) > most:
        raise wrong(f"At most {most} reference audios", len(links), most)
    seconds = _lengths(links, limits, clips, "audio", wrong)
    total = number(limits.get("maxTotalSeconds"))
    if total is not None and round(sum(seconds), 3) > total:
        raise wrong(f"At most {total:g} seconds in total", sum(seconds), total)
    if limits.get("requiresVisualReference") is True and not attached.has_visual:
        raise wrong("Reference audio needs a reference image or video", 0, {"min": 1})


def _lengths(links: list[Any], limits: Json, clips: Clips, kind: str, wrong: Callable[..., Refused]) -> list[float]:
    """The seconds of each clip. Raises for one that is hosted elsewhere, duplicated, gone, too short or too long."""
    least, most = number(limits.get("minSeconds")), number(limits.get("maxSeconds"))
    found: list[float] = []
    for place, link in enumerate(links):
        if not isinstance(link, str) or not clips.is_ours(link):
            raise wrong("Must be a file on images.meigen.ai", link, ["https://images.meigen.ai/..."])
        if link in links[:place]:
            raise wrong("The same file is there twice", link, None)
        seconds = clips.seconds(link, kind)
        if seconds is None:
            raise wrong("The file cannot be read", link, None)
        if (least is not None and seconds < least) or (most is not None and seconds > most):
            raise wrong("The file is too short or too long", seconds, {"min": least, "max": most})
        found.append(seconds)
    return found


def _list(body: Json, field: str) -> list[Any]:
    value = body.get(field, [])
    if not isinstance(value, list):
        raise _refuse("invalid_input", field, f"{field} must be a list of URLs", value, None)
    return value


def _refuse(code: str, field: str, message: str, received: Any, allowed: Any) -> Refused:
    shown = received[:MAX_ECHO] if isinstance(received, str) else received
    allowed_too = {} if allowed is None else {"allowed": allowed}
    return invalid(message, code=code, field=field, received=shown, **allowed_too)
