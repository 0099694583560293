"""The estimated cost of a request, from the catalogue alone. The response's `creditsUsed` is authoritative."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from meigen_api.types import Json, Model, number, price

# Prices that take too long to compute, or that no column can hold, count as unknown.
MOST_CHOICES, MOST_CREDITS = 10_000, 2**31 - 1
BILLING_MODES = {"", "per_second", "per_call"}


@dataclass(frozen=True)
class Price:
    """Credits from `least` to `most`. They are equal if every relevant choice is made or has a known default."""

    least: int
    most: int

    @property
    def is_exact(self) -> bool:
        return self.least == self.most

    def times(self, count: int) -> "Price":
        return Price(self.least * count, self.most * count)

    def __contains__(self, credits: int) -> bool:
        return self.least <= credits <= self.most


@dataclass(frozen=True)
class _Choice:
    """One combination of the keys of the price tables. "" and None mean that the model has no such choice."""

    tier: str
    resolution: str
    quality: str
    seconds: float | None


def estimate(
    model: Model,
    *,
    tier: str = "",
    resolution: str = "",
    quality: str = "",
    duration: float | None = None,
    clip_seconds: Sequence[float | None] = (),
) -> Price | None:
    """The estimated credits for one generation, or None if the model does not say.

    An open choice ("" or None) counts as the model's default, or as any of its values if no default is known.
    `clip_seconds` are the lengths of the reference videos, None for an unknown one. Source: the contract, Models,
    Price.
    """
    clips = bool(clip_seconds)
    tiers = [tier] if tier else _known(model.default_tier, model.tiers_for(clips=clips))
    durations = [duration] if duration else list(_default_durations(model) or model.all_durations or [None])
    choices = (
        _Choice(tier_, resolution_, quality_, seconds)
        for tier_ in tiers
        for resolution_ in (
            [resolution] if resolution else _known(model.default_resolution, model.resolutions_for(tier_, clips=clips))
        )
        for quality_ in ([quality] if quality else _known(model.default_quality, model.qualities))
        for seconds in durations
    )
    return _span(model, choices, clip_seconds)


def cheapest(model: Model) -> Price | None:
    """The cost of one generation with the cheapest and the most expensive choices, or None if the model does not
    say."""
    choices = (
        _Choice(tier, resolution, quality, seconds)
        for tier in model.tiers or [""]
        for resolution, quality, seconds in itertools.product(
            model.resolutions_for(tier) or [""], model.qualities or [""], model.all_durations or [None]
        )
    )
    return _span(model, choices, (), skip_unknown=True)


def _known(default: str, values: Sequence[str]) -> list[str]:
    """The values that an open choice may take."""
    if default and (default in values or not values):
        return [default]
    return list(values) or [""]


def _default_durations(model: Model) -> set[float]:
    """The seconds of a request that states none: those billed and those made, if the two differ."""
    return {seconds for seconds in (model.billing.default_seconds, model.default_duration) if seconds}


def _span(
    model: Model, choices: Iterator[_Choice], clip_seconds: Sequence[float | None], *, skip_unknown: bool = False
) -> Price | None:
    tried = list(itertools.islice(choices, MOST_CHOICES + 1))
    found = [_credits(model, choice, clip_seconds) for choice in tried[:MOST_CHOICES]]
    known = [entry for entry in found if entry is not None]
    if not known or (len(known) < len(found) and not skip_unknown) or len(tried) > MOST_CHOICES:
        return None
    if max(most for _, most in known) > MOST_CREDITS:
        return None
    return Price(_whole(min(least for least, _ in known)), _whole(max(most for _, most in known)))


def _whole(credits: float) -> int:
    """Rounded up, except for floating-point noise: 16.6 x 15 is 249.00000000000003."""
    return math.ceil(round(credits, 6))


def _credits(model: Model, choice: _Choice, clip_seconds: Sequence[float | None]) -> tuple[float, float] | None:
    """(least, most) of one combination, by the contract's four rules in order."""
    if model.billing.mode not in BILLING_MODES:
        return None
    if model.price_per_call:
        return _flat(_look(model.price_per_call, choice.tier, f"{choice.seconds or 0:g}"))
    if model.is_video and (model.price_per_second or model.price_per_second_with_video):
        return _by_seconds(model, choice, clip_seconds)
    if model.price_by_choice and not model.is_video:
        return _flat(_look(model.price_by_choice, choice.resolution, choice.quality))
    return _flat(model.credits)


def _flat(credits: float | None) -> tuple[float, float] | None:
    return None if credits is None else (credits, credits)


def _by_seconds(model: Model, choice: _Choice, clip_seconds: Sequence[float | None]) -> tuple[float, float] | None:
    rates = model.price_per_second_with_video if clip_seconds else model.price_per_second
    rate = _look(rates, choice.tier, choice.resolution)
    if rate is None or choice.seconds is None:
        return None
    if not clip_seconds:
        return _flat(rate * choice.seconds)
    bounds = _clip_bounds(model, clip_seconds)
    if bounds is None:
        return None
    least, most = (_billed(model, choice.seconds, seconds) for seconds in bounds)
    return None if least is None or most is None else (rate * least, rate * most)


def _clip_bounds(model: Model, clip_seconds: Sequence[float | None]) -> tuple[float, float] | None:
    """The least and most total seconds of the clips, or None if an unknown one is unbounded."""
    known = sum(seconds for seconds in clip_seconds if seconds is not None)
    unknown = sum(seconds is None for seconds in clip_seconds)
    limits = model.reference_video
    if not unknown:
        return known, known
    if limits is None or limits.min_seconds is None or limits.max_seconds is None:
        return None
    most = known + unknown * limits.max_seconds
    if limits.max_total_seconds is not None:
        most = min(most, limits.max_total_seconds)
    least = known + unknown * limits.min_seconds
    return least, max(least, most)


def _billed(model: Model, seconds: float, of_clips: float) -> float | None:
    """The seconds billed for a video of this length made from clips of this length."""
    match model.billing.reference_seconds:
        case "output_only":
            return seconds
        case "reference_plus_output":
            return seconds + of_clips
        case "reference_plus_output_with_minimum_table" | "":
            return max(seconds + of_clips, number(model.min_billable.get(f"{seconds:g}")) or 0)
    return None


def _look(table: Json, *keys: str) -> float | None:
    """The number under these keys. If the table has no level for a key, such as the tier, the key is skipped."""
    found: object = table
    for key in keys:
        if isinstance(found, dict) and key in found:
            found = found[key]
    return price(found)
