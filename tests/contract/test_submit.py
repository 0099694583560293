"""Submit: the answer, and every field of a request that is not a reference."""

import json
from typing import Any

from meigen_api import calls, errors
from tests.cases import each

from .meigen import PICTURE, Meigen, new_key

CHARACTER = "[character:0b1f6c1e-5f0a-4d3e-9a51-7c1d2e3f4a5b]"


class TestTheAnswer:
    def test_it_names_the_job_its_credits_and_what_is_left(self, meigen: Meigen) -> None:
        status = meigen.submit(modelId="z-image-turbo")
        assert status.generation_id
        assert (status.state, status.model_id, status.credits_used) == ("processing", "z-image-turbo", 2)
        assert status.balance is not None
        assert (status.balance.daily, status.balance.purchased, status.balance.unlimited) == (0, 998, False)
        assert not status.deduped

    def test_without_a_model_the_platform_chooses(self, meigen: Meigen) -> None:
        assert meigen.submit().model_id == "nanobanana-2"

    @each(
        ("fields", "applied"),
        [
            ({"modelId": "nanobanana-2"}, "1:1"),
            ({"modelId": "nanobanana-2", "aspectRatio": "21:9"}, "21:9"),
            ({"modelId": "veo-3.1", "aspectRatio": "auto"}, "16:9"),
            ({"modelId": "seedance-2-0", "referenceImages": [PICTURE]}, "adaptive"),
        ],
    )
    def test_it_says_which_ratio_was_applied(self, meigen: Meigen, fields: dict[str, Any], applied: str) -> None:
        assert meigen.submit(**fields).aspect_ratio == applied

    def test_midjourney_makes_four_for_one_charge(self, meigen: Meigen) -> None:
        job = meigen.submit(modelId="midjourney-v8.1", prompt="x sandbox:seconds=1")
        meigen.clock.now += 2
        assert len(meigen.send(calls.status(job.generation_id)).urls) == 4
        assert meigen.charges() == [15]


class TestWhatIsTaken:
    @each(
        "fields",
        [
            {"modelId": "nanobanana-2", "aspectRatio": "21:9", "resolution": "4K"},
            {"modelId": "nanobanana-2", "aspectRatio": "auto"},
            {"modelId": "gpt-image-2", "quality": "high"},
            {"modelId": "gpt-image-2.5", "quality": "xhigh"},
            {"modelId": "gpt-image-2.5", "quality": "max", "modelVariant": "flare"},
            {"modelId": "seedance-2-0", "tier": "pro", "resolution": "4k", "duration": 7, "aspectRatio": "16:9"},
            {"modelId": "veo-3.1", "tier": "pro", "resolution": "4k", "duration": 8},
            {"modelId": "midjourney-v8.1", "referenceImages": [PICTURE], "referenceType": "style"},
            {
                "modelId": "midjourney-v8.1",
                "niji7Options": {
                    "stylize": 1000, "chaos": 0, "raw": True, "iw": 1.5, "sref": "123", "sw": 5, "profile": "p7",
                    "quality": "1",
                },
            },
            {"modelId": "midjourney-v8.1", "niji7Options": {"sref": "https://x.example/style.png", "quality": "4"}},
        ],
    )  # fmt: skip
    def test_every_field_is_taken(self, meigen: Meigen, fields: dict[str, Any]) -> None:
        meigen.allow_many()
        assert meigen.submit(**fields).generation_id

    @each("choice", [{"modelVariant": "flare"}, {"modelVariant": "sunburst"}, {}])
    def test_a_variant_costs_the_same(self, meigen: Meigen, choice: dict[str, Any]) -> None:
        assert meigen.submit(modelId="gpt-image-2.5", **choice).credits_used == 6

    @each("quality", ["1", "4"])
    def test_a_midjourney_quality_costs_the_same(self, meigen: Meigen, quality: str) -> None:
        assert meigen.submit(modelId="midjourney-v8.1", niji7Options={"quality": quality}).credits_used == 15

    def test_words_in_brackets_go_out_as_they_were_typed(self, meigen: Meigen) -> None:
        prompt = f"[image1] meets {CHARACTER} in 「東京」 & [nowhere]"
        job = meigen.submit(prompt=prompt, referenceImages=[PICTURE])
        kept = meigen.box.ledger.job(job.generation_id)
        assert kept is not None
        assert json.loads(kept.body)["prompt"] == prompt

    def test_three_characters_may_be_named(self, meigen: Meigen) -> None:
        assert meigen.submit(prompt=CHARACTER * 3).generation_id


class TestTheRatioThatFollowsItsInput:
    @each("asked", [{}, {"aspectRatio": "auto"}, {"aspectRatio": "adaptive"}])
    def test_pure_text_has_none_to_follow(self, meigen: Meigen, asked: dict[str, Any]) -> None:
        error = meigen.refused(modelId="seedance-2-0", **asked)
        assert isinstance(error, errors.InvalidRequest)
        assert (error.code, error.fields["field"]) == ("invalid_input", "aspectRatio")
        assert "16:9" in error.fields["supportedRatios"]
        assert "adaptive" not in error.fields["supportedRatios"]

    @each("asked", [{}, {"aspectRatio": "adaptive"}])
    def test_a_reference_has_one(self, meigen: Meigen, asked: dict[str, Any]) -> None:
        assert meigen.submit(modelId="seedance-2-0", referenceImages=[PICTURE], **asked).aspect_ratio == "adaptive"

    def test_a_ratio_of_ones_own_needs_none(self, meigen: Meigen) -> None:
        assert meigen.submit(modelId="seedance-2-0", aspectRatio="9:16").aspect_ratio == "9:16"

    def test_other_models_do_not_know_it(self, meigen: Meigen) -> None:
        assert meigen.refused(modelId="veo-3.1", aspectRatio="adaptive").code == "invalid_input"


@each(
    ("fields", "code", "field"),
    [
        ({"prompt": " "}, "missing_prompt", "prompt"),
        ({"prompt": "x" * 10_001}, "prompt_too_long", "prompt"),
        ({"prompt": CHARACTER * 4}, "too_many_characters", "prompt"),
        ({"prompt": "[image1]"}, "invalid_input", "prompt"),
        ({"modelId": "nothing"}, "invalid_model", "modelId"),
        ({"modelId": "cinema-beta"}, "invalid_model", "modelId"),
        ({"aspectRatio": "7:5"}, "invalid_input", "aspectRatio"),
        ({"resolution": "9K"}, "unsupported_resolution", "resolution"),
        ({"modelId": "seedance-2-0", "tier": "fast", "resolution": "4k"}, "unsupported_resolution", "resolution"),
        ({"quality": "high"}, "unsupported_quality", "quality"),
        ({"modelId": "gpt-image-2", "quality": "max"}, "unsupported_quality", "quality"),
        ({"tier": "pro"}, "unsupported_tier", "tier"),
        ({"duration": 5}, "unsupported_duration", "duration"),
        ({"modelId": "veo-3.1", "duration": 5}, "unsupported_duration", "duration"),
        ({"modelId": "seedance-2-0", "aspectRatio": "1:1", "duration": 16}, "unsupported_duration", "duration"),
        ({"modelVariant": "x"}, "unsupported_model_variant", "modelVariant"),
        ({"modelId": "gpt-image-2.5", "modelVariant": "dusk"}, "unsupported_model_variant", "modelVariant"),
        ({"niji7Options": {"stylize": 5}}, "invalid_input", "niji7Options"),
        ({"modelId": "midjourney-v8.1", "niji7Options": {"stylize": 1001}}, "invalid_input", "niji7Options.stylize"),
        ({"modelId": "midjourney-v8.1", "niji7Options": {"quality": "2"}}, "invalid_input", "niji7Options.quality"),
        ({"modelId": "midjourney-v8.1", "niji7Options": {"weird": 5}}, "invalid_input", "niji7Options.weird"),
        ({"modelId": "midjourney-v8.1", "niji7Options": {"sv": 4}}, "invalid_input", "niji7Options.sv"),
        ({"referenceType": "style"}, "invalid_input", "referenceType"),
        ({"modelId": "midjourney-v8.1", "referenceType": "mood"}, "invalid_input", "referenceType"),
        ({"idempotencyKey": "not a uuid"}, "invalid_idempotency_key", "idempotencyKey"),
        ({"surprise": 1}, "unknown_field", "surprise"),
    ],
)
def test_what_is_wrong_is_a_400_that_names_it(meigen: Meigen, fields: dict[str, Any], code: str, field: str) -> None:
    meigen.allow_many()
    key = fields.pop("idempotencyKey", new_key())
    error = meigen.refused(key, **fields)
    assert isinstance(error, errors.InvalidRequest)
    assert (error.status, error.code, error.fields["field"]) == (400, code, field)
    assert meigen.charges() == []


def test_a_400_says_what_it_received_and_what_is_allowed(meigen: Meigen) -> None:
    error = meigen.refused(modelId="seedream-5.0-pro", aspectRatio="7:5")
    assert error.fields["received"] == "7:5"
    assert error.fields["supportedRatios"] == ["1:1", "3:4", "4:3", "16:9", "9:16", "3:2", "2:3", "21:9"]
    assert error.fields["allowed"] == ["auto", *error.fields["supportedRatios"]]
    assert error.answer is not None
    assert json.loads(error.answer.body) == error.fields


def test_a_retired_model_is_not_available(meigen: Meigen) -> None:
    error = meigen.refused(modelId="seedream-3.0")
    assert isinstance(error, errors.InvalidRequest)
    assert (error.status, error.code) == (403, "model_not_available")
    assert meigen.charges() == []
