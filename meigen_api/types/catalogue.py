"""The models: what they are, take and cost. Source: the contract's section Models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .fields import Json, MediaType, integer, members, number, price, text, texts

MAX_STEPS = 600


@dataclass(frozen=True)
class DurationRange:
    """Seconds of video a model takes, when it takes a range rather than a list."""

    minimum: float
    maximum: float
    step: float = 1


@dataclass(frozen=True)
class MediaLimits:
    """What a model takes as reference video or audio: how many files, how many seconds each and together."""

    max_count: int = 1
    min_seconds: float | None = None
    max_seconds: float | None = None
    max_total_seconds: float | None = None

    @classmethod
    def from_json(cls, value: Any) -> MediaLimits | None:
        """None unless it is an object with `enabled`."""
        data = members(value)
        if data.get("enabled") is not True:
            return None
        seconds = (number(data.get(key)) for key in ("minSeconds", "maxSeconds", "maxTotalSeconds"))
        return cls(max(1, min(20, integer(data.get("maxCount")) or 1)), *seconds)


# Options of the Midjourney family, by the vendor's names: (least, most).
MIDJOURNEY_RANGES: dict[str, tuple[float, float]] = {
    "stylize": (0, 1000),
    "chaos": (0, 100),
    "weird": (0, 3000),
    "iw": (0, 2),
    "sw": (0, 1000),
    "sv": (1, 4),
}


@dataclass(frozen=True)
class Model:
    """One entry of `GET /api/models`: what it is, what it takes, what it costs."""

    id: str
    name: str
    provider: str
    description: str
    media_type: MediaType
    credits: float | None
    ratios: tuple[str, ...]
    max_references: int
    resolutions: tuple[str, ...]
    default_resolution: str
    qualities: tuple[str, ...]
    default_quality: str
    tiers: tuple[str, ...]
    default_tier: str
    tier_resolutions: dict[str, tuple[str, ...]]
    durations: tuple[float, ...]
    duration_range: DurationRange | None
    default_duration: float | None
    price_per_second: Json
    price_per_second_with_video: Json
    min_billable: Json
    variants: tuple[str, ...]
    reference_video: MediaLimits | None
    reference_audio: MediaLimits | None
    requires_first_frame: bool
    typical_seconds: float | None
    tags: tuple[str, ...]
    offered: bool

    @property
    def is_midjourney(self) -> bool:
        """Whether it belongs to the family that takes `niji7Options`; the catalogue says so by name only."""
        return any(word in f"{self.id} {self.name} {self.provider}".lower() for word in ("midjourney", "niji"))

    @property
    def is_video(self) -> bool:
        return self.media_type == "video"

    def resolutions_for(self, tier: str) -> tuple[str, ...]:
        """The resolutions of a tier ("" for the default tier); all of them when tiers do not differ."""
        return self.tier_resolutions.get(tier or self.default_tier) or self.resolutions

    def takes_duration(self, seconds: float) -> bool:
        if self.duration_range:
            bounds = self.duration_range
            steps = (seconds - bounds.minimum) / bounds.step
            return bounds.minimum <= seconds <= bounds.maximum and abs(steps - round(steps)) < 1e-6
        return seconds in self.durations

    @classmethod
    def from_json(cls, data: Json) -> Model | None:
        """The model, or None when it has no usable id."""
        model_id = text(data.get("id"))
        if not model_id or len(model_id) > 200:
            return None
        extra = members(data.get("extra_config"))
        capabilities = members(data.get("capabilities"))
        video = members(capabilities.get("video"))
        values, span, default_duration = _durations(extra, members(video.get("outputDuration")))
        tier_resolutions = {text(k): texts(v) for k, v in members(extra.get("tierResolutions")).items()}
        every_resolution = texts(extra.get("resolutions")) or tuple(
            dict.fromkeys(size for sizes in tier_resolutions.values() for size in sizes)
        )
        return cls(
            id=model_id,
            name=text(data.get("name")) or model_id,
            provider=text(data.get("provider")),
            description=text(data.get("description")),
            media_type="video" if data.get("media_type") == "video" or video else "image",
            credits=price(data.get("credits_per_generation")),
            ratios=texts(data.get("supported_ratios")),
            max_references=max(0, integer(data.get("max_reference_images")) or 0),
            resolutions=every_resolution,
            default_resolution=text(extra.get("defaultResolution")),
            qualities=texts(extra.get("qualities")),
            default_quality=text(extra.get("defaultQuality")),
            tiers=texts(extra.get("tiers")),
            default_tier=text(extra.get("defaultTier")),
            tier_resolutions=tier_resolutions,
            durations=values,
            duration_range=span,
            default_duration=default_duration,
            price_per_second=members(extra.get("pricingPerSec")),
            price_per_second_with_video=members(extra.get("pricingPerSecWithVideo")),
            min_billable=members(extra.get("minBillableTable")),
            variants=_variants(extra.get("variants") or extra.get("modelVariants")),
            reference_video=MediaLimits.from_json(video.get("referenceVideo"))
            or (MediaLimits() if not video and extra.get("supportsReferenceVideo") is True else None),
            reference_audio=MediaLimits.from_json(video.get("referenceAudio")),
            requires_first_frame=video.get("requiresFirstFrame") is True,
            typical_seconds=number(data.get("expectedWaitSeconds")) or number(extra.get("expectedWaitSeconds")),
            tags=texts(extra.get("tags")),
            offered=extra.get("hidden") is not True and capabilities.get("valid") is not False,
        )


def _durations(extra: Json, output: Json) -> tuple[tuple[float, ...], DurationRange | None, float | None]:
    """(values, range, default) from the newer `capabilities` when they say, else from `extra_config`."""
    minimum, maximum, step = (number(output.get(key)) for key in ("min", "max", "step"))
    if output.get("kind") == "range" and minimum is not None and maximum is not None and minimum <= maximum:
        step = step if step and step > 0 else 1
        # A form cannot offer more steps than this; a finer range is offered in even, coarser ones.
        step = max(step, (maximum - minimum) / MAX_STEPS)
        return (), DurationRange(minimum, maximum, step), number(output.get("default"))
    listed = output.get("values") if output.get("kind") == "enum" else extra.get("durations")
    default = number(output.get("default")) if output else number(extra.get("defaultDuration"))
    found = [number(value) for value in listed] if isinstance(listed, list) else []
    return tuple(dict.fromkeys(value for value in found if value is not None and value > 0)), None, default


def _variants(value: Any) -> tuple[str, ...]:
    """The ids of variants, given as texts or as objects with an `id`."""
    entries = value if isinstance(value, list) else []
    return texts([entry.get("id") if isinstance(entry, dict) else entry for entry in entries])


def models_from_json(data: Json) -> list[Model]:
    """Every readable model of a `GET /api/models` body, in the server's order."""
    listed = data.get("models")
    entries = listed if isinstance(listed, list) else []
    found = (Model.from_json(entry) for entry in entries if isinstance(entry, dict))
    return list({model.id: model for model in found if model}.values())
