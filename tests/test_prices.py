"""What a click will probably cost, from the catalogue alone."""

from typing import Any

import pytest

from meigen_api.prices import estimate
from meigen_api.types import Model


def model(**fields: Any) -> Model:
    found = Model.from_json({"id": "m", **fields})
    assert found is not None
    return found


def test_an_image_costs_what_the_catalogue_says() -> None:
    assert estimate(model(credits_per_generation=5)) == 5


def test_unsaid_is_unknown() -> None:
    assert estimate(model()) is None
    assert estimate(model(credits_per_generation="soon")) is None


PER_TIER = {"pricingPerSec": {"fast": {"480p": 16, "720p": 24}}, "tiers": ["fast"], "defaultTier": "fast"}


@pytest.mark.parametrize(
    ("extra", "choices", "cost"),
    [
        (PER_TIER, {"tier": "fast", "resolution": "720p", "duration": 5}, 120),
        (PER_TIER, {"resolution": "480p", "duration": 5}, 80),
        ({**PER_TIER, "defaultResolution": "720p", "defaultDuration": 4}, {}, 96),
        (PER_TIER, {"tier": "fast", "resolution": "1080p", "duration": 5}, None),
        (PER_TIER, {"tier": "fast", "resolution": "720p"}, None),
        ({"pricingPerSec": {"480p": 2.5}}, {"resolution": "480p", "duration": 5}, 13),
        ({"pricingPerSec": {"pro": 7}}, {"tier": "pro", "duration": 3}, 21),
    ],
)
def test_video_costs_seconds_times_the_rate(extra: dict[str, Any], choices: dict[str, Any], cost: int | None) -> None:
    assert estimate(model(media_type="video", credits_per_generation=80, extra_config=extra), **choices) == cost


@pytest.mark.parametrize(("reference", "cost"), [(1, 90), (10, 150)])
def test_with_a_reference_video_the_minimum_table_counts(reference: float, cost: int) -> None:
    extra = {
        **PER_TIER,
        "pricingPerSecWithVideo": {"fast": {"480p": 10}},
        "minBillableTable": {"5": 9},
    }
    found = model(media_type="video", extra_config=extra)
    choices: dict[str, Any] = {"tier": "fast", "resolution": "480p", "duration": 5}
    assert estimate(found, **choices, reference_video_seconds=reference) == cost
