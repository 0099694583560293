"""Reference pictures by the gateway, reference clips by the API."""

import io
from typing import Any

import httpx
import pytest

from meigen_api import calls, errors
from meigen_api.client import Client, put_file
from meigen_api.secret import Secret
from sandbox.answers import Response, answer
from tests.cases import each

from .meigen import DAY, HERE, TOKEN, Meigen, movie, said


def put(url: str, data: bytes, content_type: str) -> None:
    put_file(url, io.BytesIO(data), len(data), content_type, HERE)


class TestPictures:
    def gateway(self, meigen: Meigen, call: calls.Call[Any]) -> Any:
        with Client(f"{meigen.server.url}/api", TOKEN) as client:
            return client.send(call)

    def test_presign_then_put_then_public_for_a_day(self, meigen: Meigen) -> None:
        place = self.gateway(meigen, calls.presign("a.png", "image/png", 4))
        put(place.upload_url, b"data", "image/png")
        assert httpx.get(place.public_url).content == b"data"
        meigen.clock.now += DAY + 1
        assert httpx.get(place.public_url).status_code == 404

    @each("kind", ["image/jpeg", "image/png", "image/webp", "image/gif"])
    def test_the_four_types(self, meigen: Meigen, kind: str) -> None:
        place = self.gateway(meigen, calls.presign("a", kind, 2_000_000))
        assert place.public_url.startswith(meigen.server.url)

    @each(("kind", "size"), [("image/svg+xml", 4), ("image/png", 2_000_001), ("image/png", 0)])
    def test_what_the_gateway_does_not_take(self, meigen: Meigen, kind: str, size: int) -> None:
        with pytest.raises(errors.InvalidRequest):
            self.gateway(meigen, calls.presign("a", kind, size))

    def test_a_put_that_fails_is_an_error(self, meigen: Meigen) -> None:
        place = self.gateway(meigen, calls.presign("a.png", "image/png", 4))
        with pytest.raises(errors.ServerError):
            put(place.upload_url, b"other bytes", "image/png")

    def test_no_token_goes_to_the_gateway(self) -> None:
        assert calls.presign("a.png", "image/png", 4).public

    def test_a_place_that_is_none_is_no_place(self, meigen: Meigen) -> None:
        for link in (None, "", "ftp://x.example/a", "javascript:alert(1)", 5):
            meigen.box.fail_next("/api/upload", answer(200, {"presignedUrl": link, "publicUrl": "https://x.example/a"}))
            with pytest.raises(errors.BadAnswer):
                self.gateway(meigen, calls.presign("a.png", "image/png", 4))


def clip(
    content_type: str = "video/mp4", size: int = 4, model: str = "seedance-2-5", kind: str = "video", name: str = "a"
) -> calls.Call[Any]:
    return calls.presign_clip(name, content_type, size, model, kind)


class TestClips:
    @each("content_type", ["video/mp4", "video/quicktime", "audio/wav", "audio/x-wav", "audio/mpeg"])
    def test_presign_then_put_then_public_for_seven_days(self, meigen: Meigen, content_type: str) -> None:
        link = meigen.upload_clip(b"data", content_type)
        assert httpx.get(link).content == b"data"
        meigen.clock.now += 7 * DAY - 1
        assert httpx.get(link).headers["content-type"] == content_type
        meigen.clock.now += 2
        assert httpx.get(link).status_code == 404

    def test_the_answer_has_a_key_too_which_nobody_needs(self, meigen: Meigen) -> None:
        response = httpx.post(
            f"{meigen.server.url}/api/upload/reference-video",
            content=clip().body,
            headers={"Authorization": f"Bearer {TOKEN.reveal()}"},
        )
        assert set(response.json()) == {"success", "presignedUrl", "publicUrl", "key"}

    @each("token", [None, Secret("nonsense"), Secret("a.b.c")])
    def test_it_needs_a_token(self, meigen: Meigen, token: Secret | None) -> None:
        error = meigen.failed(clip(), token)
        assert isinstance(error, errors.BadToken)
        assert error.status == 401

    def test_it_needs_purchased_credits(self, meigen: Meigen) -> None:
        meigen.credits(0)
        error = meigen.failed(clip())
        assert isinstance(error, errors.InsufficientCredits)
        assert (error.status, error.code, error.available) == (402, "insufficient_credits", 0)
        meigen.credits(1)
        assert meigen.send(clip()).public_url

    def test_daily_ones_do_not_count(self, meigen: Meigen) -> None:
        session = meigen.box.session_token("ana")
        meigen.box.set_credits(session, 0, daily=20)
        assert isinstance(meigen.failed(clip(), Secret(session)), errors.InsufficientCredits)

    @each(
        ("call", "code", "field"),
        [
            (clip("video/webm"), "invalid_type", "contentType"),
            (clip("audio/mpeg"), "invalid_type", "contentType"),
            (clip("video/mp4", kind="audio"), "invalid_type", "contentType"),
            (clip("audio/ogg", kind="audio"), "invalid_type", "contentType"),
            (clip(kind="picture"), "invalid_input", "kind"),
            (clip(name=""), "invalid_input", "filename"),
            (clip(size=209_715_201), "too_large", "size"),
            (clip(size=52_428_801, model="seedance-2-0"), "too_large", "size"),
            (clip("audio/wav", size=15_728_641, kind="audio"), "too_large", "size"),
            (clip(size=0), "too_large", "size"),
            (clip(model="nothing"), "invalid_model", "modelId"),
            (clip(model="veo-3.1"), "reference_video_not_supported", "modelId"),
            (clip("audio/wav", model="veo-3.1", kind="audio"), "invalid_reference_audio", "modelId"),
        ],
    )
    def test_what_is_not_taken(self, meigen: Meigen, call: calls.Call[Any], code: str, field: str) -> None:
        error = meigen.failed(call)
        assert isinstance(error, errors.InvalidRequest)
        assert (error.status, error.code, error.fields["field"]) == (400, code, field)

    def test_as_large_as_the_model_says_is_taken(self, meigen: Meigen) -> None:
        assert meigen.send(clip(size=209_715_200)).upload_url

    def test_too_large_says_what_is_allowed(self, meigen: Meigen) -> None:
        error = meigen.failed(clip(size=209_715_201))
        assert (error.fields["received"], error.fields["allowed"]) == (209_715_201, 209_715_200)
        assert said(error) == error.fields


class TestThePut:
    def test_it_goes_without_authorization(self, meigen: Meigen) -> None:
        place = meigen.send(clip())
        headers = {"Content-Type": "video/mp4", "Authorization": f"Bearer {TOKEN.reveal()}"}
        assert httpx.put(place.upload_url, content=b"data", headers=headers).status_code == 403
        put(place.upload_url, b"data", "video/mp4")  # the sandbox would refuse ours, too

    @each(("data", "content_type"), [(b"more than four", "video/mp4"), (b"data", "video/quicktime")])
    def test_it_is_what_was_announced(self, meigen: Meigen, data: bytes, content_type: str) -> None:
        place = meigen.send(clip())
        with pytest.raises(errors.ServerError, match="403"):
            put(place.upload_url, data, content_type)
        assert httpx.get(place.public_url).status_code == 404

    def test_a_large_file_is_sent_in_pieces(self, meigen: Meigen) -> None:
        class Watched(io.BytesIO):
            largest = 0

            def read(self, size: int | None = -1, /) -> bytes:
                found = super().read(size)
                self.largest = max(self.largest, len(found))
                return found

        data = movie(3) + bytes(3_000_000)
        place, file = meigen.send(clip(size=len(data))), Watched(data)
        put_file(place.upload_url, file, len(data), "video/mp4", HERE)
        assert file.largest <= 1_000_000
        assert httpx.get(place.public_url).content == data

    def test_nobody_there(self) -> None:
        with pytest.raises(errors.Unreachable):
            put("http://127.0.0.1:9/storage/x", b"data", "video/mp4")

    def test_a_redirect_is_not_followed(self, meigen: Meigen) -> None:
        meigen.box.fail_next("/storage", answer(302, {}, {"Location": "http://127.0.0.1:9/"}))
        with pytest.raises(errors.ServerError, match="302"):
            put(meigen.send(clip()).upload_url, b"data", "video/mp4")

    def test_a_dropped_connection(self, meigen: Meigen) -> None:
        meigen.box.fail_next("/storage", Response(200, drop=True))
        with pytest.raises(errors.NoAnswer):
            put(meigen.send(clip()).upload_url, b"data", "video/mp4")
