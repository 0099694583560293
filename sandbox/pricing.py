"""What a request costs, by the contract's four rules. This is the sandbox's own implementation; the studio's must agree
with it."""

import math
from collections.abc import Sequence
from typing import Any

from meigen_api.types import Json, members, number
from sandbox import choices
from sandbox.catalogue import extra, is_video, video
from sandbox.choices import Choices


def charge(entry: Json, body: Json, clip_seconds: Sequence[float] = ()) -> int:
    """The credits for this body on this model, rounded up. `clip_seconds` are the lengths of its reference videos."""
    chosen = choices.applied(entry, body, with_clips=bool(clip_seconds))
    credits = _per_call(entry, chosen)
    if credits is None and is_video(entry):
        credits = _per_second(entry, chosen, clip_seconds)
    if credits is None and not is_video(entry):
        credits = _rate(extra(entry).get("pricing"), chosen.resolution, chosen.quality)
    if credits is None:
        credits = number(entry.get("credits_per_generation")) or 0
    return math.ceil(round(credits, 6))  # 0.1 + 0.2 must not cost an extra credit


def _per_call(entry: Json, chosen: Choices) -> float | None:
    return _rate(extra(entry).get("pricingPerCall"), chosen.tier, _key(chosen.duration))


def _per_second(entry: Json, chosen: Choices, clip_seconds: Sequence[float]) -> float | None:
    config = extra(entry)
    plain = _rate(config.get("pricingPerSec"), chosen.tier, chosen.resolution)
    if chosen.duration is None:
        return None
    if not clip_seconds:
        return None if plain is None else plain * chosen.duration
    rate = _rate(config.get("pricingPerSecWithVideo"), chosen.tier, chosen.resolution)
    rate = plain if rate is None else rate
    return None if rate is None else rate * _billable(entry, chosen.duration, sum(clip_seconds))


def _billable(entry: Json, duration: float, clips: float) -> float:
    """The seconds to pay for if there are clips. Servers that do not state how they count use the minimum table."""
    least = number(members(extra(entry).get("minBillableTable")).get(_key(duration))) or 0
    match members(video(entry).get("billing")).get("referenceSeconds"):
        case "output_only":
            return duration
        case "reference_plus_output":
            return clips + duration
    return max(clips + duration, least)


def _rate(table: Any, outer: str, inner: str) -> float | None:
    """`table[outer][inner]`, `table[outer]` or `table[inner]`, whichever is a number."""
    found = members(table).get(outer)
    if isinstance(found, dict):
        return number(found.get(inner))
    if found is None:
        found = members(table).get(inner)
    return number(found)


def _key(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:g}"
