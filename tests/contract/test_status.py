"""Status: how a job goes on and ends."""

import pytest

from meigen_api import calls, errors
from meigen_api.secret import Secret
from meigen_api.types import Status
from sandbox.answers import refusal
from tests.cases import each

from .meigen import Meigen, answer, said


def looked(meigen: Meigen, job: Status, after: float = 0) -> Status:
    """The job's status so many seconds later."""
    meigen.clock.now += after
    found: Status = meigen.send(calls.status(job.generation_id))
    return found


class TestTheWay:
    def test_of_an_image(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:seconds=10", aspectRatio="3:4")
        status = looked(meigen, job)
        assert (status.state, status.expected_wait) == ("processing", 12)
        status = looked(meigen, job, after=11)
        assert (status.state, status.aspect_ratio, status.credits_used) == ("completed", "3:4", 5)
        assert status.urls[0].startswith(meigen.server.url)
        assert status.video_url == ""

    def test_of_a_video(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:seconds=1", modelId="veo-3.1")
        status = looked(meigen, job, after=2)
        assert status.video_url.endswith(".mp4")
        assert status.urls == (status.video_url,)

    @each(("switch", "credits"), [("fail", "refunded"), ("fail-kept", "confirmed")])
    def test_of_a_failure_with_its_reason_and_whether_credits_came_back(
        self, meigen: Meigen, switch: str, credits: str
    ) -> None:
        job = meigen.submit(prompt=f"x sandbox:{switch} sandbox:seconds=1")
        status = looked(meigen, job, after=2)
        assert (status.state, status.failure_code, status.credits_status) == ("failed", "content_policy", credits)
        assert status.error
        assert sum(meigen.charges()) == (0 if credits == "refunded" else 5)


class TestTheAnswer:
    def test_it_carries_the_job_id_and_neither_success_nor_generation_id(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:seconds=1")
        for after in (0, 2):
            status = looked(meigen, job, after)
            assert said(status)["jobId"] == status.generation_id == job.generation_id
            assert not {"success", "generationId"} & set(said(status))

    def test_credits_are_pending_then_confirmed(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:seconds=1")
        assert looked(meigen, job).credits_status == "pending"
        assert looked(meigen, job, after=2).credits_status == "confirmed"

    def test_the_hint_counts_down_how_much_longer_polling_is_worth_it(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:stuck sandbox:seconds=400")
        assert [looked(meigen, job, after).poll_hint for after in (0, 300, 159, 2)] == [460, 160, 1, 0]

    def test_a_server_that_stops_watching_hints_zero(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:stopped sandbox:seconds=1")
        assert looked(meigen, job, after=2).poll_hint == 0

    def test_without_a_hint_there_is_none(self) -> None:
        assert calls.result(calls.status("x"), answer(200, {"status": "processing"})).poll_hint is None

    def test_completed_without_a_link_is_still_processing(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:pending sandbox:seconds=1")
        assert said(looked(meigen, job, after=2))["status"] == "completed"
        assert looked(meigen, job).state == "processing"
        assert looked(meigen, job, after=10).state == "completed"

    def test_pending_is_processing(self) -> None:
        assert (
            calls.result(calls.status("x"), answer(200, {"success": True, "status": "pending"})).state == "processing"
        )

    def test_without_a_status_it_is_none(self) -> None:
        with pytest.raises(errors.BadAnswer):
            calls.result(calls.status("x"), answer(200, {"jobId": "x"}))


class TestWhoMayAsk:
    def test_somebody_elses_job_is_not_found_and_without_a_token_it_is_public(self, meigen: Meigen) -> None:
        job = meigen.submit()
        other = meigen.failed(calls.status(job.generation_id), Secret("meigen_sk_other"))
        assert isinstance(other, errors.NotFound)
        assert meigen.send(calls.status(job.generation_id), None).state == "processing"

    def test_a_dead_token_is_a_401(self, meigen: Meigen) -> None:
        job = meigen.submit()
        assert isinstance(meigen.failed(calls.status(job.generation_id), Secret("nonsense")), errors.BadToken)


class TestTrouble:
    def test_an_unknown_job(self, meigen: Meigen) -> None:
        error = meigen.failed(calls.status("unknown"))
        assert isinstance(error, errors.NotFound)
        assert not isinstance(error, errors.Gone)

    def test_a_job_that_is_gone(self, meigen: Meigen) -> None:
        job = meigen.submit(prompt="x sandbox:gone sandbox:seconds=1")
        meigen.clock.now += 2
        error = meigen.failed(calls.status(job.generation_id))
        assert isinstance(error, errors.Gone)
        assert error.status == 410

    def test_a_busy_server_is_a_429(self, meigen: Meigen) -> None:
        meigen.box.fail_next("/api/generate/v2/status", refusal(429, "Busy", code="status_query_busy"))
        error = meigen.failed(calls.status("x"))
        assert isinstance(error, errors.RateLimited)
        assert error.code == "status_query_busy"

    @each("status", [500, 502, 503, 504])
    def test_a_broken_server_is_asked_again(self, meigen: Meigen, status: int) -> None:
        job = meigen.submit()
        meigen.box.fail_next("/api/generate/v2/status", refusal(status, "Down"))
        assert isinstance(meigen.failed(calls.status(job.generation_id)), errors.ServerError)
        assert looked(meigen, job).state == "processing"
