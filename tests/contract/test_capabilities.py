"""What a video model says of its settings is read strictly: they decide what a click costs."""

from typing import Any

from meigen_api.types import Json, Model
from tests.cases import each

RANGE: Json = {"kind": "range", "min": 4, "max": 15, "step": 1, "default": 4}
ENUM: Json = {"kind": "enum", "values": [4, 6, 8], "default": 4}
CLIPS: Json = {"enabled": True, "minSeconds": 2, "maxSeconds": 15, "maxCount": 3, "maxTotalSeconds": 15}
BILLING: Json = {"mode": "per_second", "requestDefaultSeconds": 4, "referenceSeconds": "output_only"}
GOOD: Json = {
    "outputDuration": RANGE,
    "referenceVideo": CLIPS,
    "referenceAudio": {**CLIPS, "formats": ["WAV", "mp3"], "requiresVisualReference": True},
    "billing": BILLING,
    "requiresFirstFrame": True,
    "valid": True,
}
OLD = {"durations": [3, 7.5], "defaultDuration": 3, "supportsReferenceVideo": True}


def video(capabilities: Any, **extra: Any) -> Model:
    entry = {"id": "v", "media_type": "video", "capabilities": capabilities, "extra_config": extra}
    found = Model.from_json(entry)
    assert found is not None
    return found


def saying(**changes: Any) -> Model:
    """A video model that is good except for these."""
    return video({"video": {**GOOD, **changes}})


def without(data: Json, name: str) -> Json:
    return {key: value for key, value in data.items() if key != name}


def test_a_good_one_is_valid() -> None:
    model = saying()
    assert model.is_offered
    assert model.duration_range is not None
    assert (model.duration_range.minimum, model.duration_range.maximum, model.duration_range.step) == (4, 15, 1)
    assert model.default_duration == 4
    assert model.reference_audio is not None
    assert (model.reference_audio.formats, model.reference_audio.requires_visual) == (("wav", "mp3"), True)
    assert (model.billing.reference_seconds, model.requires_first_frame) == ("output_only", True)


MALFORMED: dict[str, Json] = {
    "valid is false": {"valid": False},
    "valid is a word": {"valid": "yes"},
    "valid is null": {"valid": None},
    "a duration that is no object": {"outputDuration": 5},
    "a duration of no kind": {"outputDuration": {"values": [4], "default": 4}},
    "a duration of a new kind": {"outputDuration": {**RANGE, "kind": "curve"}},
    "a range without min": {"outputDuration": without(RANGE, "min")},
    "a range without max": {"outputDuration": without(RANGE, "max")},
    "a range without step": {"outputDuration": without(RANGE, "step")},
    "a range without default": {"outputDuration": without(RANGE, "default")},
    "a range with a step of 0": {"outputDuration": {**RANGE, "step": 0}},
    "a range with a step backwards": {"outputDuration": {**RANGE, "step": -1}},
    "a range that ends before it begins": {"outputDuration": {**RANGE, "min": 20, "default": 20}},
    "a range of nothing": {"outputDuration": {**RANGE, "min": 0, "max": 0, "default": 0}},
    "a range with words": {"outputDuration": {**RANGE, "max": "long"}},
    "a default below the range": {"outputDuration": {**RANGE, "default": 3}},
    "a default above the range": {"outputDuration": {**RANGE, "default": 16}},
    "an enum without values": {"outputDuration": {"kind": "enum", "default": 4}},
    "an enum with no values": {"outputDuration": {**ENUM, "values": []}},
    "an enum whose values are no list": {"outputDuration": {**ENUM, "values": 4}},
    "an enum without default": {"outputDuration": without(ENUM, "default")},
    "an enum with a foreign default": {"outputDuration": {**ENUM, "default": 5}},
    "clips that are no object": {"referenceVideo": [CLIPS]},
    "clips enabled by a word": {"referenceVideo": {**CLIPS, "enabled": "yes"}},
    "clips whose shortest is longer than their longest": {"referenceVideo": {**CLIPS, "minSeconds": 16}},
    "clips of a negative length": {"referenceVideo": {**CLIPS, "minSeconds": -1}},
    "clips of no count": {"referenceVideo": {**CLIPS, "maxCount": 0}},
    "clips of a count in words": {"referenceVideo": {**CLIPS, "maxCount": "three"}},
    "clips of an odd total": {"referenceVideo": {**CLIPS, "maxTotalSeconds": []}},
    "clips of an odd size": {"referenceVideo": {**CLIPS, "maxUploadBytes": "big"}},
    "clips whose tiers are no list": {"referenceVideo": {**CLIPS, "tiers": "fast"}},
    "clips whose resolutions are no list": {"referenceVideo": {**CLIPS, "resolutions": "720p"}},
    "clips whose resolutions by tier are no object": {"referenceVideo": {**CLIPS, "resolutionsByTier": ["720p"]}},
    "sounds whose shortest is longer than their longest": {"referenceAudio": {**CLIPS, "minSeconds": 16}},
    "sounds whose formats are no list": {"referenceAudio": {**CLIPS, "formats": "wav"}},
    "billing that is no object": {"billing": "per_second"},
    "a billed default in words": {"billing": {**BILLING, "requestDefaultSeconds": "four"}},
}


@each("changes", MALFORMED.values())
def test_what_is_there_and_makes_no_sense_is_not_offered(changes: Json) -> None:
    model = saying(**changes)
    assert not model.is_valid
    assert not model.is_offered


@each("changes", MALFORMED.values())
def test_of_an_image_model_it_means_nothing(changes: Json) -> None:
    entry = {"id": "i", "media_type": "image", "capabilities": {"video": {**GOOD, **changes}}}
    model = Model.from_json(entry)
    assert model is not None
    assert model.is_offered
    assert not model.takes_clips
    assert not model.requires_first_frame
    assert model.all_durations == ()


@each("capabilities", ["all", 5, [], True, {"video": []}, {"video": "yes"}, {"valid": False}])
def test_capabilities_that_are_no_object_are_malformed(capabilities: Any) -> None:
    assert not video(capabilities, **OLD).is_valid
    image = Model.from_json({"id": "i", "media_type": "image", "capabilities": capabilities})
    assert image is not None
    assert image.is_offered


HARMLESS: dict[str, Json] = {
    "a default within a range though not on a step": {"outputDuration": {**RANGE, "step": 3, "default": 5}},
    "a range of one length": {"outputDuration": {**RANGE, "min": 5, "max": 5, "default": 5}},
    "clips that are off, whatever they say": {"referenceVideo": {"enabled": False, "minSeconds": 9, "maxSeconds": 0}},
    "clips that are not spoken of": {"referenceVideo": None, "referenceAudio": None},
    "clips without limits": {"referenceVideo": {"enabled": True}},
    "billing that is not spoken of": {"billing": None},
    "billing of a new mode": {"billing": {**BILLING, "mode": "per_dream"}},
    "what is new": {"lipSync": {"enabled": 7}, "outputDuration": {**ENUM, "unit": "s"}},
}


@each("changes", HARMLESS.values())
def test_what_is_unsaid_or_new_is_no_fault(changes: Json) -> None:
    assert saying(**changes).is_valid


def test_a_clip_without_limits_may_be_one() -> None:
    limits = saying(referenceVideo={"enabled": True}).reference_video
    assert limits is not None
    assert (limits.max_count, limits.min_seconds, limits.max_seconds, limits.max_bytes) == (1, None, None, None)


@each("capabilities", [None, {}, {"video": None}, {"image": {"new": True}}])
def test_absent_ones_fall_back_to_the_older_words(capabilities: Any) -> None:
    model = video(capabilities, **OLD)
    assert model.is_offered
    assert (model.durations, model.duration_range, model.default_duration) == ((3, 7.5), None, 3)
    assert model.reference_video is not None
    assert model.reference_audio is None


def test_ones_that_are_there_win_over_the_older_words() -> None:
    model = video({"video": {**GOOD, "referenceVideo": {"enabled": False}}}, **OLD)
    assert (model.durations, model.default_duration) == ((), 4)
    assert model.duration_range is not None
    assert model.reference_video is None


def test_a_duration_that_is_null_falls_back_alone() -> None:
    model = video({"video": {**GOOD, "outputDuration": None}}, **OLD)
    assert model.is_valid
    assert (model.durations, model.default_duration) == ((3, 7.5), 3)
    assert model.requires_first_frame


def test_the_older_words_are_read_kindly() -> None:
    model = video(None, durations=[None, "x", -4, 0, 5, 5], defaultDuration="soon", supportsReferenceVideo="yes")
    assert model.is_offered
    assert (model.durations, model.default_duration, model.reference_video) == ((5,), None, None)


def test_a_range_finer_than_any_form_is_offered_in_coarser_steps() -> None:
    model = saying(outputDuration={**RANGE, "step": 1e-320})
    assert model.is_valid
    assert len(model.all_durations) == 601
    assert (model.all_durations[0], round(model.all_durations[-1], 6)) == (4, 15)
