"""What a click will probably cost: the estimate, the button and the sandbox's charge say the same."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.models import Token, User
from generations.dispatch.catalogue import Offer
from generations.models import Generation, Reference
from generations.studio.form import GenerateForm
from generations.studio.options import CHOICES, values_of
from meigen_api.prices import Price, cheapest, estimate
from meigen_api.types import Model, models_from_json
from sandbox import catalogue as sandbox_catalogue
from sandbox import pricing
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_clip

HTMX = {"HX-Request": "true"}


def model(**fields: Any) -> Model:
    found = Model.from_json({"id": "m", **fields})
    assert found is not None
    return found


def exactly(credits: int) -> Price:
    return Price(credits, credits)


# The contract's figures: (choices in the form, seconds of each reference video, credits).
FIGURES: list[tuple[dict[str, str], list[float], int]] = [
    ({"model_id": "gpt-image-2.5", "resolution": "4K", "quality": "max"}, [], 88),
    ({"model_id": "gpt-image-2.5", "resolution": "2K", "quality": "low"}, [], 6),
    ({"model_id": "gpt-image-2", "resolution": "2K", "quality": "high"}, [], 40),
    ({"model_id": "seedream-5.0-pro", "resolution": "2K"}, [], 20),
    ({"model_id": "midjourney-v8.1", "resolution": "2K"}, [], 20),
    ({"model_id": "seedance-2-5", "resolution": "720p", "duration": "5"}, [], 195),
    ({"model_id": "seedance-2-5", "resolution": "480p", "duration": "5"}, [2], 99),
    ({"model_id": "seedance-2-5", "resolution": "480p", "duration": "5"}, [3, 4], 132),
    ({"model_id": "seedance-2-0", "tier": "mini", "resolution": "480p", "duration": "4"}, [], 36),
    ({"model_id": "seedance-2-0", "tier": "fast", "resolution": "720p", "duration": "10"}, [5], 238),
    ({"model_id": "veo-3.1", "tier": "fast", "duration": "8"}, [], 165),
    ({"model_id": "veo-3.1", "tier": "pro", "duration": "8"}, [], 435),
    ({"model_id": "grok-video", "resolution": "720p", "duration": "10"}, [], 280),
    ({"model_id": "agnes-video-2.0", "duration": "5"}, [], 10),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("choices", "seconds", "credits"), FIGURES, ids=lambda value: str(value)[:60])
def test_the_button_the_row_and_the_charge_say_the_contracts_figure(
    sandbox: FastSandbox,
    browser: Client,
    user: User,
    token: Token,
    choices: dict[str, str],
    seconds: list[float],
    credits: int,
) -> None:
    references = [str(make_clip(user, long).pk) for long in seconds]
    if choices["model_id"] == "grok-video":
        frame = Reference.objects.create(owner=user, name="frame", public_url="https://x.example/frame.png")
        references.append(str(frame.pk))
    ratio = {"aspect_ratio": "16:9"} if choices["model_id"].startswith("seedance") else {}
    data = form_data(reference=references, **choices, **ratio)
    assert f" · {credits} credits" in browser.post("/studio/price/", data, headers=HTMX).content.decode()
    response = browser.post("/generations/", data)
    assert response.status_code == 302, response.content.decode()
    generation = Generation.objects.get()
    assert (generation.credits_estimated, generation.credits_estimated_most) == (credits, None)
    assert (generation.credits_used, generation.status) == (credits, Generation.Status.RUNNING)
    assert [charge.credits for charge in sandbox.ledger.charges()] == [credits]


def combinations(found: Model, *, clips: bool) -> Iterator[dict[str, str]]:
    """Every combination of the choices that matter for the price, each also left open."""
    names = [choice.name for choice in CHOICES if choice.name in {"quality", "duration"}]
    for tier in ["", *values_of(found, "tier", clips=clips)]:
        for resolution in ["", *values_of(found, "resolution", tier, clips=clips)]:
            for values in itertools.product(*(["", *values_of(found, name)] for name in names)):
                yield {"tier": tier, "resolution": resolution, **dict(zip(names, values, strict=True))}


@pytest.mark.slow
@each("edition", [1, 2])
def test_whatever_the_form_allows_is_charged_as_announced(edition: int) -> None:
    """Where the announcement is a range, because a choice is open and has no known default, it holds the charge."""
    entries = {entry["id"]: entry for entry in sandbox_catalogue.load(edition)}
    offer = Offer(tuple(models_from_json({"models": list(entries.values())})))
    exact = 0
    for found in offer.models:
        lengths: list[list[float]] = [[], [2], [3, 4], [7.5]] if found.reference_video else [[]]
        for seconds in lengths:
            references = [Reference(kind="video", seconds=long) for long in seconds]
            for choices in combinations(found, clips=bool(seconds)):
                form = GenerateForm(offer, initial={"model_id": found.id, **choices}, references=references)
                body: dict[str, Any] = {"modelId": found.id}
                body |= {choice.member: choices[choice.name] for choice in CHOICES if choices.get(choice.name)}
                if "duration" in body:
                    body["duration"] = float(body["duration"])
                announced, charged = form.price_each, pricing.charge(entries[found.id], body, seconds)
                assert announced is None or charged in announced, (found.id, choices, seconds, announced, charged)
                assert announced is not None or seconds, (found.id, choices)
                exact += announced is not None and announced.is_exact
    assert exact > 300


TENTHS = {
    "media_type": "video",
    "extra_config": {"pricingPerSec": {"480p": 10}, "resolutions": ["480p"]},
    "capabilities": {
        "video": {"valid": True, "outputDuration": {"kind": "range", "min": 1, "max": 5, "step": 0.1, "default": 5}}
    },
}


def test_parts_of_a_second_are_priced_as_they_are_chosen() -> None:
    found = model(**TENTHS)
    offer = Offer((found,))
    for seconds in values_of(found, "duration"):
        form = GenerateForm(offer, initial={"model_id": "m", "duration": seconds})
        charged = pricing.charge({"id": "m", **TENTHS}, {"duration": float(seconds)})
        assert form.price_each == exactly(charged), seconds


@each(("most", "step"), [(100, 0.1), (300, 0.04), (5, 1e-300)])
def test_of_a_range_too_fine_for_a_form_only_seconds_that_the_model_makes_are_offered(most: int, step: float) -> None:
    span = {"kind": "range", "min": 1, "max": most, "step": step, "default": 1 + step * 7}
    found = model(**{**TENTHS, "capabilities": {"video": {"valid": True, "outputDuration": span}}})
    assert len(found.all_durations) <= 602
    assert found.default_duration is not None
    assert float(f"{found.default_duration:g}") in found.all_durations
    if step > 1e-9:
        steps = [(seconds - 1) / step for seconds in found.all_durations]
        assert all(abs(number - round(number)) < 1e-3 for number in steps)


def test_a_price_beyond_all_measure_is_not_known() -> None:
    dear = {"pricingPerSec": {"480p": 9e7}, "durations": [60, 9e11]}
    assert estimate(model(media_type="video", extra_config=dear), resolution="480p", duration=60) is None
    many = {"resolutions": [f"{n}" for n in range(90)], "qualities": [f"{n}" for n in range(90)], "tiers": ["a", "b"]}
    found = model(media_type="image", extra_config={**many, "pricing": {f"{n}": n for n in range(90)}})
    assert estimate(found) is None
    assert cheapest(found) is None


def test_a_model_priced_with_reference_videos_alone_is_unknown_without() -> None:
    extra = {"pricingPerSecWithVideo": {"480p": 9}, "resolutions": ["480p"], "durations": [5]}
    found = model(media_type="video", credits_per_generation=3, extra_config=extra)
    assert estimate(found, duration=5) is None
    assert estimate(found, duration=5, clip_seconds=[5]) == exactly(90)


def test_an_image_costs_what_the_catalogue_says() -> None:
    assert estimate(model(credits_per_generation=5)) == exactly(5)


def test_unsaid_is_unknown() -> None:
    assert estimate(model()) is None
    assert estimate(model(credits_per_generation="soon")) is None


TABLE = {"pricing": {"1K": {"low": 4, "high": 12}, "2K": 20}, "resolutions": ["1K", "2K"], "qualities": ["low", "high"]}


@each(
    ("more", "choices", "price"),
    [
        ({}, {"resolution": "1K", "quality": "high"}, exactly(12)),
        ({}, {"resolution": "2K", "quality": "high"}, exactly(20)),
        ({}, {"resolution": "1K"}, Price(4, 12)),
        ({}, {}, Price(4, 20)),
        ({"defaultQuality": "low"}, {}, Price(4, 20)),
        ({"defaultQuality": "low", "defaultResolution": "1K"}, {}, exactly(4)),
        ({"defaultResolution": "8K"}, {"quality": "low"}, Price(4, 20)),  # not one that can be asked for
        ({}, {"resolution": "4K", "quality": "low"}, None),
        ({"pricing": "soon"}, {"resolution": "4K"}, exactly(7)),
    ],
)
def test_an_image_costs_what_the_table_says_and_an_open_choice_makes_a_range(
    more: dict[str, Any], choices: dict[str, Any], price: Price | None
) -> None:
    found = model(media_type="image", credits_per_generation=7, extra_config={**TABLE, **more})
    assert estimate(found, **choices) == price


PER_TIER = {
    "pricingPerSec": {"fast": {"480p": 16, "720p": 24}},
    "tiers": ["fast"],
    "defaultTier": "fast",
    "resolutions": ["480p", "720p"],
}


@each(
    ("extra", "choices", "price"),
    [
        (PER_TIER, {"tier": "fast", "resolution": "720p", "duration": 5}, exactly(120)),
        (PER_TIER, {"resolution": "480p", "duration": 5}, exactly(80)),
        (PER_TIER, {"duration": 5}, Price(80, 120)),
        ({**PER_TIER, "defaultResolution": "720p", "defaultDuration": 4}, {}, exactly(96)),
        (PER_TIER, {"tier": "fast", "resolution": "1080p", "duration": 5}, None),
        (PER_TIER, {"tier": "fast", "resolution": "720p"}, None),
        ({**PER_TIER, "durations": [4, 8]}, {"resolution": "720p"}, Price(96, 192)),
        ({"pricingPerSec": {"480p": 2.5}}, {"resolution": "480p", "duration": 5}, exactly(13)),
        ({"pricingPerSec": {"pro": 7}}, {"tier": "pro", "duration": 3}, exactly(21)),
        (
            {"pricingPerCall": {"pro": {"4": 9}}, "pricingPerSec": {"pro": 1}},
            {"tier": "pro", "duration": 4},
            exactly(9),
        ),
        ({"pricingPerCall": {"pro": {"4": 9}}}, {"tier": "pro", "duration": 6}, None),
    ],
)
def test_video_costs_a_call_or_seconds_times_the_rate(
    extra: dict[str, Any], choices: dict[str, Any], price: Price | None
) -> None:
    assert estimate(model(media_type="video", credits_per_generation=80, extra_config=extra), **choices) == price


def with_video(reference_seconds: str, **limits: Any) -> Model:
    """A model of 10 credits a second with reference videos, at least 9 seconds of them for a video of 5."""
    return model(
        media_type="video",
        extra_config={**PER_TIER, "pricingPerSecWithVideo": {"fast": {"480p": 10}}, "minBillableTable": {"5": 9}},
        capabilities={
            "video": {
                "valid": True,
                "referenceVideo": {"enabled": True, "maxCount": 3, **limits},
                "billing": {"mode": "per_second", "referenceSeconds": reference_seconds},
            }
        },
    )


BOUNDS = {"minSeconds": 2, "maxSeconds": 15, "maxTotalSeconds": 20}


@each(
    ("reference_seconds", "clip_seconds", "limits", "price"),
    [
        ("", [1], {}, exactly(90)),
        ("reference_plus_output_with_minimum_table", [1], {}, exactly(90)),
        ("reference_plus_output_with_minimum_table", [10], {}, exactly(150)),
        ("reference_plus_output", [1], {}, exactly(60)),
        ("output_only", [10], {}, exactly(50)),
        ("something_new", [10], {}, None),
        ("", [None], BOUNDS, Price(90, 200)),  # of unknown length: whatever the model takes
        ("", [10, None], BOUNDS, Price(170, 250)),
        ("", [None], {}, None),
    ],
)
def test_with_reference_videos_their_seconds_count_as_the_billing_says(
    reference_seconds: str, clip_seconds: list[float | None], limits: dict[str, Any], price: Price | None
) -> None:
    choices: dict[str, Any] = {"tier": "fast", "resolution": "480p", "duration": 5}
    found = with_video(reference_seconds, **limits)
    assert estimate(found, **choices, clip_seconds=clip_seconds) == price


def test_a_billing_nobody_has_heard_of_is_unknown() -> None:
    capabilities = {"video": {"valid": True, "billing": {"mode": "per_mood"}}}
    assert estimate(model(media_type="video", credits_per_generation=9, capabilities=capabilities)) is None


def test_the_picker_tells_the_least_and_leaves_out_what_is_not_priced() -> None:
    assert cheapest(model(media_type="image", extra_config=TABLE)) == Price(4, 20)
    holes = {**PER_TIER, "durations": [4, 5], "resolutions": ["480p", "4k"]}
    assert cheapest(model(media_type="video", extra_config=holes)) == Price(64, 80)
    assert cheapest(model()) is None
