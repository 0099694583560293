"""The list of models: what each is, by its own words alone."""

import json
from typing import Any

import pytest

from meigen_api import calls, errors, prices
from meigen_api.types import Json, Model, models_from_json
from sandbox import catalogue
from sandbox.answers import answer as response
from tests.cases import each

from .meigen import Meigen

UNKNOWN = {"fromTheFuture": {"deep": [1, {"er": None}]}, "alsoNew": True}


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    """Today's list by id."""
    entries = catalogue.served(catalogue.load(2), {})
    return {model.id: model for model in models_from_json({"models": entries})}


def read(**fields: Any) -> Model:
    found = Model.from_json({"id": "m", **fields})
    assert found is not None
    return found


class TestTheList:
    def test_it_is_public(self, meigen: Meigen, models: dict[str, Model]) -> None:
        assert {model.id: model for model in meigen.send(calls.models(), None)} == models

    def test_its_text_can_be_kept_and_read_again(self, meigen: Meigen, models: dict[str, Model]) -> None:
        text = meigen.send(calls.raw_models(), None)
        assert models_from_json(json.loads(text)) == list(models.values())

    def test_a_list_that_is_none_is_no_list(self, meigen: Meigen) -> None:
        bodies: list[Any] = [{"success": True}, {"success": True, "models": {}}, []]
        for body in bodies:
            meigen.box.fail_next("/api/models", response(200, body), times=2)
            for call in (calls.models(), calls.raw_models()):
                assert isinstance(meigen.failed(call, None), errors.BadAnswer)

    def test_retired_models_are_not_in_it(self, models: dict[str, Model]) -> None:
        assert "seedream-3.0" not in models

    def test_hidden_ones_are_not_offered(self, models: dict[str, Model]) -> None:
        assert not models["atelier-internal"].is_offered
        assert models["atelier-internal"].is_valid

    def test_neither_are_video_models_whose_settings_are_unknown(self, models: dict[str, Model]) -> None:
        assert not models["cinema-beta"].is_offered
        assert not models["cinema-beta"].is_valid

    def test_all_others_are(self, models: dict[str, Model]) -> None:
        assert len([model for model in models.values() if model.is_offered]) == len(models) - 2


class TestOneModel:
    def test_an_image_model(self, models: dict[str, Model]) -> None:
        model = models["gpt-image-2.5"]
        assert (model.name, model.provider, model.media_type, model.credits) == ("GPT Image 2.5", "OpenAI", "image", 6)
        assert model.description
        assert (model.resolutions, model.default_resolution) == (("1K", "2K", "4K"), "2K")
        assert (model.qualities, model.default_quality) == (("low", "medium", "high", "xhigh", "max"), "low")
        assert model.variants == ("sunburst", "flare")
        assert (model.max_references, model.max_content_references) == (16, 0)
        assert model.tags == ("New",)
        assert "21:9" in model.ratios

    def test_a_video_model(self, models: dict[str, Model]) -> None:
        model = models["seedance-2-0"]
        assert model.is_video
        assert (model.tiers, model.default_tier) == (("mini", "fast", "pro"), "mini")
        assert model.resolutions_for("fast") == ("480p", "720p")
        assert model.resolutions_for("pro") == ("480p", "720p", "1080p", "4k")
        assert model.duration_range is not None
        assert (model.duration_range.minimum, model.duration_range.maximum, model.default_duration) == (4, 15, 4)
        assert (model.has_frames_and_content, model.max_content_references) == (True, 9)
        assert model.follows_input
        assert "adaptive" not in model.fixed_ratios

    def test_an_enumeration_of_durations(self, models: dict[str, Model]) -> None:
        assert (models["veo-3.1"].durations, models["veo-3.1"].default_duration) == ((4, 6, 8), 4)
        assert not models["veo-3.1"].has_frames_and_content

    def test_the_limits_of_reference_clips(self, models: dict[str, Model]) -> None:
        video, audio = models["seedance-2-0"].reference_video, models["seedance-2-0"].reference_audio
        assert video is not None
        assert audio is not None
        assert (video.max_count, video.min_seconds, video.max_seconds, video.max_total_seconds) == (3, 2, 15, 15)
        assert video.max_bytes == 52_428_800
        assert models["seedance-2-0"].resolutions_for("pro", clips=True) == ("720p", "1080p")
        assert (audio.formats, audio.requires_visual) == (("wav", "mp3"), True)
        assert models["veo-3.1"].reference_video is None
        assert models["veo-3.1"].reference_audio is None

    def test_how_it_is_billed(self, models: dict[str, Model]) -> None:
        billing = models["seedance-2-5"].billing
        assert (billing.mode, billing.default_seconds) == ("per_second", 4)
        assert billing.reference_seconds == "reference_plus_output_with_minimum_table"
        assert models["veo-3.1"].billing.mode == "per_call"

    def test_whether_it_starts_from_a_picture(self, models: dict[str, Model]) -> None:
        assert models["grok-video"].requires_first_frame
        assert not models["veo-3.1"].requires_first_frame

    def test_only_midjourney_takes_its_options(self, models: dict[str, Model]) -> None:
        assert [model.id for model in models.values() if model.is_midjourney] == ["midjourney-v8.1"]

    def test_how_long_it_typically_takes(self, models: dict[str, Model]) -> None:
        assert models["seedance-2-5"].typical_seconds == 118
        assert read().typical_seconds is None
        assert read(estimatedTiming="soon").typical_seconds is None
        assert read(estimatedTiming={"p50": [], "p90": 9}).typical_seconds is None

    def test_variants_may_be_objects(self) -> None:
        assert read(extra_config={"variants": ["silver", {"id": "gold", "new": 1}, 5, None]}).variants == (
            "silver", "gold", "5",
        )  # fmt: skip


class TestTheDefault:
    def test_there_is_one_for_each_media_type(self, models: dict[str, Model]) -> None:
        defaults = {model.media_type: model.id for model in models.values() if model.is_default}
        assert defaults == {"image": "nanobanana-2", "video": "seedance-2-5"}

    @each("word", [None, 1, "true", False])
    def test_only_true_makes_one(self, word: Any) -> None:
        assert not read(is_default=word).is_default


class TestTheMediaType:
    def test_it_alone_decides(self) -> None:
        video = {"video": {"valid": True, "outputDuration": {"kind": "enum", "values": [5], "default": 5}}}
        assert read(media_type="image", capabilities=video).media_type == "image"
        assert read(media_type="video").media_type == "video"
        assert read(capabilities=video).media_type == "image"

    @each("kind", ["audio", "model3d", "Video", 7, ["video"]])
    def test_of_an_unknown_kind_nothing_is_offered(self, kind: Any) -> None:
        good = {"id": "good", "media_type": "image"}
        assert [model.id for model in models_from_json({"models": [{"id": "x", "media_type": kind}, good]})] == ["good"]

    @each("kind", [None, ""])
    def test_without_one_it_makes_images(self, kind: Any) -> None:
        assert read(media_type=kind).media_type == "image"


class TestWhatIsNotInTheContract:
    def everywhere(self, value: Any) -> Any:
        """The value with unknown members in every object."""
        if isinstance(value, dict):
            return {**{name: self.everywhere(entry) for name, entry in value.items()}, **UNKNOWN}
        return [self.everywhere(entry) for entry in value] if isinstance(value, list) else value

    # Price tables are kept as they came, with all that is in them.
    TABLES = ("price_by_choice", "price_per_call", "price_per_second", "price_per_second_with_video", "min_billable")

    def test_unknown_members_change_nothing_anywhere(self, models: dict[str, Model]) -> None:
        entries = catalogue.served(catalogue.load(2), {})
        by_tier = {"tier_resolutions", "reference_video"}  # whose members are names of the vendor's choosing
        for model in models_from_json({"models": self.everywhere(entries), **UNKNOWN}):
            before, after = vars(models[model.id]), vars(model)
            changed = {name for name in before if before[name] != after[name]}
            assert changed <= {*self.TABLES, *by_tier}
            assert model.is_valid == models[model.id].is_valid
            assert prices.estimate(model) == prices.estimate(models[model.id])

    def test_an_entry_that_is_none_is_left_out(self) -> None:
        entries: list[Any] = [None, 5, "x", [], {}, {"id": ""}, {"id": "x" * 201}, {"id": {}}, {"id": "good"}]
        assert [model.id for model in models_from_json({"models": entries})] == ["good"]

    def test_of_two_with_the_same_id_one_is_left(self) -> None:
        entries: list[Json] = [{"id": "x", "name": "A"}, {"id": "x", "name": "B"}]
        assert len(models_from_json({"models": entries})) == 1
