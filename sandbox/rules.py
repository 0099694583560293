"""What the sandbox accepts: every field of a submit body is checked against the model's raw entry, as the contract
says."""

import re
import uuid
from typing import Any

from meigen_api.types import Json, members, number
from sandbox import choices, midjourney, references
from sandbox.answers import invalid
from sandbox.catalogue import extra, is_midjourney, names, video
from sandbox.references import Attached
from sandbox.uploads import Clips

KNOWN_FIELDS = {
    "prompt",
    "modelId",
    "aspectRatio",
    "resolution",
    "quality",
    "modelVariant",
    "referenceImages",
    "referenceMode",
    "frameReferenceImages",
    "contentReferenceImages",
    "referenceVideos",
    "referenceAudios",
    "niji7Options",
    "referenceType",
    "duration",
    "tier",
    "idempotencyKey",
}
MAX_PROMPT = 10_000
MAX_CHARACTERS = 3
TOKEN = re.compile(r"\[(image|video|audio)(\d{1,9})\]")
CHARACTER = re.compile(r"\[character:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\]")


def check(body: Json, entry: Json, clips: Clips) -> Attached:
    """Raises Refused for the first problem. Returns what is attached to the prompt."""
    _fields(body, entry)
    _prompt(body)
    key = body.get("idempotencyKey")
    if key is not None and not is_uuid(key):
        raise invalid("idempotencyKey must be a UUID", code="invalid_idempotency_key", field="idempotencyKey")
    _choices(body, entry)
    attached = references.check(body, entry, clips)
    _aspect_ratio(body, entry, attached)
    _tokens(body["prompt"], attached)
    midjourney.check(body, midjourney=is_midjourney(entry))
    return attached


def is_uuid(value: object) -> bool:
    try:
        uuid.UUID(str(value))
    except ValueError:
        return False
    return True


def _fields(body: Json, entry: Json) -> None:
    # Servers of the first edition, which know no capabilities, also accept a single video in a field of its own.
    known = KNOWN_FIELDS if "capabilities" in entry else KNOWN_FIELDS | {"referenceVideo"}
    for name in body:
        if name not in known:
            raise invalid(f"Unknown field: {name}", code="unknown_field", field=name)


def _prompt(body: Json) -> None:
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise invalid("prompt is required", code="missing_prompt", field="prompt")
    if len(prompt) > MAX_PROMPT:
        sizes = {"max": MAX_PROMPT, "got": len(prompt)}
        raise invalid("prompt is too long", code="prompt_too_long", field="prompt", **sizes)
    characters = len(CHARACTER.findall(prompt))
    if characters > MAX_CHARACTERS:
        raise invalid(
            f"At most {MAX_CHARACTERS} characters",
            code="too_many_characters",
            field="prompt",
            received=characters,
            allowed=MAX_CHARACTERS,
        )


def _choices(body: Json, entry: Json) -> None:
    config = extra(entry)
    with_clips = bool(references.given_videos(body))
    _choice(body, "tier", choices.tiers(entry, with_clips=with_clips))
    tier = choices.applied(entry, body, with_clips=with_clips).tier
    _choice(body, "resolution", choices.resolutions(entry, tier, with_clips=with_clips))
    _choice(body, "quality", names(config.get("qualities")))
    _choice(body, "modelVariant", names(config.get("variants")))
    _duration(body, entry)


def _choice(body: Json, name: str, allowed: list[str]) -> None:
    if name in body and body[name] not in allowed:
        snake = re.sub("([A-Z])", r"_\1", name).lower()
        raise invalid(
            f"{name} {body[name]!r} is not supported by this model",
            code=f"unsupported_{snake}",
            field=name,
            received=body[name],
            allowed=allowed,
        )


def _duration(body: Json, entry: Json) -> None:
    if "duration" not in body:
        return
    output = members(video(entry).get("outputDuration"))
    bounds = {name: number(output.get(name)) or 0 for name in ("min", "max", "step")}
    listed = output.get("values", extra(entry).get("durations"))
    in_range = output.get("kind") == "range"
    allowed: Any = bounds if in_range else listed if isinstance(listed, list) else []
    seconds = body["duration"]
    good = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not good or not (_is_step(seconds, **bounds) if in_range else seconds in allowed):
        raise invalid(
            "This model does not make videos of this length",
            code="unsupported_duration",
            field="duration",
            received=seconds,
            allowed=allowed,
        )


def _is_step(seconds: float, min: float, max: float, step: float) -> bool:
    if not min <= seconds <= max:
        return False
    steps = (seconds - min) / (step or 1)
    return abs(steps - round(steps)) < 1e-6


def _aspect_ratio(body: Json, entry: Json, attached: Attached) -> None:
    known = names(entry.get("supported_ratios"))
    if "aspectRatio" in body and body["aspectRatio"] not in ["auto", *known]:
        raise invalid(
            f"aspectRatio {body['aspectRatio']!r} is not supported by this model",
            code="invalid_input",
            field="aspectRatio",
            received=body["aspectRatio"],
            allowed=["auto", *known],
            supportedRatios=known,
        )
    if choices.follows_input(entry, body) and not attached.has_visual:
        explicit = [ratio for ratio in known if ratio != "adaptive"]
        raise invalid(
            "Without a reference there is nothing to adapt to; name an aspect ratio",
            code="invalid_input",
            field="aspectRatio",
            received=body.get("aspectRatio"),
            allowed=explicit,
            supportedRatios=explicit,
        )


def _tokens(prompt: str, attached: Attached) -> None:
    """Checks that `[image1]`, `[video1]` and `[audio1]` refer to something attached."""
    counts = {"image": attached.images, "video": len(attached.clip_seconds), "audio": attached.audios}
    for match in TOKEN.finditer(prompt):
        kind, place = match[1], int(match[2])
        if not 1 <= place <= counts[kind]:
            raise invalid(
                f"{match[0]} points at nothing",
                code="invalid_input",
                field="prompt",
                received=match[0],
                allowed=[f"[{kind}{number}]" for number in range(1, counts[kind] + 1)],
            )
