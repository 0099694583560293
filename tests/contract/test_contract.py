"""Every endpoint, field and error of the contract, through the client, against the sandbox over real HTTP.

README.md beside this file maps the contract's lines to these tests.
"""

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from meigen_api import calls, errors
from meigen_api.client import Client, put_file
from meigen_api.sandbox import Sandbox, transport
from meigen_api.sandbox.answers import Response, html, refusal
from meigen_api.sandbox.serve import Server
from meigen_api.secret import Secret

TOKEN = Secret("meigen_sk_" + "1" * 32)


class Clock:
    """Time that moves when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Meigen:
    """The sandbox over HTTP with a clock of its own, and clients for it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.box = Sandbox(clock=self.clock)
        self.server = Server(self.box)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def send(self, call: calls.Call[Any], token: Secret | None = TOKEN, seconds: float = 5) -> Any:
        with Client(self.server.url, token, seconds=seconds) as client:
            return client.send(call)

    def submit(self, key: str = "", *, token: Secret | None = TOKEN, **fields: Any) -> Any:
        body = {"prompt": "a fox", "idempotencyKey": key or str(uuid.uuid4()), **fields}
        return self.send(calls.submit(calls.canonical_body(body)), token)

    def refused(self, **fields: Any) -> errors.MeigenError:
        with pytest.raises(errors.MeigenError) as caught:
            self.submit(**fields)
        return caught.value

    def charges(self) -> list[int]:
        return [charge.credits for charge in self.box.ledger.charges()]


@pytest.fixture
def meigen() -> Iterator[Meigen]:
    running = Meigen()
    yield running
    running.server.shutdown()
    running.server.server_close()


class TestSubmit:
    def test_the_answer(self, meigen: Meigen) -> None:
        status = meigen.submit(modelId="z-image-turbo")
        assert status.generation_id
        assert (status.state, status.model_id, status.credits_used) == ("processing", "z-image-turbo", 2)
        assert status.balance is not None
        assert (status.balance.daily, status.balance.purchased, status.balance.unlimited) == (0, 998, False)
        assert not status.deduped

    def test_without_a_model_the_platform_chooses(self, meigen: Meigen) -> None:
        assert meigen.submit().model_id == "nanobanana-2"

    @pytest.mark.parametrize(
        "fields",
        [
            {"modelId": "nanobanana-2", "aspectRatio": "21:9", "resolution": "4K"},
            {"modelId": "nanobanana-2", "aspectRatio": "auto"},
            {"modelId": "gpt-image-2", "quality": "high"},
            {"modelId": "nanobanana-2", "referenceImages": ["https://x.example/a.png"] * 8, "referenceType": "style"},
            {"modelId": "seedance-2-0", "tier": "pro", "resolution": "1080p", "duration": 7},
            {"modelId": "seedance-2-0", "aspectRatio": "adaptive", "referenceImages": ["https://x.example/a.png"] * 2},
            {"modelId": "seedance-2-0", "referenceVideo": "https://images.meigen.ai/a.mp4"},
            {"modelId": "seedance-2-0", "referenceVideos": ["https://images.meigen.ai/a.mp4"]},
            {"modelId": "veo-3.1", "duration": 8},
            {
                "modelId": "midjourney-v8.1",
                "niji7Options": {
                    "stylize": 1000, "chaos": 0, "weird": 3000, "raw": True, "iw": 1.5, "sref": "123", "sw": 5, "sv": 4
                },
            },
        ],
    )  # fmt: skip
    def test_every_field_is_taken(self, meigen: Meigen, fields: dict[str, Any]) -> None:
        assert meigen.submit(**fields).generation_id

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"prompt": " "}, "missing_prompt"),
            ({"modelId": "nothing"}, "invalid_model"),
            ({"aspectRatio": "7:5"}, "invalid_aspect_ratio"),
            ({"resolution": "9K"}, "invalid_resolution"),
            ({"quality": "high"}, "invalid_quality"),
            ({"tier": "pro"}, "invalid_tier"),
            ({"duration": 5}, "invalid_duration"),
            ({"modelId": "veo-3.1", "duration": 5}, "invalid_duration"),
            ({"modelVariant": "x"}, "invalid_model_variant"),
            ({"modelId": "z-image-turbo", "referenceImages": ["https://x.example/a.png"]}, "too_many_references"),
            ({"referenceImages": ["http://x.example/a.png"]}, "invalid_reference"),
            ({"niji7Options": {"stylize": 5}}, "invalid_options"),
            ({"modelId": "midjourney-v8.1", "niji7Options": {"stylize": 1001}}, "invalid_option"),
            ({"modelId": "midjourney-v8.1", "niji7Options": {"new": 1}}, "unknown_option"),
            ({"referenceVideo": "https://images.meigen.ai/a.mp4"}, "invalid_reference"),
            ({"modelId": "seedance-2-0", "referenceVideo": "https://elsewhere.example/a.mp4"}, "invalid_reference"),
            ({"modelId": "seedance-2-0", "referenceAudios": ["https://images.meigen.ai/a.mp3"]}, "invalid_reference"),
            ({"idempotencyKey": "not a uuid"}, "invalid_idempotency_key"),
            ({"surprise": 1}, "unknown_field"),
        ],
    )
    def test_what_is_wrong_is_a_400_that_names_it(self, meigen: Meigen, fields: dict[str, Any], code: str) -> None:
        key = fields.pop("idempotencyKey", "")
        error = meigen.refused(key=key, **fields)
        assert isinstance(error, errors.InvalidRequest)
        assert (error.status, error.code) == (400, code)
        assert error.fields["field"]
        assert meigen.charges() == []

    def test_midjourney_makes_four(self, meigen: Meigen) -> None:
        job = meigen.submit(modelId="midjourney-v8.1", prompt="x sandbox:seconds=1")
        meigen.clock.now += 2
        assert len(meigen.send(calls.status(job.generation_id)).urls) == 4


class TestOneKeyIsOneCharge:
    def test_the_same_body_again_is_the_same_job(self, meigen: Meigen) -> None:
        key = str(uuid.uuid4())
        first, again = meigen.submit(key), meigen.submit(key)
        assert again.deduped
        assert again.generation_id == first.generation_id
        assert meigen.charges() == [5]

    def test_an_ended_job_answers_with_its_terminal_fields(self, meigen: Meigen) -> None:
        key = str(uuid.uuid4())
        meigen.submit(key, prompt="x sandbox:seconds=1")
        meigen.clock.now += 2
        again = meigen.submit(key, prompt="x sandbox:seconds=1")
        assert again.state == "completed"
        assert again.urls

    @pytest.mark.parametrize("switch", ["lost", "timeout"])
    def test_a_lost_answer_is_charged_once_however_often_it_is_sent(self, meigen: Meigen, switch: str) -> None:
        key = str(uuid.uuid4())
        body = calls.canonical_body({"prompt": f"x sandbox:{switch}", "idempotencyKey": key})
        with pytest.raises(errors.NoAnswer):
            meigen.send(calls.submit(body), seconds=0.3)
        assert meigen.send(calls.submit(body)).deduped
        assert meigen.send(calls.request(key)).generation_id
        assert meigen.charges() == [5]

    def test_recovery_of_a_key_that_never_arrived(self, meigen: Meigen) -> None:
        with pytest.raises(errors.NotFound) as caught:
            meigen.send(calls.request(str(uuid.uuid4())))
        assert caught.value.code == "request_not_found"

    def test_the_same_key_with_another_body_is_a_conflict(self, meigen: Meigen) -> None:
        key = str(uuid.uuid4())
        meigen.submit(key)
        error = meigen.refused(key=key, prompt="another")
        assert isinstance(error, errors.Conflict)
        assert error.code == "idempotency_conflict"
        assert meigen.charges() == [5]

    def test_still_being_accepted_says_when_to_come_back(self, meigen: Meigen) -> None:
        key = str(uuid.uuid4())
        error = meigen.refused(key=key, prompt="x sandbox:in-progress")
        assert isinstance(error, errors.InProgress)
        assert (error.code, error.retry_after) == ("in_progress", 1)
        assert meigen.submit(key, prompt="x sandbox:in-progress").deduped
        assert meigen.charges() == [5]

    def test_after_a_402_the_same_key_may_be_sent_again(self, meigen: Meigen) -> None:
        key = str(uuid.uuid4())
        meigen.box.set_credits(TOKEN.reveal(), 1)
        assert isinstance(meigen.refused(key=key), errors.InsufficientCredits)
        meigen.box.set_credits(TOKEN.reveal(), 10)
        assert not meigen.submit(key).deduped
        assert meigen.charges() == [5]


class TestStatus:
    def test_the_way_of_an_image(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:seconds=10", aspectRatio="3:4")
        status = meigen.send(calls.status(job.generation_id))
        assert status.state == "processing"
        assert (status.poll_hint, status.expected_wait) == (10, 12)
        meigen.clock.now += 11
        status = meigen.send(calls.status(job.generation_id))
        assert (status.state, status.aspect_ratio, status.credits_status) == ("completed", "3:4", "charged")
        assert status.urls[0].startswith(meigen.server.url)
        assert status.video_url == ""

    def test_a_video_has_a_video_url(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:seconds=1", modelId="veo-3.1")
        meigen.clock.now += 2
        assert meigen.send(calls.status(job.generation_id)).video_url.endswith(".mp4")

    def test_pending_is_processing(self) -> None:
        answer = errors.Answer(200, body='{"success": true, "status": "pending"}')
        assert calls.result(calls.status("x"), answer).state == "processing"

    def test_completed_without_a_link_is_still_processing(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:pending sandbox:seconds=1")
        meigen.clock.now += 2
        assert meigen.send(calls.status(job.generation_id)).state == "processing"
        meigen.clock.now += 10
        assert meigen.send(calls.status(job.generation_id)).state == "completed"

    def test_a_server_that_stops_watching_hints_zero(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:stopped sandbox:seconds=1")
        meigen.clock.now += 2
        assert meigen.send(calls.status(job.generation_id)).poll_hint == 0

    @pytest.mark.parametrize(("switch", "credits", "charged"), [("fail", "refunded", 0), ("fail-kept", "charged", 5)])
    def test_a_failure_says_why_and_whether_credits_came_back(
        self, meigen: Meigen, switch: str, credits: str, charged: int
    ) -> None:
        job = meigen.submit(prompt=f"x sandbox:{switch} sandbox:seconds=1")
        meigen.clock.now += 2
        status = meigen.send(calls.status(job.generation_id))
        assert (status.state, status.failure_code, status.credits_status) == ("failed", "content_policy", credits)
        assert status.error
        assert sum(meigen.charges()) == charged

    @pytest.mark.parametrize(("switch", "status"), [("gone", 410), ("", 404)])
    def test_a_job_that_is_gone(self, meigen: Meigen, switch: str, status: int) -> None:
        job_id = meigen.submit(prompt="x sandbox:gone sandbox:seconds=1").generation_id if switch else "unknown"
        meigen.clock.now += 2
        with pytest.raises(errors.NotFound) as caught:
            meigen.send(calls.status(job_id))
        assert caught.value.status == status

    def test_somebody_elses_job_is_not_found_and_without_a_token_it_is_public(self, meigen: Meigen) -> None:
        job = meigen.submit()
        with pytest.raises(errors.NotFound):
            meigen.send(calls.status(job.generation_id), Secret("meigen_sk_other"))
        assert meigen.send(calls.status(job.generation_id), None).state == "processing"

    def test_a_busy_server_is_a_429(self, meigen: Meigen) -> None:
        meigen.box.fail_next("/api/generate/v2/status", refusal(429, "Busy", code="status_query_busy"))
        with pytest.raises(errors.RateLimited) as caught:
            meigen.send(calls.status("x"))
        assert caught.value.code == "status_query_busy"


class TestModels:
    def test_the_list_is_public_and_typed(self, meigen: Meigen) -> None:
        models = {model.id: model for model in meigen.send(calls.models(), None)}
        seedance = models["seedance-2-0"]
        assert seedance.media_type == "video"
        assert seedance.resolutions_for("fast") == ("480p", "720p")
        assert seedance.duration_range is not None
        assert (seedance.duration_range.minimum, seedance.duration_range.maximum) == (4, 15)
        assert seedance.reference_video is not None
        assert seedance.reference_audio is None
        assert models["gpt-image-2"].qualities == ("low", "medium", "high")
        assert models["nanobanana-2"].tags == ("New",)
        assert not models["atelier-internal"].offered
        assert models["midjourney-v8.1"].is_midjourney


class TestTokens:
    @pytest.fixture
    def session(self, meigen: Meigen) -> Secret:
        return Secret(meigen.box.session_token("ana"))

    def test_create_list_use_and_revoke(self, meigen: Meigen, session: Secret) -> None:
        made = meigen.send(calls.create_token("Studio"), session)
        assert made.reveal().startswith("meigen_sk_")
        [info] = meigen.send(calls.tokens(), session)
        assert (info.name, info.is_active) == ("Studio", True)
        assert info.masked == f"...{made.reveal()[-4:]}"
        meigen.submit(token=made)
        [used] = meigen.send(calls.token_usage(info.id), session)
        assert (used.model, used.credits_used, used.status) == ("nanobanana-2", 5, "processing")
        meigen.send(calls.revoke_token(info.id), session)
        assert isinstance(meigen.refused(token=made), errors.BadToken)
        assert [info.is_active for info in meigen.send(calls.tokens(), session)] == [False]

    def test_at_most_five_are_active(self, meigen: Meigen, session: Secret) -> None:
        for number in range(5):
            meigen.send(calls.create_token(f"{number}"), session)
        with pytest.raises(errors.InvalidRequest):
            meigen.send(calls.create_token("sixth"), session)

    def test_an_api_token_may_not_manage_tokens(self, meigen: Meigen) -> None:
        with pytest.raises(errors.BadToken):
            meigen.send(calls.tokens())

    @pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"data": rows}, lambda rows: {"tokens": rows}])
    def test_the_list_comes_bare_or_wrapped(self, wrap: Any) -> None:
        body = json.dumps(wrap([{"id": 7, "name": "A", "token_value": "meigen_sk_full_token_9999"}]))
        [info] = calls.result(calls.tokens(), errors.Answer(200, body=body))
        assert (info.id, info.masked) == ("7", "...9999")

    def test_two_tokens_of_one_account_share_its_rate(self, meigen: Meigen, session: Secret) -> None:
        tokens = [meigen.send(calls.create_token(name), session) for name in "ab"]
        for number in range(12):
            meigen.submit(token=tokens[number % 2])
        assert isinstance(meigen.refused(token=tokens[0]), errors.RateLimited)

    def test_daily_credits_pay_for_basic_models_of_a_session_only(self, meigen: Meigen, session: Secret) -> None:
        basic = meigen.submit(token=session, modelId="z-image-turbo")
        assert (basic.balance.daily, basic.balance.purchased) == (18, 1000)
        premium = meigen.submit(token=session, modelId="nanobanana-2")
        assert (premium.balance.daily, premium.balance.purchased) == (18, 995)

    def test_an_expired_session_is_refused(self, meigen: Meigen, session: Secret) -> None:
        meigen.clock.now += 3601
        with pytest.raises(errors.BadToken):
            meigen.send(calls.tokens(), session)


class TestGallery:
    def test_search_and_one_image(self, meigen: Meigen) -> None:
        found = meigen.send(calls.search("lighthouse", limit=3), None)
        assert len(found) == 3
        image = meigen.send(calls.image(found[0].id), None)
        assert image == found[0]
        assert "lighthouse" in image.prompt
        assert (image.author, image.width) != ("", None)
        assert meigen.send(calls.search("lighthouse", limit=3, offset=3), None) != found

    def test_a_structured_prompt_reads_as_lines(self, meigen: Meigen) -> None:
        [image] = [image for image in meigen.send(calls.search("teapot"), None) if image.is_structured]
        assert image.prompt.splitlines()[0] == "subject: a glass teapot with blooming jasmine"
        assert "camera:\n  lens: 50mm" in image.prompt

    def test_the_older_flat_form(self) -> None:
        flat = {"id": "9", "imageUrl": "https://images.meigen.ai/9.jpg", "prompt": "a heron", "createdAt": "2025"}
        image = calls.result(calls.image("9"), errors.Answer(200, body=json.dumps(flat)))
        assert (image.prompt, image.picture_urls) == ("a heron", ("https://images.meigen.ai/9.jpg",))

    def test_an_unknown_image(self, meigen: Meigen) -> None:
        with pytest.raises(errors.NotFound):
            meigen.send(calls.image("nothing"), None)


class TestUpload:
    def gateway(self, meigen: Meigen, call: calls.Call[Any]) -> Any:
        with Client(f"{meigen.server.url}/api") as client:
            return client.send(call)

    def test_presign_then_put_then_public_for_a_day(self, meigen: Meigen) -> None:
        import httpx

        place = self.gateway(meigen, calls.presign("a.png", "image/png", 4))
        put_file(place.upload_url, b"data", "image/png")
        assert httpx.get(place.public_url).content == b"data"
        meigen.clock.now += 86_401
        assert httpx.get(place.public_url).status_code == 404

    @pytest.mark.parametrize(("kind", "size"), [("image/svg+xml", 4), ("image/png", 2_000_001), ("image/png", 0)])
    def test_what_the_gateway_does_not_take(self, meigen: Meigen, kind: str, size: int) -> None:
        with pytest.raises(errors.InvalidRequest):
            self.gateway(meigen, calls.presign("a", kind, size))

    def test_a_put_that_fails_is_an_error(self, meigen: Meigen) -> None:
        place = self.gateway(meigen, calls.presign("a.png", "image/png", 4))
        with pytest.raises(errors.ServerError):
            put_file(place.upload_url, b"other bytes", "image/png")


class TestErrors:
    def test_401(self, meigen: Meigen) -> None:
        for token in [None, Secret("nonsense"), Secret("a.b.c")]:
            with pytest.raises(errors.BadToken):
                meigen.submit(token=token)

    def test_402_says_what_is_missing(self, meigen: Meigen) -> None:
        meigen.box.set_credits(TOKEN.reveal(), 1)
        error = meigen.refused()
        assert isinstance(error, errors.InsufficientCredits)
        assert (error.code, error.required, error.available) == ("insufficient_credits", 5, 1)

    def test_429_at_the_thirteenth_post_of_any_minute(self, meigen: Meigen) -> None:
        for _ in range(12):
            meigen.submit()
            meigen.clock.now += 4
        error = meigen.refused()
        assert isinstance(error, errors.RateLimited)
        assert error.retry_after == 60
        assert error.answer is not None
        assert error.answer.headers["x-ratelimit-limit"] == "12"
        assert error.answer.headers["x-ratelimit-remaining"] == "0"
        meigen.clock.now += 13
        meigen.submit()

    def test_retry_after_as_a_date(self, meigen: Meigen) -> None:
        when = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        meigen.box.fail_next("/api/generate/v2", refusal(429, "Wait", {"Retry-After": when}))
        assert 85 <= (meigen.refused().retry_after or 0) <= 90

    @pytest.mark.parametrize("header", ["", "soon", "-5", "Wed, 99 Nov 2026", "1e400"])
    def test_a_strange_retry_after_is_none_or_at_once(self, meigen: Meigen, header: str) -> None:
        meigen.box.fail_next("/api/generate/v2", refusal(429, "Wait", {"Retry-After": header}))
        assert not meigen.refused().retry_after

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_5xx_also_as_html(self, meigen: Meigen, status: int) -> None:
        meigen.box.fail_next("/api/generate/v2", html(status))
        error = meigen.refused()
        assert isinstance(error, errors.ServerError)
        assert isinstance(error, errors.Unsettled)
        assert error.answer is not None
        assert "<h1>" in error.answer.body

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"<html>", b'{"success": true, "generationId": "x"', b"[1, 2]", b'"text"', b"null", b"NaN",
            b'{"success": true, "generationId": NaN}', b'{"success": true}', b'{"success": false, "error": "no"}',
            b"[" * 100_000, b"\xff\xfe", b'{"a": ' + b"1" * 5000 + b"}",
        ],
    )  # fmt: skip
    def test_an_answer_that_cannot_be_read_is_one_typed_error(self, meigen: Meigen, body: bytes) -> None:
        meigen.box.fail_next("/api/generate/v2", Response(200, body))
        assert isinstance(meigen.refused(), errors.BadAnswer)

    def test_more_than_ten_megabytes_are_not_read(self, meigen: Meigen) -> None:
        meigen.box.fail_next("/api/models", Response(200, b'{"models": "' + b"x" * 11_000_000 + b'"}'))
        with pytest.raises(errors.BadAnswer, match="10 MB"):
            meigen.send(calls.models(), None)

    def test_nobody_there(self) -> None:
        with pytest.raises(errors.Unreachable), Client("http://127.0.0.1:9", TOKEN) as client:
            client.send(calls.models())

    def test_a_dropped_connection(self, meigen: Meigen) -> None:
        meigen.box.fail_next("/api/generate/v2", Response(200, drop=True))
        assert isinstance(meigen.refused(), errors.NoAnswer)

    def test_a_redirect_is_not_followed(self, meigen: Meigen) -> None:
        meigen.box.fail_next("/api/models", Response(302, headers={"Location": "http://127.0.0.1:9/"}))
        with pytest.raises(errors.BadAnswer):
            meigen.send(calls.models())

    def test_no_error_and_no_repr_holds_the_token(self, meigen: Meigen) -> None:
        error = meigen.refused(aspectRatio="7:5")
        assert TOKEN.reveal() not in f"{error!r} {error} {vars(error)} {TOKEN!r}"


def test_the_sandbox_mounts_in_process_too() -> None:
    with Client("http://meigen.test", TOKEN, transport=transport(Sandbox())) as client:
        assert client.send(calls.models())


def test_the_ledger_shows_as_a_page(meigen: Meigen) -> None:
    import httpx

    meigen.submit()
    page = httpx.get(meigen.server.url).text
    assert "charge" in page
    assert TOKEN.reveal() not in page
