"""The error table: which class an answer becomes, what it keeps, and how long it says to wait."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from meigen_api import calls, errors
from meigen_api.client import Client
from meigen_api.secret import Secret
from sandbox.answers import Response, html, refusal
from tests.cases import each

from .meigen import TOKEN, Meigen, answer, new_key, said

SUBMIT = "/api/generate/v2"
CODES_OF_400 = [
    "invalid_input", "invalid_model", "unsupported_quality", "unsupported_model_variant", "unsupported_duration",
    "unsupported_tier", "unsupported_resolution", "first_frame_required", "reference_video_not_supported",
    "invalid_reference_video", "too_many_reference_videos", "reference_video_total_seconds_exceeded",
    "invalid_reference_audio", "invalid_reference_url", "frame_reference_limit", "too_many_references",
    "too_many_characters", "character_not_found", "characters_not_supported", "character_tier_required",
    "from_the_future",
]  # fmt: skip


def error(status: int, data: Any = None, **headers: str) -> errors.MeigenError:
    """What such an answer becomes."""
    with pytest.raises(errors.MeigenError) as caught:
        calls.result(calls.status("x"), answer(status, data, **headers))
    return caught.value


@each(
    ("status", "fields", "kind"),
    [
        (400, {"code": "invalid_input"}, errors.InvalidRequest),
        (400, {}, errors.InvalidRequest),
        (401, {"code": "token_expired"}, errors.BadToken),
        (402, {"code": "insufficient_credits"}, errors.InsufficientCredits),
        (402, {"code": "premium_model_paywall"}, errors.InsufficientCredits),
        (402, {}, errors.InsufficientCredits),
        (403, {"code": "model_not_available"}, errors.InvalidRequest),
        (404, {"code": "generation_not_found"}, errors.NotFound),
        (404, {"code": "request_not_found"}, errors.NotFound),
        (404, {"code": "in_progress"}, errors.NotFound),
        (408, {}, errors.NoAnswer),
        (409, {"code": "in_progress", "retryAfterSeconds": 2}, errors.InProgress),
        (409, {"code": "idempotency_conflict"}, errors.Conflict),
        (409, {"code": "request_id_collision"}, errors.Conflict),
        (409, {"code": "from_the_future", "retryAfterSeconds": 2}, errors.Conflict),
        (409, {}, errors.Conflict),
        (410, {"code": "generation_unavailable"}, errors.Gone),
        (410, {}, errors.Gone),
        (413, {}, errors.InvalidRequest),
        (422, {}, errors.InvalidRequest),
        (429, {"code": "rate_limited"}, errors.RateLimited),
        (429, {"code": "DAILY_LIMIT_REACHED"}, errors.RateLimited),
        (500, {}, errors.ServerError),
        (500, {"code": "in_progress"}, errors.ServerError),
        (502, {}, errors.ServerError),
        (503, {}, errors.ServerError),
        (503, {"code": "in_progress", "retryAfterSeconds": 0}, errors.InProgress),
        (503, {"code": "request_interrupted"}, errors.ServerError),
        (503, {"code": "reference_probe_timeout", "retryable": True}, errors.NotYet),
        (503, {"code": "reference_probe_timeout"}, errors.NotYet),
        (503, {"code": "reference_probe_timeout", "retryable": False}, errors.InvalidRequest),
        (503, {"code": "from_the_future", "retryable": True}, errors.ServerError),
        (500, {"code": "reference_probe_timeout", "retryable": True}, errors.ServerError),
        (504, {}, errors.ServerError),
        (599, {}, errors.ServerError),
        (302, {}, errors.BadAnswer),
        (100, {}, errors.BadAnswer),
    ],
)
def test_each_answer_becomes_one_class(status: int, fields: dict[str, Any], kind: type[errors.MeigenError]) -> None:
    found = error(status, {"success": False, "error": "No", **fields})
    assert type(found) is kind
    assert (found.status, found.message, found.code) == (status, "No", fields.get("code", ""))


@each("kind", [errors.InProgress, errors.ServerError, errors.BadAnswer, errors.NoAnswer])
def test_what_may_have_been_charged_is_not_refused(kind: type[errors.MeigenError]) -> None:
    assert issubclass(kind, errors.Unsettled)
    assert not issubclass(kind, errors.Refused)


@each(
    "kind",
    [
        errors.InvalidRequest, errors.BadToken, errors.InsufficientCredits, errors.NotFound, errors.Gone,
        errors.Conflict, errors.NotYet, errors.RateLimited,
    ],
)  # fmt: skip
def test_what_was_not_taken_is_refused(kind: type[errors.MeigenError]) -> None:
    assert issubclass(kind, errors.Refused)
    assert not issubclass(kind, errors.Unsettled)


def test_an_error_without_a_code_or_words_still_says_something() -> None:
    assert error(418).message == "Meigen responded with 418."
    assert error(400, {"message": "In other words"}).message == "In other words"
    assert error(400, {"error": {"deep": 1}, "code": ["x"]}).code == ""


class Test400:
    @each("code", CODES_OF_400)
    def test_every_code_is_an_invalid_request_that_keeps_all_it_says(self, meigen: Meigen, code: str) -> None:
        extra: dict[str, Any] = {"supportedRatios": ["1:1"], "received": "7:5", "new": {"deep": [1]}}
        meigen.box.fail_next(SUBMIT, refusal(400, "No", code=code, **extra))
        found = meigen.refused()
        assert isinstance(found, errors.InvalidRequest)
        assert found.code == code
        assert extra.items() <= found.fields.items()
        assert said(found) == found.fields


class Test401:
    @each("token", [None, Secret("nonsense"), Secret("a.b.c")])
    def test_no_token_or_none_that_anybody_knows(self, meigen: Meigen, token: Secret | None) -> None:
        assert isinstance(meigen.refused(token=token), errors.BadToken)

    def test_a_revoked_one(self, meigen: Meigen) -> None:
        meigen.box.revoke(TOKEN.reveal())
        assert meigen.refused().code == "invalid_token"

    def test_one_that_expires_says_so(self, meigen: Meigen) -> None:
        found = meigen.refused(prompt="x sandbox:401")
        assert isinstance(found, errors.BadToken)
        assert found.code == "token_expired"


class Test402:
    def test_it_says_what_is_missing(self, meigen: Meigen) -> None:
        meigen.credits(1)
        found = meigen.refused()
        assert isinstance(found, errors.InsufficientCredits)
        assert (found.code, found.required, found.available) == ("insufficient_credits", 5, 1)
        assert meigen.charges() == []

    def test_a_paywall_does_too(self, meigen: Meigen) -> None:
        found = meigen.refused(prompt="x sandbox:paywall")
        assert isinstance(found, errors.InsufficientCredits)
        assert found.code == "premium_model_paywall"
        assert found.required is not None

    @each("odd", ["5", None, True, [], {}])
    def test_odd_numbers_are_unsaid(self, odd: Any) -> None:
        found = error(402, {"required": odd, "available": odd})
        assert isinstance(found, errors.InsufficientCredits)
        assert (found.required, found.available) == (None, None)


@each(("switch", "status", "code"), [("403", 403, "model_not_available"), ("404", 404, "model_not_found")])
def test_a_model_that_is_not_there_any_more(meigen: Meigen, switch: str, status: int, code: str) -> None:
    found = meigen.refused(prompt=f"x sandbox:{switch}")
    assert isinstance(found, errors.Refused)
    assert (found.status, found.code) == (status, code)
    assert meigen.charges() == []


class Test429:
    def test_at_the_thirteenth_post_of_any_minute(self, meigen: Meigen) -> None:
        for _ in range(12):
            meigen.submit()
            meigen.clock.now += 4
        found = meigen.refused()
        assert isinstance(found, errors.RateLimited)
        assert found.retry_after == 60
        assert found.answer is not None
        assert found.answer.headers["x-ratelimit-limit"] == "12"
        assert found.answer.headers["x-ratelimit-remaining"] == "0"
        meigen.clock.now += 13
        meigen.submit()

    def test_retry_after_as_a_date(self, meigen: Meigen) -> None:
        when = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
        meigen.box.fail_next(SUBMIT, refusal(429, "Wait", {"Retry-After": when}))
        assert 85 <= (meigen.refused().retry_after or 0) <= 90

    @each("header", ["", "soon", "-5", "Wed, 99 Nov 2026", "1e400"])
    def test_a_strange_retry_after_is_none_or_at_once(self, meigen: Meigen, header: str) -> None:
        meigen.box.fail_next(SUBMIT, refusal(429, "Wait", {"Retry-After": header}))
        assert not meigen.refused().retry_after

    @each(
        ("headers", "fields", "wait"),
        [
            ({"retry-after": "7"}, {"retryAfterSeconds": 3}, 7),
            ({"retry-after": "soon"}, {"retryAfterSeconds": 3}, 3),
            ({}, {"retryAfterSeconds": 3}, 3),
            ({}, {"retryAfterSeconds": "2.5"}, 2.5),
            ({}, {"retryAfterSeconds": -3}, 0),
            ({}, {"retryAfterSeconds": 0}, 0),
            ({}, {"retryAfterSeconds": None}, None),
            ({}, {"retryAfterSeconds": []}, None),
        ],
    )
    def test_the_header_wins_over_the_body(
        self, headers: dict[str, str], fields: dict[str, Any], wait: float | None
    ) -> None:
        assert calls.retry_after(errors.Answer(429, headers), fields) == wait

    def test_in_progress_says_it_in_both(self, meigen: Meigen) -> None:
        found = meigen.refused(prompt="x sandbox:in-progress")
        assert found.answer is not None
        assert (found.answer.headers["retry-after"], found.fields["retryAfterSeconds"]) == ("1", 1)


class Test503:
    def test_a_reference_that_was_not_read_in_time_is_not_yet(self, meigen: Meigen) -> None:
        key, prompt = new_key(), "x sandbox:probe"
        for _ in range(2):
            found = meigen.refused(key, prompt=prompt)
            assert isinstance(found, errors.NotYet)
            assert isinstance(found, errors.Refused)
            assert (found.status, found.code) == (503, "reference_probe_timeout")
            assert found.fields["retryable"] is True
        assert meigen.charges() == []
        assert meigen.submit(key, prompt=prompt).generation_id
        assert meigen.charges() == [5]

    def test_one_that_cannot_be_retried_is_refused_and_was_not_charged(self, meigen: Meigen) -> None:
        probe = refusal(503, "A reference took too long", code="reference_probe_timeout", retryable=False)
        meigen.box.fail_next(SUBMIT, probe)
        found = meigen.refused()
        assert isinstance(found, errors.InvalidRequest)
        assert meigen.charges() == []


class TestWhatCannotBeRead:
    @each("status", [500, 502, 503, 504])
    def test_5xx_as_html(self, meigen: Meigen, status: int) -> None:
        meigen.box.fail_next(SUBMIT, html(status))
        found = meigen.refused()
        assert isinstance(found, errors.ServerError)
        assert isinstance(found, errors.Unsettled)
        assert found.answer is not None
        assert "<h1>" in found.answer.body
        assert found.fields == {}

    @each(
        "body",
        [
            b"", b"<html>", b'{"success": true, "generationId": "x"', b"[1, 2]", b'"text"', b"null", b"NaN",
            b'{"success": true, "generationId": NaN}', b'{"success": true}', b'{"success": false, "error": "no"}',
            b"[" * 100_000, b"\xff\xfe", b'{"a": ' + b"1" * 5000 + b"}",
        ],
    )  # fmt: skip
    def test_an_answer_that_cannot_be_read_is_one_typed_error(self, meigen: Meigen, body: bytes) -> None:
        meigen.box.fail_next(SUBMIT, Response(200, body))
        assert isinstance(meigen.refused(), errors.BadAnswer)

    def test_the_raw_body_is_kept(self, meigen: Meigen) -> None:
        body = {"success": True, "generationId": "x", "status": "processing", "new": [1, {"a": None}]}
        meigen.box.fail_next(SUBMIT, Response(200, json.dumps(body).encode()))
        assert said(meigen.submit()) == body

    def test_more_than_ten_megabytes_are_not_read(self, meigen: Meigen) -> None:
        meigen.box.fail_next("/api/models", Response(200, b'{"models": "' + b"x" * 11_000_000 + b'"}'))
        found = meigen.failed(calls.models(), None)
        assert isinstance(found, errors.BadAnswer)
        assert "10 MB" in found.message


class TestTheConnection:
    def test_nobody_there(self) -> None:
        with pytest.raises(errors.Unreachable), Client("http://127.0.0.1:9", TOKEN) as client:
            client.send(calls.models())

    def test_dropped(self, meigen: Meigen) -> None:
        meigen.box.fail_next(SUBMIT, Response(200, drop=True))
        assert isinstance(meigen.refused(), errors.NoAnswer)

    def test_a_redirect_is_not_followed(self, meigen: Meigen) -> None:
        meigen.box.fail_next("/api/models", Response(302, headers={"Location": "http://127.0.0.1:9/"}))
        assert isinstance(meigen.failed(calls.models()), errors.BadAnswer)
