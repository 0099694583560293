"""The models: what they are, accept and cost. Source: the contract's section Models.

Nothing here depends on a specific model: everything is read from the model's entry.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from meigen_api.types.capabilities import Billing, ClipLimits, DurationRange, Malformed, VideoCapabilities, positive
from meigen_api.types.fields import Json, MediaType, integer, members, number, price, text, texts

# Ranges of the numeric options of the Midjourney family, by Meigen's names: (least, most).
MIDJOURNEY_RANGES: dict[str, tuple[float, float]] = {
    "stylize": (0, 1000),
    "chaos": (0, 100),
    "iw": (0, 2),
    "sw": (0, 1000),
}
# More than anyone offers. A longer list would slow down every page.
MAX_MODELS = 500
MIDJOURNEY_QUALITIES = ("1", "4")
PRICE_TABLES = {
    "price_by_choice": "pricing",
    "price_per_call": "pricingPerCall",
    "price_per_second": "pricingPerSec",
    "price_per_second_with_video": "pricingPerSecWithVideo",
    "min_billable": "minBillableTable",
}
# The ratio that matches the reference media, if a model lists it.
ADAPTIVE = "adaptive"


@dataclass(frozen=True)
class Model:
    """One entry of `GET /api/models`: what it is, what it accepts, what it costs.

    `is_valid` is false for a video model whose settings are broken according to Meigen or to us. `is_hidden` is true if
    Meigen does not offer the model. Price tables are kept as received; `meigen_api.prices` reads them.
    """

    id: str
    name: str
    provider: str
    description: str
    media_type: MediaType
    is_default: bool
    credits: float | None
    ratios: tuple[str, ...]
    max_references: int
    max_content_references: int
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
    price_by_choice: Json
    price_per_call: Json
    price_per_second: Json
    price_per_second_with_video: Json
    min_billable: Json
    billing: Billing
    variants: tuple[str, ...]
    reference_video: ClipLimits | None
    reference_audio: ClipLimits | None
    requires_first_frame: bool
    typical_seconds: float | None
    tags: tuple[str, ...]
    is_hidden: bool
    is_valid: bool

    @property
    def is_offered(self) -> bool:
        return self.is_valid and not self.is_hidden

    @property
    def price_data(self) -> tuple[Any, ...]:
        """Everything that a price is worked out from."""
        return (self.credits, self.billing, *(getattr(self, table) for table in PRICE_TABLES))

    @property
    def is_midjourney(self) -> bool:
        """Whether it accepts `niji7Options` and `referenceType`.

        The contract gives both to "Midjourney" and the catalogue has no flag for it, so the `provider` decides or, on a
        server that states no provider, the prefix of the id.
        """
        return (self.provider or self.id).lower().startswith(("midjourney", "niji"))

    @property
    def is_video(self) -> bool:
        return self.media_type == "video"

    @property
    def takes_clips(self) -> bool:
        return self.reference_video is not None or self.reference_audio is not None

    @property
    def has_frames_and_content(self) -> bool:
        """Whether its reference pictures serve either as frames of the video or as content for it (`referenceMode`)."""
        return self.max_content_references > 0

    @property
    def follows_input(self) -> bool:
        """Whether an omitted ratio means that of the reference media, so that a ratio is required if there are none."""
        return ADAPTIVE in self.ratios

    @property
    def fixed_ratios(self) -> tuple[str, ...]:
        """The ratios that need no reference media. "auto" is the API's word for no ratio."""
        return tuple(ratio for ratio in self.ratios if ratio not in {"auto", ADAPTIVE})

    def tiers_for(self, *, clips: bool = False) -> tuple[str, ...]:
        """The available tiers, with or without reference videos."""
        allowed = self.reference_video.tiers if clips and self.reference_video else ()
        return tuple(tier for tier in self.tiers if tier in allowed) if allowed else self.tiers

    def resolutions_for(self, tier: str, *, clips: bool = False) -> tuple[str, ...]:
        """The available resolutions of a tier ("": the default one), with or without reference videos."""
        tier = tier or self.default_tier
        every = self.tier_resolutions.get(tier, self.resolutions)
        return self.reference_video.resolutions_for(tier, every) if clips and self.reference_video else every

    @cached_property
    def all_durations(self) -> tuple[float, ...]:
        """Every available number of seconds, as precise as a form writes it. A range is expanded into its steps."""
        values = list(self.durations)
        if bounds := self.duration_range:
            steps = int((bounds.maximum - bounds.minimum) / bounds.step + 1e-6)
            values = [bounds.minimum + bounds.step * step for step in range(steps + 1)]
            values = sorted({*values, self.default_duration or bounds.minimum})
        return tuple(dict.fromkeys(float(f"{seconds:g}") for seconds in values))

    @classmethod
    def from_json(cls, data: Json) -> Model | None:
        """The model, or None if it has no usable id or is neither an image nor a video model."""
        model_id, kind = text(data.get("id")), data.get("media_type")
        media_type: MediaType = "video" if kind == "video" else "image"
        if not model_id or len(model_id) > 200 or kind not in (None, "", "image", "video"):
            return None
        extra = members(data.get("extra_config"))
        try:
            video, is_valid = _video(data.get("capabilities"), extra, media_type), True
        except Malformed:
            video, is_valid = VideoCapabilities(), False
        tier_resolutions = {text(k): texts(v) for k, v in members(extra.get("tierResolutions")).items()}
        every_resolution = texts(extra.get("resolutions")) or tuple(
            dict.fromkeys(size for sizes in tier_resolutions.values() for size in sizes)
        )
        tables: dict[str, Any] = {name: members(extra.get(member)) for name, member in PRICE_TABLES.items()}
        return cls(
            id=model_id,
            name=text(data.get("name")) or model_id,
            provider=text(data.get("provider")),
            description=text(data.get("description")),
            media_type=media_type,
            is_default=data.get("is_default") is True,
            credits=price(data.get("credits_per_generation")),
            ratios=texts(data.get("supported_ratios")),
            max_references=max(0, integer(data.get("max_reference_images")) or 0),
            max_content_references=max(0, integer(extra.get("maxContentReferenceImages")) or 0),
            resolutions=every_resolution,
            default_resolution=text(extra.get("defaultResolution")),
            qualities=texts(extra.get("qualities")),
            default_quality=text(extra.get("defaultQuality")),
            tiers=texts(extra.get("tiers")),
            default_tier=text(extra.get("defaultTier")),
            tier_resolutions=tier_resolutions,
            variants=_variants(extra.get("variants")),
            **tables,
            **{each.name: getattr(video, each.name) for each in fields(video)},
            typical_seconds=next(iter(positive([members(data.get("estimatedTiming")).get("p50")])), None),
            tags=texts(extra.get("tags")),
            is_hidden=extra.get("hidden") is True,
            is_valid=is_valid,
        )


def _video(capabilities: Any, extra: Json, media_type: MediaType) -> VideoCapabilities:
    """The video capabilities of an entry, ignored for an image model. Raises Malformed."""
    if media_type == "image":
        return VideoCapabilities()
    if capabilities is not None and not isinstance(capabilities, dict):
        raise Malformed("capabilities")
    said = members(capabilities)
    if said.get("valid", True) is not True:  # in the first edition it was one level higher
        raise Malformed("valid")
    video = said.get("video")
    if video is not None and not isinstance(video, dict):
        raise Malformed("video")
    found = VideoCapabilities.from_json(members(video))
    has_duration = found.durations or found.duration_range
    return VideoCapabilities(
        durations=found.durations if has_duration else positive(extra.get("durations")),
        duration_range=found.duration_range,
        default_duration=found.default_duration if has_duration else number(extra.get("defaultDuration")),
        # Absent rather than null or false: an older server states it in a single word.
        reference_video=found.reference_video
        or (ClipLimits() if not video and extra.get("supportsReferenceVideo") is True else None),
        reference_audio=found.reference_audio,
        billing=found.billing,
        requires_first_frame=found.requires_first_frame,
    )


def _variants(value: Any) -> tuple[str, ...]:
    """The ids of variants, given as strings or as objects with an `id`."""
    entries = value if isinstance(value, list) else []
    return texts([entry.get("id") if isinstance(entry, dict) else entry for entry in entries])


def models_from_json(data: Json) -> list[Model]:
    """Every readable model of a `GET /api/models` body, in the server's order."""
    listed = data.get("models")
    entries = listed if isinstance(listed, list) else []
    found = (Model.from_json(entry) for entry in entries[:MAX_MODELS] if isinstance(entry, dict))
    return list({model.id: model for model in found if model}.values())
