"""The receipt of a key: each row of the contract's table, and the typed error it becomes."""

from meigen_api import calls, errors
from meigen_api.secret import Secret
from sandbox.answers import refusal
from tests.cases import each

from .meigen import Meigen, new_key, posted, said

PATH = "/api/generate/v2/requests"


def lost(meigen: Meigen, key: str, switches: str) -> None:
    """A submit whose answer, whatever it was, did not arrive."""
    assert isinstance(meigen.refused(key, prompt=f"x {switches}"), errors.NoAnswer)


def receipt(meigen: Meigen, key: str) -> errors.MeigenError:
    return meigen.failed(calls.request(key))


class Test200:
    def test_it_is_the_job(self, meigen: Meigen) -> None:
        key = new_key()
        lost(meigen, key, "sandbox:lost sandbox:seconds=5")
        found = meigen.send(calls.request(key))
        assert (found.state, found.model_id, found.credits_used) == ("processing", "nanobanana-2", 5)
        assert said(found)["requestId"] == key
        assert meigen.send(calls.status(found.generation_id)).state == "processing"
        assert meigen.charges() == [5]

    def test_an_ended_job_comes_with_its_result(self, meigen: Meigen) -> None:
        key = new_key()
        lost(meigen, key, "sandbox:lost sandbox:seconds=5")
        meigen.clock.now += 6
        found = meigen.send(calls.request(key))
        assert (found.state, found.credits_status) == ("completed", "confirmed")
        assert found.urls


class Test404:
    def test_a_key_that_never_arrived(self, meigen: Meigen) -> None:
        error = receipt(meigen, new_key())
        assert isinstance(error, errors.NotFound)
        assert not isinstance(error, errors.Gone)
        assert (error.status, error.code) == (404, "request_not_found")

    def test_another_accounts_key_never_arrived_at_ours(self, meigen: Meigen) -> None:
        key = new_key()
        meigen.submit(key, token=Secret("meigen_sk_other"))
        assert receipt(meigen, key).code == "request_not_found"

    @each("code", ["not_found", "route_not_found", ""])
    def test_any_other_404_can_be_told_from_it(self, meigen: Meigen, code: str) -> None:
        meigen.box.fail_next(PATH, refusal(404, "Not found", code=code))
        error = receipt(meigen, new_key())
        assert isinstance(error, errors.NotFound)
        assert error.code == code


class Test503:
    def test_in_progress_with_nothing_to_wait_for_lets_the_same_bytes_go_again(self, meigen: Meigen) -> None:
        key = new_key()
        lost(meigen, key, "sandbox:accepting")
        error = receipt(meigen, key)
        assert isinstance(error, errors.InProgress)
        assert (error.status, error.code, error.retry_after) == (503, "in_progress", 0)
        assert meigen.charges() == []
        assert not meigen.submit(key, prompt="x sandbox:accepting").deduped
        assert meigen.send(calls.request(key)).generation_id
        assert meigen.charges() == [5]

    def test_in_progress_takes_no_other_body(self, meigen: Meigen) -> None:
        key = new_key()
        lost(meigen, key, "sandbox:accepting")
        assert isinstance(meigen.refused(key, prompt="another"), errors.Conflict)
        assert receipt(meigen, key).code == "in_progress"

    def test_in_progress_says_how_long_to_wait(self, meigen: Meigen) -> None:
        meigen.box.fail_next(PATH, refusal(503, "Still being accepted", code="in_progress", retryAfterSeconds=7))
        error = receipt(meigen, new_key())
        assert isinstance(error, errors.InProgress)
        assert isinstance(error, errors.Unsettled)
        assert error.retry_after == 7

    def test_an_interrupted_request_is_uncertain_until_its_receipt_is_there(self, meigen: Meigen) -> None:
        key = new_key()
        lost(meigen, key, "sandbox:interrupted")
        for _ in range(2):
            error = receipt(meigen, key)
            assert isinstance(error, errors.ServerError)
            assert isinstance(error, errors.Unsettled)
            assert (error.status, error.code) == (503, "request_interrupted")
        assert meigen.send(calls.request(key)).generation_id
        assert meigen.charges() == [5]


class Test402:
    def test_nothing_was_charged_and_after_a_top_up_the_same_may_go_again(self, meigen: Meigen) -> None:
        key = new_key()
        meigen.credits(1)
        meigen.refused(key)
        error = receipt(meigen, key)
        assert isinstance(error, errors.InsufficientCredits)
        assert (error.status, error.code, error.required, error.available) == (402, "insufficient_credits", 5, 1)
        meigen.credits(10)
        assert meigen.submit(key).generation_id
        assert meigen.send(calls.request(key)).generation_id
        assert meigen.charges() == [5]

    @each(("switch", "code"), [("402", "insufficient_credits"), ("paywall", "premium_model_paywall")])
    def test_a_refusal_that_was_lost_is_found(self, meigen: Meigen, switch: str, code: str) -> None:
        key = new_key()
        lost(meigen, key, f"sandbox:lost sandbox:{switch}")
        error = receipt(meigen, key)
        assert isinstance(error, errors.InsufficientCredits)
        assert error.code == code
        assert meigen.charges() == []


class Test400:
    def test_nothing_was_charged_and_other_input_needs_a_new_key(self, meigen: Meigen) -> None:
        key = new_key()
        lost(meigen, key, "sandbox:lost sandbox:400")
        error = receipt(meigen, key)
        assert isinstance(error, errors.InvalidRequest)
        assert (error.status, error.code) == (400, "invalid_input")
        assert error.fields["supportedRatios"] == ["1:1"]
        assert meigen.charges() == []
        assert isinstance(meigen.refused(key, prompt="x sandbox:lost"), errors.InvalidRequest)
        assert meigen.submit().generation_id


class Test409:
    def test_a_collision_that_was_lost_is_found_and_final(self, meigen: Meigen) -> None:
        key = new_key()
        lost(meigen, key, "sandbox:lost sandbox:collision")
        for _ in range(2):
            error = receipt(meigen, key)
            assert isinstance(error, errors.Conflict)
            assert (error.status, error.code) == (409, "request_id_collision")

    def test_so_is_another_body_under_the_same_key(self, meigen: Meigen) -> None:
        meigen.box.fail_next(PATH, refusal(409, "Another request has this key", code="idempotency_conflict"))
        error = receipt(meigen, new_key())
        assert isinstance(error, errors.Conflict)
        assert error.code == "idempotency_conflict"


class Test410:
    def test_a_generation_that_is_unavailable_leaves_a_dead_key(self, meigen: Meigen) -> None:
        key = new_key()
        lost(meigen, key, "sandbox:lost sandbox:unavailable")
        error = receipt(meigen, key)
        assert isinstance(error, errors.Gone)
        assert (error.status, error.code) == (410, "generation_unavailable")
        assert meigen.charges() == []

    def test_so_does_a_job_that_was_forgotten(self, meigen: Meigen) -> None:
        key = new_key()
        call = posted(key, prompt="x sandbox:gone sandbox:seconds=1")
        meigen.send(call)
        meigen.clock.now += 2
        for error in (receipt(meigen, key), meigen.failed(call)):
            assert isinstance(error, errors.Gone)
            assert error.code == "generation_unavailable"
        assert meigen.charges() == [5]


def test_a_receipt_needs_a_token(meigen: Meigen) -> None:
    assert isinstance(meigen.failed(calls.request(new_key()), None), errors.BadToken)


@each("switch", ["401", "403", "404", "429", "500", "html", "probe"])
def test_what_says_nothing_of_the_key_leaves_no_receipt(meigen: Meigen, switch: str) -> None:
    key = new_key()
    meigen.refused(key, prompt=f"x sandbox:{switch}")
    assert receipt(meigen, key).code == "request_not_found"


def test_a_key_is_one_part_of_the_path() -> None:
    assert calls.request("../../models?x=1#").path == f"{PATH}/..%2F..%2Fmodels%3Fx%3D1%23"
