"""What the sandbox accepts: each field of a submit body checked against the model, as the contract describes."""

import re
import uuid
from typing import Any

from ..types import MIDJOURNEY_RANGES, Json, MediaLimits, Model

KNOWN_FIELDS = {
    "prompt",
    "modelId",
    "aspectRatio",
    "resolution",
    "quality",
    "modelVariant",
    "referenceImages",
    "niji7Options",
    "referenceType",
    "duration",
    "tier",
    "referenceVideo",
    "referenceVideos",
    "referenceAudios",
    "idempotencyKey",
}
VENDOR_FILES = ("https://images.meigen.ai/", "https://images.meigen.art/", "http://127.0.0.1", "http://localhost")


class Invalid(Exception):
    """A body the sandbox answers with 400; `fields` become extra members of the error body."""

    def __init__(self, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.fields = fields


def check(body: Json, model: Model) -> None:
    """Raises Invalid for the first thing that is wrong."""
    for name in body:
        if name not in KNOWN_FIELDS:
            raise Invalid(f"Unknown field: {name}", code="unknown_field", field=name)
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise Invalid("prompt is required", code="missing_prompt", field="prompt")
    if len(prompt) > 10_000:
        raise Invalid("prompt is too long", code="prompt_too_long", field="prompt", max=10_000, got=len(prompt))
    key = body.get("idempotencyKey")
    if key is not None and not _is_uuid(key):
        raise Invalid("idempotencyKey must be a UUID", code="invalid_idempotency_key", field="idempotencyKey")
    _choice(body, "aspectRatio", ("auto", *model.ratios, *_adaptive(body, model)))
    _choice(body, "tier", model.tiers)
    tier = body.get("tier")
    _choice(body, "resolution", model.resolutions_for(tier if isinstance(tier, str) else ""))
    _choice(body, "quality", model.qualities)
    _duration(body, model)
    _references(body, model)
    _choice(body, "modelVariant", model.variants)
    _choice(body, "referenceType", ("content", "style") if model.max_references else ())
    _midjourney(body, model)
    _media(body, "referenceVideo", "referenceVideos", model.reference_video)
    _media(body, "", "referenceAudios", model.reference_audio)


def _adaptive(body: Json, model: Model) -> tuple[str, ...]:
    return ("adaptive",) if model.id.startswith("seedance") and body.get("referenceImages") else ()


def _is_uuid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def _choice(body: Json, name: str, allowed: tuple[str, ...]) -> None:
    if name in body and body[name] not in allowed:
        snake = re.sub("([A-Z])", r"_\1", name).lower()
        raise Invalid(
            f"{name} {body[name]!r} is not supported by this model",
            code=f"invalid_{snake}",
            field=name,
            allowed=list(allowed),
        )


def _duration(body: Json, model: Model) -> None:
    if "duration" not in body:
        return
    seconds = body["duration"]
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not model.takes_duration(seconds):
        bounds = model.duration_range
        allowed: Any = {"min": bounds.minimum, "max": bounds.maximum} if bounds else list(model.durations)
        raise Invalid("duration is not supported", code="invalid_duration", field="duration", allowed=allowed)


def _references(body: Json, model: Model) -> None:
    references = body.get("referenceImages", [])
    if not isinstance(references, list) or not all(
        isinstance(link, str) and link.startswith(("https://", "http://127.0.0.1", "http://localhost"))
        for link in references
    ):
        raise Invalid("referenceImages must be public HTTPS URLs", code="invalid_reference", field="referenceImages")
    if len(references) > model.max_references:
        raise Invalid(
            f"At most {model.max_references} reference images",
            code="too_many_references",
            field="referenceImages",
            max=model.max_references,
            got=len(references),
        )


def _midjourney(body: Json, model: Model) -> None:
    if "niji7Options" not in body:
        return
    options = body["niji7Options"]
    if not model.is_midjourney or not isinstance(options, dict):
        raise Invalid("niji7Options are not for this model", code="invalid_options", field="niji7Options")
    for name, value in options.items():
        if name == "raw":
            good = isinstance(value, bool)
        elif name == "sref":
            good = isinstance(value, str) and len(value) <= 2000
        elif name in MIDJOURNEY_RANGES:
            least, most = MIDJOURNEY_RANGES[name]
            good = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
        else:
            raise Invalid(f"Unknown option: {name}", code="unknown_option", field=f"niji7Options.{name}")
        if not good:
            allowed = MIDJOURNEY_RANGES.get(name)
            raise Invalid(
                f"{name} is out of range", code="invalid_option", field=f"niji7Options.{name}", allowed=allowed
            )


def _media(body: Json, one: str, several: str, limits: MediaLimits | None) -> None:
    """A reference video or audio: on the vendor's own host, no more than the model takes."""
    links = body.get(several, [])
    given = [*([body[one]] if one and one in body else []), *(links if isinstance(links, list) else [links])]
    if not given:
        return
    if limits is None:
        raise Invalid(f"{several} are not for this model", code="invalid_reference", field=several)
    if len(given) > limits.max_count:
        raise Invalid(f"At most {limits.max_count}", code="too_many_references", field=several, max=limits.max_count)
    if not all(isinstance(link, str) and link.startswith(VENDOR_FILES) for link in given):
        raise Invalid("Must be a file on images.meigen.ai", code="invalid_reference", field=several)
