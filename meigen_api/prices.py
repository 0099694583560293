"""What a request will probably cost, from the catalogue alone. The answer's `creditsUsed` is the truth."""

import math
from typing import Any

from .types import Json, Model, members, number, price


def estimate(
    model: Model,
    *,
    tier: str = "",
    resolution: str = "",
    duration: float | None = None,
    reference_video_seconds: float | None = None,
) -> int | None:
    """Credits one generation will probably cost, or None when the model does not say.

    An empty choice means the model's default. Per-second models cost seconds x the rate of tier and resolution; with a
    reference video the seconds are max(reference + duration, minBillableTable[duration]) at `pricingPerSecWithVideo`.
    Source: the contract, Models, Price.
    """
    if not model.price_per_second:
        return None if model.credits is None else math.ceil(model.credits)
    seconds = duration or model.default_duration
    if seconds is None:
        return None
    rates = model.price_per_second
    if reference_video_seconds is not None:
        rates = model.price_per_second_with_video
        least = number(model.min_billable.get(f"{seconds:g}")) or 0
        seconds = max(reference_video_seconds + seconds, least)
    rate = _rate(rates, tier or model.default_tier, resolution or model.default_resolution)
    return None if rate is None else math.ceil(seconds * rate)


def _rate(rates: Json, tier: str, resolution: str) -> float | None:
    """Credits per second from a table keyed by tier then resolution, by resolution alone, or by tier alone."""
    inner: Any = rates.get(tier) if tier else None
    if inner is None:
        inner = rates
    if isinstance(inner, dict):
        inner = members(inner).get(resolution)
    return price(inner)
