"""What a video model states under `capabilities.video`. Source: the contract's section Models.

These settings decide what a click costs, so this is the only part of a response that is read strictly: a present but
malformed value raises Malformed, and the model is not offered.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from meigen_api.types.fields import Json, integer, members, number, text, texts

# A form cannot offer more steps than this. A finer range is offered in coarser, even steps.
MAX_STEPS = 600
MAX_CLIPS = 20


class Malformed(Exception):
    """A capability that is present but cannot be understood."""


@dataclass(frozen=True)
class DurationRange:
    """The seconds of video a model makes, if it states a range rather than a list."""

    minimum: float
    maximum: float
    step: float = 1


@dataclass(frozen=True)
class ClipLimits:
    """What a model accepts as reference video or audio. None, or an empty list, means that the catalogue sets no limit.

    Seconds are limited per clip (`min_seconds`, `max_seconds`) and in total. `formats` are file extensions.
    """

    max_count: int = 1
    min_seconds: float | None = None
    max_seconds: float | None = None
    max_total_seconds: float | None = None
    max_bytes: int | None = None
    formats: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()
    resolutions_by_tier: dict[str, tuple[str, ...]] = field(default_factory=dict)
    requires_visual: bool = False

    @classmethod
    def from_json(cls, value: Any) -> ClipLimits | None:
        """None when the model takes none. Raises Malformed."""
        data = _object(value)
        enabled = data.get("enabled", False)
        if not isinstance(enabled, bool):
            raise Malformed("enabled")
        if not enabled:
            return None
        least, most = _not_negative(data, "minSeconds"), _not_negative(data, "maxSeconds")
        if least is not None and most is not None and least > most:
            raise Malformed("minSeconds")
        count = 1 if data.get("maxCount") is None else integer(data["maxCount"])
        if count is None or count < 1:
            raise Malformed("maxCount")
        total_bytes = _not_negative(data, "maxUploadBytes")
        return cls(
            max_count=min(count, MAX_CLIPS),
            min_seconds=least,
            max_seconds=most or None,
            max_total_seconds=_not_negative(data, "maxTotalSeconds") or None,
            max_bytes=int(total_bytes) if total_bytes else None,
            formats=tuple(name.lower() for name in _list(data, "formats")),
            tiers=_list(data, "tiers"),
            resolutions=_list(data, "resolutions"),
            resolutions_by_tier={
                text(tier): texts(sizes) for tier, sizes in _object(data.get("resolutionsByTier")).items()
            },
            requires_visual=data.get("requiresVisualReference") is True,
        )

    def resolutions_for(self, tier: str, every: tuple[str, ...]) -> tuple[str, ...]:
        """The model's resolutions in this tier that can be used together with such a clip."""
        by_tier = self.resolutions_by_tier
        if by_tier:
            allowed = by_tier.get(tier, ()) if tier else tuple(size for sizes in by_tier.values() for size in sizes)
        else:
            allowed = self.resolutions or every
        return tuple(size for size in every if size in allowed)


@dataclass(frozen=True)
class Billing:
    """How a video is billed. `reference_seconds` says what reference clips add; it is empty for older servers."""

    mode: str = ""
    default_seconds: float | None = None
    reference_seconds: str = ""

    @classmethod
    def from_json(cls, value: Any) -> Billing:
        """Raises Malformed."""
        data = _object(value)
        return cls(
            text(data.get("mode")), _not_negative(data, "requestDefaultSeconds"), text(data.get("referenceSeconds"))
        )


@dataclass(frozen=True)
class VideoCapabilities:
    """`durations` or `duration_range` are the seconds it makes. Both are missing if the capabilities do not say."""

    durations: tuple[float, ...] = ()
    duration_range: DurationRange | None = None
    default_duration: float | None = None
    reference_video: ClipLimits | None = None
    reference_audio: ClipLimits | None = None
    billing: Billing = Billing()
    requires_first_frame: bool = False

    @classmethod
    def from_json(cls, data: Json) -> VideoCapabilities:
        """Raises Malformed."""
        if data.get("valid", True) is not True:
            raise Malformed("valid")
        values, span, default = _durations(data.get("outputDuration"))
        return cls(
            durations=values,
            duration_range=span,
            default_duration=default,
            reference_video=ClipLimits.from_json(data.get("referenceVideo")),
            reference_audio=ClipLimits.from_json(data.get("referenceAudio")),
            billing=Billing.from_json(data.get("billing")),
            requires_first_frame=data.get("requiresFirstFrame") is True,
        )


def _durations(value: Any) -> tuple[tuple[float, ...], DurationRange | None, float | None]:
    """(values, range, default)."""
    data = _object(value)
    if not data:
        return (), None, None
    default = _not_negative(data, "default")
    match data.get("kind"):
        case "range":
            minimum, maximum, step = (_not_negative(data, name) for name in ("min", "max", "step"))
            if minimum is None or maximum is None or not step or default is None:
                raise Malformed("outputDuration")
            if not minimum <= default <= maximum or maximum <= 0:
                raise Malformed("outputDuration")
            return (), DurationRange(minimum, maximum, _offered_step(maximum - minimum, step)), default
        case "enum":
            values = positive(data.get("values"))
            if default is None or default not in values:
                raise Malformed("outputDuration")
            return values, None, default
    raise Malformed("outputDuration")


def _offered_step(span: float, step: float) -> float:
    """The step, or a multiple of it such that no form has more than `MAX_STEPS` choices. A tiny step is not a step."""
    coarser = step * math.ceil(min(span / step, 1e9) / MAX_STEPS)
    return max(step, coarser, span / MAX_STEPS if coarser * MAX_STEPS < span else 0)


def positive(value: Any) -> tuple[float, ...]:
    """The distinct positive numbers of a list, at most as many as a form can offer, or none for any other value."""
    found: Iterable[float | None] = map(number, value[:MAX_STEPS]) if isinstance(value, list) else ()
    return tuple(dict.fromkeys(entry for entry in found if entry is not None and entry > 0))


def _object(value: Any) -> Json:
    if value is not None and not isinstance(value, dict):
        raise Malformed("not an object")
    return members(value)


def _list(data: Json, name: str) -> tuple[str, ...]:
    if data.get(name) is not None and not isinstance(data[name], list):
        raise Malformed(name)
    return texts(data.get(name))


def _not_negative(data: Json, name: str) -> float | None:
    """A non-negative number, or None if it is absent."""
    if data.get(name) is None:
        return None
    found = number(data[name])
    if found is None or found < 0:
        raise Malformed(name)
    return found
