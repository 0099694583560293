"""Reference pictures, videos and sounds in a submit."""

from typing import Any

from meigen_api import calls, errors
from tests.cases import each

from .meigen import DAY, PICTURE, Meigen, movie

DATA = "data:image/png;base64,iVBORw0KGgo="


def pictures(count: int) -> list[str]:
    return [f"https://x.example/{number}.png" for number in range(count)]


def clips(count: int, ending: str = "mp4") -> list[str]:
    """Clips of the vendor's, each four seconds long for the sandbox."""
    return [f"https://images.meigen.ai/{number}.{ending}" for number in range(count)]


def seedance(version: str = "0", **fields: Any) -> dict[str, Any]:
    """A request that is good except for what its references may do to it."""
    return {"modelId": f"seedance-2-{version}", "aspectRatio": "16:9", **fields}


@each(
    "fields",
    [
        {"modelId": "nanobanana-2", "referenceImages": pictures(14)},
        {"modelId": "nanobanana-2", "referenceImages": [DATA, PICTURE]},
        {"modelId": "veo-3.1", "referenceImages": pictures(2)},
        {"modelId": "grok-video", "referenceImages": [PICTURE]},
        seedance(referenceImages=pictures(2)),
        seedance(referenceImages=pictures(2), referenceMode="frame"),
        seedance(referenceImages=pictures(9), referenceMode="content"),
        seedance("5", referenceImages=pictures(30), referenceMode="content"),
        seedance(frameReferenceImages=pictures(2), contentReferenceImages=pictures(9)),
        # The two take precedence over the pair, whatever that says.
        seedance(contentReferenceImages=pictures(9), referenceImages=pictures(20), referenceMode="frame"),
        seedance(referenceVideos=clips(3)),
        seedance("5", referenceVideos=clips(7)),
        seedance(referenceVideos=clips(1), referenceAudios=clips(2, "mp3")),
        seedance(referenceImages=[PICTURE], referenceAudios=clips(1, "wav")),
        seedance("5", referenceAudios=clips(1, "wav")),
        seedance("5", prompt="[video1] with [audio2] and [image1]", referenceVideos=clips(1),
                 referenceAudios=clips(2, "mp3"), referenceImages=[PICTURE]),
    ],
)  # fmt: skip
def test_what_the_catalogue_allows_is_taken(meigen: Meigen, fields: dict[str, Any]) -> None:
    meigen.allow_many()
    assert meigen.submit(**fields).generation_id


@each(
    ("fields", "code"),
    [
        ({"modelId": "z-image-turbo", "referenceImages": [PICTURE]}, "too_many_references"),
        ({"modelId": "nanobanana-2", "referenceImages": pictures(15)}, "too_many_references"),
        ({"modelId": "nanobanana-2", "referenceImages": ["http://x.example/a.png"]}, "invalid_reference_url"),
        ({"modelId": "nanobanana-2", "referenceImages": ["data:text/html;base64,AAAA"]}, "invalid_reference_url"),
        ({"modelId": "grok-video"}, "first_frame_required"),
        (seedance(referenceImages=pictures(3)), "frame_reference_limit"),
        (seedance(frameReferenceImages=pictures(3)), "frame_reference_limit"),
        (seedance(referenceImages=pictures(10), referenceMode="content"), "too_many_references"),
        (seedance(contentReferenceImages=pictures(10)), "too_many_references"),
        (seedance("5", referenceImages=pictures(31), referenceMode="content"), "too_many_references"),
        (seedance(referenceImages=[PICTURE], referenceMode="mood"), "invalid_input"),
        ({"modelId": "veo-3.1", "referenceImages": [PICTURE], "referenceMode": "content"}, "invalid_input"),
        ({"modelId": "grok-video", "frameReferenceImages": [PICTURE]}, "invalid_input"),
        ({"modelId": "agnes-video-2.0", "contentReferenceImages": [PICTURE]}, "invalid_input"),
        ({"modelId": "veo-3.1", "referenceVideos": clips(1)}, "reference_video_not_supported"),
        ({"modelId": "nanobanana-2", "referenceVideos": clips(1)}, "reference_video_not_supported"),
        (seedance(referenceVideos=["https://elsewhere.example/a.mp4"]), "invalid_reference_video"),
        (seedance(referenceVideos=clips(1) * 2), "invalid_reference_video"),
        (seedance(referenceVideos=clips(4)), "too_many_reference_videos"),
        (seedance("5", referenceVideos=clips(8)), "reference_video_total_seconds_exceeded"),
        (seedance(referenceVideos=clips(1), tier="pro", resolution="480p"), "unsupported_resolution"),
        (seedance(referenceVideos=clips(1), tier="pro", resolution="4k"), "unsupported_resolution"),
        (seedance(referenceAudios=clips(1, "wav")), "invalid_reference_audio"),
        (seedance("5", referenceAudios=["https://elsewhere.example/a.mp3"]), "invalid_reference_audio"),
        (seedance("5", referenceAudios=clips(1, "mp3") * 2), "invalid_reference_audio"),
        (seedance("5", referenceAudios=clips(11, "mp3")), "invalid_reference_audio"),
        (seedance("5", referenceAudios=clips(8, "mp3")), "invalid_reference_audio"),
        ({"modelId": "veo-3.1", "referenceAudios": clips(1, "mp3")}, "invalid_reference_audio"),
        (seedance(prompt="[video2]", referenceVideos=clips(1)), "invalid_input"),
        (seedance(referenceVideo="https://images.meigen.ai/a.mp4"), "unknown_field"),
    ],
)
def test_what_it_does_not_allow_is_a_400_that_names_it(meigen: Meigen, fields: dict[str, Any], code: str) -> None:
    meigen.allow_many()
    error = meigen.refused(**fields)
    assert isinstance(error, errors.InvalidRequest)
    assert (error.status, error.code) == (400, code)
    assert error.fields["field"]
    assert meigen.charges() == []


class TestClipsOfOnesOwn:
    """Uploaded ones have a length that the server can read."""

    def test_their_seconds_are_billed(self, meigen: Meigen) -> None:
        links = [meigen.upload_clip(movie(3)), meigen.upload_clip(movie(4), "video/quicktime")]
        job = meigen.submit(**seedance("5", referenceVideos=links, resolution="480p", duration=5))
        assert job.credits_used == 132

    def test_sound_is_never_billed(self, meigen: Meigen) -> None:
        video = meigen.upload_clip(movie(2))
        fields = seedance("5", referenceVideos=[video], resolution="480p", duration=5)
        sounds = clips(2, "mp3")
        assert meigen.submit(**fields).credits_used == 99
        assert meigen.submit(**fields, referenceAudios=sounds).credits_used == 99

    def test_an_earlier_result_is_one_too(self, meigen: Meigen) -> None:
        job = meigen.submit(modelId="veo-3.1", prompt="x sandbox:seconds=1")
        meigen.clock.now += 2
        link = meigen.send(calls.status(job.generation_id)).video_url
        again = meigen.submit(**seedance("5", referenceVideos=[link], resolution="480p", duration=5))
        assert again.credits_used == 99  # four seconds and five, at 11

    @each("seconds", [1.5, 31])
    def test_each_has_a_shortest_and_a_longest(self, meigen: Meigen, seconds: float) -> None:
        error = meigen.refused(**seedance("5", referenceVideos=[meigen.upload_clip(movie(seconds))]))
        assert error.code == "invalid_reference_video"
        assert (error.fields["received"], error.fields["allowed"]) == (seconds, {"min": 2, "max": 30})

    def test_one_that_has_expired_is_refused(self, meigen: Meigen) -> None:
        link = meigen.upload_clip(movie(5))
        meigen.clock.now += 7 * DAY + 1
        assert meigen.refused(**seedance("5", referenceVideos=[link])).code == "invalid_reference_video"

    def test_a_sound_is_no_video(self, meigen: Meigen) -> None:
        link = meigen.upload_clip(b"RIFF", "audio/wav")
        assert meigen.refused(**seedance("5", referenceVideos=[link])).code == "invalid_reference_video"
