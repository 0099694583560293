"""One key is one charge, whatever is sent under it, however often, and whoever loses the answer."""

from typing import Any

import pytest

from meigen_api import calls, errors
from meigen_api.secret import Secret
from tests.cases import each

from .meigen import Meigen, new_key, posted


def raw(body: str) -> calls.Call[Any]:
    """A submit with the very text of this body."""
    return calls.submit(body)


class TestTheSameBodyAgain:
    def test_it_is_the_same_job(self, meigen: Meigen) -> None:
        key = new_key()
        first, again = meigen.submit(key), meigen.submit(key)
        assert again.deduped
        assert again.generation_id == first.generation_id
        assert meigen.charges() == [5]

    def test_an_ended_job_answers_with_its_terminal_fields(self, meigen: Meigen) -> None:
        key = new_key()
        meigen.submit(key, prompt="x sandbox:seconds=1")
        meigen.clock.now += 2
        again = meigen.submit(key, prompt="x sandbox:seconds=1")
        assert (again.state, again.deduped, again.credits_status) == ("completed", True, "confirmed")
        assert again.urls

    def test_so_does_one_that_failed(self, meigen: Meigen) -> None:
        key = new_key()
        meigen.submit(key, prompt="x sandbox:seconds=1 sandbox:fail")
        meigen.clock.now += 2
        again = meigen.submit(key, prompt="x sandbox:seconds=1 sandbox:fail")
        assert (again.state, again.failure_code, again.credits_status) == ("failed", "content_policy", "refunded")
        assert sum(meigen.charges()) == 0

    @pytest.mark.parametrize("switch", ["lost", "timeout"])
    def test_a_lost_answer_is_charged_once_however_often_it_is_sent(self, meigen: Meigen, switch: str) -> None:
        key = new_key()
        call = posted(key, prompt=f"x sandbox:{switch}")
        with pytest.raises(errors.NoAnswer):
            meigen.send(call, seconds=0.3)
        assert meigen.send(call).deduped
        assert meigen.send(calls.request(key)).generation_id
        assert meigen.charges() == [5]

    def test_still_being_accepted_says_when_to_come_back(self, meigen: Meigen) -> None:
        key = new_key()
        error = meigen.refused(key, prompt="x sandbox:in-progress")
        assert isinstance(error, errors.InProgress)
        assert (error.status, error.code, error.retry_after) == (409, "in_progress", 1)
        assert meigen.submit(key, prompt="x sandbox:in-progress").deduped
        assert meigen.charges() == [5]


class TestSameIsComparedAsJson:
    def test_the_order_of_keys_and_spaces_do_not_matter(self, meigen: Meigen) -> None:
        key = new_key()
        first = meigen.send(raw(f'{{"prompt": "x", "idempotencyKey": "{key}", "modelId": "z-image-turbo"}}'))
        again = meigen.send(raw(f'{{"modelId":"z-image-turbo","idempotencyKey":"{key}","prompt":"\\u0078"}}'))
        assert (again.deduped, again.generation_id) == (True, first.generation_id)
        assert meigen.charges() == [2]

    def test_neither_do_they_further_in(self, meigen: Meigen) -> None:
        key = new_key()
        options = ['{"chaos": 5, "iw": 1.0}', '{"iw":1,"chaos":5.0}']
        bodies = [
            f'{{"prompt": "x", "modelId": "midjourney-v8.1", "idempotencyKey": "{key}", "niji7Options": {text}}}'
            for text in options
        ]
        assert [meigen.send(raw(body)).deduped for body in bodies] == [False, True]
        assert meigen.charges() == [15]

    @pytest.mark.parametrize(
        "other",
        [
            {"prompt": "another"},
            {"modelId": "nanobanana-2"},  # the default, but said: before defaults
            {"aspectRatio": "auto"},
            {"referenceImages": []},
        ],
    )
    def test_every_value_does(self, meigen: Meigen, other: dict[str, Any]) -> None:
        key = new_key()
        meigen.submit(key)
        error = meigen.refused(key, **other)
        assert isinstance(error, errors.Conflict)
        assert (error.status, error.code) == (409, "idempotency_conflict")
        assert meigen.charges() == [5]

    def test_the_same_fields_always_give_the_same_bytes(self) -> None:
        body = calls.canonical_body({"b": [1, "é"], "a": {"d": 1, "c": 2}})
        assert body == calls.canonical_body({"a": {"c": 2, "d": 1}, "b": [1, "é"]})
        assert calls.submit(body).body == body.encode()


class TestAfterARefusal:
    def test_402_and_a_top_up_take_the_same_key_again(self, meigen: Meigen) -> None:
        key = new_key()
        meigen.credits(1)
        assert isinstance(meigen.refused(key), errors.InsufficientCredits)
        meigen.credits(10)
        assert not meigen.submit(key).deduped
        assert meigen.charges() == [5]

    def test_402_takes_no_other_body_under_it(self, meigen: Meigen) -> None:
        key = new_key()
        meigen.credits(1)
        meigen.refused(key)
        meigen.credits(10)
        error = meigen.refused(key, prompt="another")
        assert isinstance(error, errors.Conflict)
        assert error.code == "idempotency_conflict"
        assert meigen.charges() == []

    @each(
        ("first", "kind"),
        [
            ({"aspectRatio": "7:5"}, errors.InvalidRequest),
            ({"prompt": "x sandbox:collision"}, errors.Conflict),
            ({"prompt": "x sandbox:unavailable"}, errors.Gone),
        ],
    )
    def test_400_409_and_410_are_what_the_key_says_ever_after(
        self, meigen: Meigen, first: dict[str, Any], kind: type[errors.MeigenError]
    ) -> None:
        key = new_key()
        refusals = [meigen.refused(key, **first), meigen.refused(key, **first), meigen.refused(key)]
        assert {type(error) for error in refusals} == {kind}
        assert len({error.code for error in refusals}) == 1
        assert meigen.charges() == []

    @pytest.mark.parametrize("switch", ["probe", "500", "html", "429"])
    def test_what_may_go_again_goes_again_under_the_same_key(self, meigen: Meigen, switch: str) -> None:
        key, prompt = new_key(), f"x sandbox:{switch}"
        for _ in range(1 if switch == "429" else 2):
            meigen.refused(key, prompt=prompt)
        assert meigen.charges() == []
        assert not meigen.submit(key, prompt=prompt).deduped
        assert meigen.charges() == [5]


def test_a_key_belongs_to_one_account(meigen: Meigen) -> None:
    key = new_key()
    mine = meigen.submit(key)
    theirs = meigen.submit(key, token=Secret("meigen_sk_other"), prompt="another")
    assert theirs.generation_id != mine.generation_id
