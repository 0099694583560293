"""What the sandbox charges: the contract's figures and its four rules, by arithmetic of the sandbox's own.

The studio's reading of the same catalogue is `meigen_api.prices`; what it estimates must hold what is charged.
"""

import itertools
from collections.abc import Iterator
from typing import Any

from meigen_api.prices import Price, estimate
from meigen_api.types import Json, Model
from sandbox import catalogue
from sandbox.pricing import charge
from tests.cases import each

from .meigen import PICTURE, Meigen, movie

ENTRIES = {entry["id"]: entry for entry in catalogue.load(2)}
FIGURES: list[tuple[str, Json, tuple[float, ...], int]] = [
    ("gpt-image-2.5", {"resolution": "4K", "quality": "max"}, (), 88),
    ("gpt-image-2.5", {"resolution": "2K", "quality": "low"}, (), 6),
    ("gpt-image-2", {"resolution": "2K", "quality": "high"}, (), 40),
    ("seedream-5.0-pro", {"resolution": "2K"}, (), 20),
    ("midjourney-v8.1", {"resolution": "2K"}, (), 20),
    ("seedance-2-5", {"resolution": "720p", "duration": 5}, (), 195),
    ("seedance-2-5", {"resolution": "480p", "duration": 5}, (2,), 99),
    ("seedance-2-5", {"resolution": "480p", "duration": 5}, (3, 4), 132),
    ("seedance-2-0", {"tier": "mini", "resolution": "480p", "duration": 4}, (), 36),
    ("seedance-2-0", {"tier": "fast", "resolution": "720p", "duration": 10}, (5,), 238),
    ("veo-3.1", {"tier": "fast", "duration": 8}, (), 165),
    ("veo-3.1", {"tier": "pro", "duration": 8}, (), 435),
    ("grok-video", {"resolution": "720p", "duration": 10}, (), 280),
    ("agnes-video-2.0", {"duration": 5}, (), 10),
]


class TestTheFourteenFigures:
    @each(("model", "body", "clips", "credits"), FIGURES)
    def test_by_the_sandboxes_arithmetic(self, model: str, body: Json, clips: tuple[float, ...], credits: int) -> None:
        assert charge(ENTRIES[model], body, clips) == credits

    @each(("model", "body", "clips", "credits"), FIGURES)
    def test_by_what_a_request_is_charged(
        self, meigen: Meigen, model: str, body: Json, clips: tuple[float, ...], credits: int
    ) -> None:
        meigen.allow_many()
        charged = meigen.charges()
        fields: Json = {"modelId": model, **body}
        if clips:
            fields["referenceVideos"] = [meigen.upload_clip(movie(seconds), model=model) for seconds in clips]
        if ENTRIES[model]["supported_ratios"]:
            fields["aspectRatio"] = "16:9"
        else:  # it starts from a picture
            fields["referenceImages"] = [PICTURE]
        assert meigen.submit(**fields).credits_used == credits
        assert meigen.charges() == [*charged, credits]


def entry(media_type: str, extra: Json, video: Json | None = None) -> Json:
    capabilities = {"capabilities": {"video": {"valid": True, **video}}} if video is not None else {}
    return {"id": "m", "media_type": media_type, "credits_per_generation": 7, "extra_config": extra, **capabilities}


PER_CALL = {"tiers": ["fast"], "durations": [4, 8], "pricingPerCall": {"fast": {"4": 80, "8": 165}}}
PER_SECOND = {"resolutions": ["480p", "720p"], "durations": [4, 5], "pricingPerSec": {"480p": 2.5, "720p": 4}}
WITH_VIDEO = {**PER_SECOND, "pricingPerSecWithVideo": {"480p": 3}, "minBillableTable": {"5": 9}}
BY_CHOICE = {
    "resolutions": ["1K", "2K"],
    "qualities": ["low", "high"],
    "pricing": {"1K": {"low": 1, "high": 3}, "2K": 9},
}


@each(
    ("model", "body", "clips", "credits"),
    [
        # 1: per call, whatever the resolution; it comes before all others.
        (entry("video", PER_CALL), {"tier": "fast", "duration": 8, "resolution": "4k"}, (), 165),
        (entry("video", {**PER_SECOND, **PER_CALL}), {"tier": "fast", "duration": 4, "resolution": "480p"}, (), 80),
        # 2: per second, by resolution or by tier and resolution, rounded up.
        (entry("video", PER_SECOND), {"resolution": "480p", "duration": 5}, (), 13),
        (entry("video", {"tiers": ["pro"], "pricingPerSec": {"pro": {"720p": 7}}}),
         {"tier": "pro", "resolution": "720p", "duration": 3}, (), 21),
        # 2 with clips: what billing says of their seconds; the minimum table where it says nothing.
        (entry("video", WITH_VIDEO), {"resolution": "480p", "duration": 5}, (1,), 27),
        (entry("video", WITH_VIDEO), {"resolution": "480p", "duration": 5}, (3, 4), 36),
        (entry("video", WITH_VIDEO, {"billing": {"referenceSeconds": "output_only"}}),
         {"resolution": "480p", "duration": 5}, (3, 4), 15),
        (entry("video", WITH_VIDEO, {"billing": {"referenceSeconds": "reference_plus_output"}}),
         {"resolution": "480p", "duration": 5}, (1,), 18),
        (entry("video", WITH_VIDEO, {"billing": {"referenceSeconds": "reference_plus_output_with_minimum_table"}}),
         {"resolution": "480p", "duration": 5}, (1,), 27),
        # 3: images by resolution and quality, or by resolution alone.
        (entry("image", BY_CHOICE), {"resolution": "1K", "quality": "high"}, (), 3),
        (entry("image", BY_CHOICE), {"resolution": "2K", "quality": "high"}, (), 9),
        # 4: else the flat price.
        (entry("image", {}), {}, (), 7),
        (entry("video", {}), {"duration": 5}, (), 7),
        (entry("video", {"pricing": {"720p": 3}, "resolutions": ["720p"]}), {"resolution": "720p"}, (), 7),
    ],
)  # fmt: skip
def test_the_four_rules_in_their_order(model: Json, body: Json, clips: tuple[float, ...], credits: int) -> None:
    assert charge(model, body, clips) == credits
    read_by_us = Model.from_json(model)
    assert read_by_us is not None
    assert estimate(read_by_us, **body, clip_seconds=clips) == Price(credits, credits)


@each(
    ("model", "credits"),
    [
        ("gpt-image-2.5", Price(6, 6)),  # 2K low
        ("seedream-5.0-pro", Price(10, 10)),
        ("nanobanana-2", Price(5, 5)),
        ("seedance-2-5", Price(72, 72)),  # 480p, four seconds
        ("seedance-2-0", Price(36, 64)),  # mini, but no word of its resolution
        ("veo-3.1", Price(80, 80)),
        ("agnes-video-2.0", Price(10, 10)),
    ],
)
def test_a_choice_left_open_is_the_models_default_or_a_range(model: str, credits: Price) -> None:
    assert charge(ENTRIES[model], {}) in credits
    assert estimate(read(model)) == credits


def test_a_model_whose_defaults_are_unknown_has_a_range() -> None:
    unsaid = {**ENTRIES["gpt-image-2.5"]["extra_config"], "defaultResolution": None, "defaultQuality": None}
    model = Model.from_json({**ENTRIES["gpt-image-2.5"], "extra_config": unsaid})
    assert model is not None
    assert estimate(model) == Price(4, 88)


def read(model_id: str) -> Model:
    found = Model.from_json(ENTRIES[model_id])
    assert found is not None
    return found


def bodies(model: Model, *, clips: bool) -> Iterator[Json]:
    """Every combination of choices, open ones too."""
    for tier in ["", *model.tiers_for(clips=clips)]:
        sizes = ["", *model.resolutions_for(tier, clips=clips)]
        seconds = [None, *model.all_durations]
        for size, quality, duration in itertools.product(sizes, ["", *model.qualities], seconds):
            chosen = {"tier": tier, "resolution": size, "quality": quality, "duration": duration}
            yield {name: value for name, value in chosen.items() if value}


VALID = [model_id for model_id in ENTRIES if read(model_id).is_valid]
WITH_CLIPS = [model_id for model_id in VALID if read(model_id).reference_video]


@each(("model_id", "clips"), [*((name, ()) for name in VALID), *((name, (3.0, 4.0)) for name in WITH_CLIPS)])
def test_whatever_is_chosen_the_estimate_holds_what_is_charged(model_id: str, clips: tuple[float, ...]) -> None:
    model = read(model_id)
    for body in bodies(model, clips=bool(clips)):
        choices: dict[str, Any] = body
        expected = estimate(model, **choices, clip_seconds=clips)
        assert expected is not None
        assert charge(ENTRIES[model_id], body, clips) in expected
        if len(body) == 4 or (model.default_resolution and not clips):
            assert expected.is_exact
