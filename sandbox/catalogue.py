"""The sandbox's models: the raw entries of `catalogue.json`, and accessors for them.

Nothing here uses the studio's own reading of a catalogue, because the sandbox is meant to check it independently.
"""

import json
from importlib import resources
from typing import Any

from meigen_api.types import Json, members, number, text

# What servers of the first edition did not return yet.
NEWER = {"is_default", "estimatedTiming", "capabilities"}
NEWER_EXTRA = {"pricing", "pricingPerCall", "maxContentReferenceImages", "variants", "defaultVariant"}


def load(edition: int) -> list[Json]:
    """Every entry, with the sandbox's own notes under "sandbox"."""
    entries: list[Json] = json.loads(resources.files(__package__).joinpath("catalogue.json").read_text())
    return [_older(entry) for entry in entries] if edition == 1 else entries


def _older(entry: Json) -> Json:
    """The entry as a server of the first edition returns it. The duration of a job stays known internally."""
    return {
        **{name: value for name, value in entry.items() if name not in NEWER},
        "supported_ratios": [ratio for ratio in names(entry.get("supported_ratios")) if ratio != "adaptive"],
        "extra_config": {name: value for name, value in extra(entry).items() if name not in NEWER_EXTRA},
        "sandbox": {"seconds": typical_seconds(entry), **notes(entry)},
    }


def served(entries: list[Json], query: dict[str, str]) -> list[Json]:
    """The entries of `GET /api/models`: only the retired ones with `active=false`, otherwise all others."""
    retired = query.get("active") == "false"
    kind = query.get("media_type")
    return [
        {name: value for name, value in entry.items() if name != "sandbox"}
        for entry in entries
        if is_retired(entry) == retired and kind in {None, "", entry.get("media_type")}
    ]


def find(entries: list[Json], model_id: object) -> Json | None:
    return next((entry for entry in entries if entry.get("id") == model_id), None)


def default_id(entries: list[Json]) -> str:
    """The model of a request that names none: the default image model, or the first one."""
    images = [entry for entry in entries if not is_video(entry) and is_offered(entry)]
    chosen = [entry for entry in images if entry.get("is_default") is True] or images
    return text(chosen[0].get("id")) if chosen else ""


def extra(entry: Json) -> Json:
    return members(entry.get("extra_config"))


def video(entry: Json) -> Json:
    """`capabilities.video`, empty on a server of the first edition."""
    return members(members(entry.get("capabilities")).get("video"))


def notes(entry: Json) -> Json:
    """The sandbox's own facts about a model: `images`, `basic`, `retired`, `seconds`."""
    return members(entry.get("sandbox"))


def is_video(entry: Json) -> bool:
    return entry.get("media_type") == "video"


def is_retired(entry: Json) -> bool:
    return notes(entry).get("retired") is True


def is_broken(entry: Json) -> bool:
    """Whether it is a video model with unknown settings. On an image model `valid` means nothing."""
    return is_video(entry) and video(entry).get("valid") is False


def is_offered(entry: Json) -> bool:
    return not (is_retired(entry) or is_broken(entry) or extra(entry).get("hidden") is True)


def is_midjourney(entry: Json) -> bool:
    return text(entry.get("provider")).lower() == "midjourney"


def typical_seconds(entry: Json) -> float:
    """How long a job of the model takes in real time."""
    timing = members(entry.get("estimatedTiming"))
    return number(notes(entry).get("seconds")) or number(timing.get("p50")) or 10


def names(value: Any) -> list[str]:
    """The strings of a list, or none for any other value."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
