"""A server of the first edition is served by the same client."""

from typing import Any

from meigen_api import calls, errors
from meigen_api.types import Model, models_from_json
from tests.cases import each

from .meigen import Meigen, new_key, posted, said


def models(running: Meigen) -> dict[str, Model]:
    found: list[Model] = running.send(calls.models(), None)
    return {model.id: model for model in found}


class TestItsModels:
    def test_they_are_the_same_of_the_same_kinds(self, older: Meigen, meigen: Meigen) -> None:
        then, now = models(older), models(meigen)
        assert {name: model.media_type for name, model in then.items()} == {
            name: model.media_type for name, model in now.items()
        }

    def test_they_say_less(self, older: Meigen) -> None:
        entries = older.send(calls.raw_models(), None)
        for word in ("capabilities", "is_default", "estimatedTiming", '"pricing"', "pricingPerCall", "adaptive"):
            assert word not in entries

    def test_durations_come_from_the_older_words(self, older: Meigen, meigen: Meigen) -> None:
        then, now = models(older), models(meigen)
        for name in ("veo-3.1", "seedance-2-0", "grok-video", "agnes-video-2.0"):
            assert then[name].durations == now[name].all_durations
            assert then[name].duration_range is None
        assert then["agnes-video-2.0"].default_duration == 5

    def test_nothing_newer_is_offered(self, older: Meigen) -> None:
        for model in models(older).values():
            assert not model.is_default
            assert not model.takes_clips
            assert not model.has_frames_and_content
            assert not model.variants
            assert not model.follows_input
            assert model.typical_seconds is None
            assert model.is_valid

    def test_a_video_it_supports_is_said_in_one_word(self) -> None:
        entry = {"id": "v", "media_type": "video", "extra_config": {"supportsReferenceVideo": True}}
        [model] = models_from_json({"models": [entry]})
        assert model.reference_video is not None
        assert model.reference_video.max_count == 1


class TestItsAnswers:
    def test_a_status_has_success_and_generation_id(self, older: Meigen) -> None:
        job = older.submit(prompt="x sandbox:seconds=10")
        status = older.send(calls.status(job.generation_id))
        assert (said(status)["success"], said(status)["generationId"]) == (True, job.generation_id)
        assert status.generation_id == job.generation_id
        assert (status.state, status.poll_hint, status.expected_wait) == ("processing", 10, 12)

    @each(("switch", "credits"), [("", "charged"), ("fail-kept", "charged"), ("fail", "refunded")])
    def test_credits_are_charged_or_refunded(self, older: Meigen, switch: str, credits: str) -> None:
        job = older.submit(prompt=f"x sandbox:seconds=1 sandbox:{switch}")
        older.clock.now += 2
        assert older.send(calls.status(job.generation_id)).credits_status == credits

    def test_without_a_model_the_platform_chooses(self, older: Meigen) -> None:
        assert older.submit().model_id == "gpt-image-2.5"

    def test_a_forgotten_job(self, older: Meigen) -> None:
        job = older.submit(prompt="x sandbox:gone sandbox:seconds=1")
        older.clock.now += 2
        assert isinstance(older.failed(calls.status(job.generation_id)), errors.Gone)


class TestItsReceipts:
    def test_one_is_the_job(self, older: Meigen) -> None:
        key = new_key()
        assert isinstance(older.refused(key, prompt="x sandbox:lost"), errors.NoAnswer)
        assert older.send(calls.request(key)).generation_id
        assert older.charges() == [6]

    @each("fields", [{"aspectRatio": "7:5"}, {"prompt": "x sandbox:402"}])
    def test_or_it_never_arrived(self, older: Meigen, fields: dict[str, Any]) -> None:
        key = new_key()
        older.refused(key, **fields)
        assert older.failed(calls.request(key)).code == "request_not_found"

    def test_the_same_key_is_one_charge(self, older: Meigen) -> None:
        call = posted(new_key())
        assert [older.send(call).deduped for _ in range(3)] == [False, True, True]
        assert older.charges() == [6]


def test_it_takes_no_clips(older: Meigen) -> None:
    error = older.failed(calls.presign_clip("a.mp4", "video/mp4", 4, "seedance-2-5", "video"))
    assert isinstance(error, errors.NotFound)
