"""What Meigen answers, as small frozen types that forgive unknown, missing and odd fields.

Every `from_json` takes a decoded JSON object and never raises on a wrong inner type: the field reads as absent.
Source: the contract's sections Submit, Status and Models.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from .errors import Answer
from .text import clean

Json = dict[str, Any]
# What can stand in an address of ours as it is.
PLAIN_ID = re.compile(r"[A-Za-z0-9_.:~-]{1,100}")
MediaType = Literal["image", "video"]


MAX_TEXT = 20_000
MAX_STEPS = 600
MAX_LINKS = 64


def text(value: Any) -> str:
    """A string, cleaned and cut at MAX_TEXT; a number as text; anything else as the empty string."""
    if isinstance(value, str):
        return clean(value[:MAX_TEXT])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return ""


def number(value: Any) -> float | None:
    """An int or float, or a string that holds one; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, int | float) and abs(value) < 1e12:
        return value
    return None


def integer(value: Any) -> int | None:
    """A whole number that fits 32 bits, else None."""
    found = number(value)
    return int(found) if found is not None and abs(found) < 2**31 else None


def texts(value: Any) -> tuple[str, ...]:
    """The texts of a list, without empty and repeated ones; of anything else: none."""
    if not isinstance(value, list):
        return ()
    return tuple(dict.fromkeys(filter(None, map(text, value))))


def members(value: Any) -> Json:
    """A JSON object as it is, anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def links(*values: Any) -> tuple[str, ...]:
    """The http(s) URLs among texts and lists of texts, in order, each once, at most MAX_LINKS."""
    found: list[str] = []
    for value in values:
        for candidate in value if isinstance(value, list) else [value]:
            if isinstance(candidate, str) and len(candidate) <= 2000 and candidate.strip().isprintable():
                try:
                    scheme = urlsplit(candidate.strip()).scheme
                except ValueError:
                    continue
                if scheme in {"http", "https"}:
                    found.append(candidate.strip())
    return tuple(dict.fromkeys(found))[:MAX_LINKS]


def price(value: Any) -> float | None:
    """A number of credits that can be one: not negative, not astronomical."""
    found = number(value)
    return found if found is not None and 0 <= found < 1e8 else None


@dataclass(frozen=True)
class Balance:
    """Credits left on the account, each None when the server does not say."""

    daily: int | None = None
    purchased: int | None = None
    unlimited: bool = False

    @classmethod
    def from_json(cls, value: Any) -> Balance | None:
        data = members(value)
        if not data:
            return None
        return cls(integer(data.get("daily")), integer(data.get("purchased")), data.get("unlimited") is True)


State = Literal["processing", "completed", "failed"]


@dataclass(frozen=True)
class Status:
    """One job as `GET /api/generate/v2/status/:id` tells it; the submit answer carries the same fields.

    `state` is "processing" too for a completed job whose result is still pending (no URL yet). `poll_hint` and
    `expected_wait` are seconds. `answer` is the HTTP answer it was read from, whole.
    """

    state: State
    generation_id: str = ""
    model_id: str = ""
    image_urls: tuple[str, ...] = ()
    video_url: str = ""
    error: str = ""
    failure_code: str = ""
    credits_used: int | None = None
    credits_status: str = ""
    aspect_ratio: str = ""
    poll_hint: float | None = None
    expected_wait: float | None = None
    balance: Balance | None = None
    deduped: bool = False
    answer: Answer | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.video_url,) if self.video_url else self.image_urls

    @classmethod
    def from_json(cls, data: Json, answer: Answer | None = None) -> Status:
        videos = links(data.get("videoUrl"))
        images = links(data.get("imageUrls"), data.get("imageUrl"))
        word = text(data.get("status")).lower()
        state: State = "processing"
        if word == "failed":
            state = "failed"
        elif word == "completed" and (videos or images):
            state = "completed"
        return cls(
            state=state,
            generation_id=text(data.get("generationId")),
            model_id=text(data.get("modelId")),
            image_urls=images,
            video_url=videos[0] if videos else "",
            error=text(data.get("error")),
            failure_code=text(data.get("failureCode")),
            credits_used=integer(data.get("creditsUsed")),
            credits_status=text(data.get("creditsStatus")),
            aspect_ratio=text(data.get("aspectRatio")),
            poll_hint=number(data.get("pollHintSeconds")),
            expected_wait=number(data.get("expectedWaitSeconds")),
            balance=Balance.from_json(data.get("credits")),
            deduped=data.get("deduped") is True,
            answer=answer,
        )


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


@dataclass(frozen=True)
class GalleryImage:
    """One image of the vendor's curated gallery. `prompt` is readable text, also where the vendor's is JSON."""

    id: str
    prompt: str
    is_structured: bool
    picture_urls: tuple[str, ...]
    thumbnail_url: str
    width: int | None
    height: int | None
    model: str
    sref: str
    author: str
    likes: int | None
    created_at: str

    @classmethod
    def from_json(cls, data: Json) -> GalleryImage | None:
        """From the newer form, or the older flat one (`imageUrl`, `prompt`); None without an id."""
        image_id = text(data.get("id"))
        if not PLAIN_ID.fullmatch(image_id):
            return None
        said = data.get("text") if data.get("text") is not None else data.get("prompt")
        prompt, is_structured = readable_prompt(said)
        pictures = links(data.get("media_urls"), data.get("imageUrl"))
        thumbnails = links(data.get("thumbnail_url"))
        return cls(
            id=image_id,
            prompt=prompt,
            is_structured=is_structured,
            picture_urls=pictures,
            thumbnail_url=(thumbnails or pictures or ("",))[0],
            width=integer(data.get("image_width")),
            height=integer(data.get("image_height")),
            model=text(data.get("model")),
            sref=text(data.get("sref")),
            author=text(data.get("author_display_name")) or text(data.get("author_username")),
            likes=integer(data.get("likes")),
            created_at=text(data.get("created_at")) or text(data.get("createdAt")),
        )


def readable_prompt(value: Any) -> tuple[str, bool]:
    """(the prompt as lines a person reads, whether it was structured JSON)."""
    if isinstance(value, str):
        value = text(value)
        if value.lstrip()[:1] not in {"{", "["}:
            return value, False
        try:
            decoded = json.loads(value)
        except (ValueError, RecursionError):
            return value, False
    else:
        decoded = value
    if not isinstance(decoded, dict | list):
        return text(value), False
    return text("\n".join(_lines(decoded, 0))), True


def _lines(value: Any, depth: int) -> list[str]:
    """ "name: value" lines of a JSON structure, deeper levels indented; six levels at most."""
    if depth > 5:
        return []
    indent = "  " * depth
    entries = value.items() if isinstance(value, dict) else (("-", entry) for entry in value)
    lines: list[str] = []
    for name, entry in entries:
        label = str(name).replace("_", " ")
        colon = "" if label == "-" else ":"
        if isinstance(entry, dict | list):
            lines += [f"{indent}{label}{colon}", *_lines(entry, depth + 1)]
        elif entry is not None:
            shown = entry if isinstance(entry, str) else json.dumps(entry)
            lines.append(f"{indent}{label}{colon} {shown}")
    return lines


@dataclass(frozen=True)
class TokenInfo:
    """An API token as Meigen lists it; `masked` never is the whole token."""

    id: str
    name: str
    masked: str
    is_active: bool
    last_used_at: str
    created_at: str

    @classmethod
    def from_json(cls, data: Json) -> TokenInfo | None:
        token_id = text(data.get("id"))
        if not PLAIN_ID.fullmatch(token_id):
            return None
        shown = text(data.get("token_value"))
        return cls(
            id=token_id,
            name=text(data.get("name")),
            # A server that sends it whole must not make us show it.
            masked=f"...{shown[-4:]}" if shown else "",
            is_active=data.get("is_active") is not False,
            last_used_at=text(data.get("last_used_at")),
            created_at=text(data.get("created_at")),
        )


@dataclass(frozen=True)
class TokenUsage:
    """One generation that a token paid for."""

    id: str
    model: str
    credits_used: int | None
    status: str
    created_at: str

    @classmethod
    def from_json(cls, data: Json) -> TokenUsage:
        return cls(
            id=text(data.get("id")),
            model=text(data.get("model")),
            credits_used=integer(data.get("credits_used")),
            status=text(data.get("status")),
            created_at=text(data.get("created_at")),
        )


@dataclass(frozen=True)
class Presigned:
    """Where to PUT a reference, and its public address afterwards."""

    upload_url: str
    public_url: str
