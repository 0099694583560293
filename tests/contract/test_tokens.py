"""Tokens of both kinds, and the two purses."""

import json
from typing import Any

import pytest

from meigen_api import calls, errors
from meigen_api.secret import Secret
from tests.cases import each

from .meigen import TOKEN, Meigen, answer


@pytest.fixture
def session(meigen: Meigen) -> Secret:
    """A session token of Ana's, whose account has 20 daily credits."""
    return Secret(meigen.box.session_token("ana"))


class TestManaging:
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
        assert isinstance(meigen.failed(calls.create_token("sixth"), session), errors.InvalidRequest)

    def test_a_name_is_needed(self, meigen: Meigen, session: Secret) -> None:
        assert meigen.failed(calls.create_token(" "), session).code == "missing_name"

    @each("call", [calls.revoke_token("x"), calls.token_usage("x")])
    def test_an_unknown_one(self, meigen: Meigen, session: Secret, call: calls.Call[Any]) -> None:
        assert isinstance(meigen.failed(call, session), errors.NotFound)

    @each("call", [calls.tokens(), calls.create_token("x"), calls.revoke_token("x"), calls.token_usage("x")])
    def test_an_api_token_may_not(self, meigen: Meigen, call: calls.Call[Any]) -> None:
        assert isinstance(meigen.failed(call, TOKEN), errors.BadToken)

    @each("wrap", [lambda rows: rows, lambda rows: {"data": rows}, lambda rows: {"tokens": rows}])
    def test_the_list_comes_bare_or_wrapped(self, wrap: Any) -> None:
        rows = wrap([{"id": 7, "name": "A", "token_value": "meigen_sk_full_token_9999"}])
        [info] = calls.result(calls.tokens(), answer(200, rows))
        assert (info.id, info.masked) == ("7", "...9999")

    @each("shown", [{}, {"token": "sk_of_another_form"}, {"value": "meigen_sk_elsewhere"}])
    def test_a_new_one_in_a_form_we_do_not_know_is_not_kept(self, shown: dict[str, str]) -> None:
        with pytest.raises(errors.BadAnswer) as caught:
            calls.result(calls.create_token("x"), answer(200, shown))
        assert (caught.value.answer, caught.value.fields) == (None, {})


class TestASession:
    def test_it_expires(self, meigen: Meigen, session: Secret) -> None:
        meigen.clock.now += 3601
        assert isinstance(meigen.failed(calls.tokens(), session), errors.BadToken)

    def test_its_daily_credits_pay_for_basic_models_only(self, meigen: Meigen, session: Secret) -> None:
        basic = meigen.submit(token=session, modelId="z-image-turbo")
        assert (basic.balance.daily, basic.balance.purchased) == (18, 1000)
        premium = meigen.submit(token=session, modelId="nanobanana-2")
        assert (premium.balance.daily, premium.balance.purchased) == (18, 995)

    def test_all_others_need_purchased_ones(self, meigen: Meigen, session: Secret) -> None:
        meigen.box.set_credits(session.reveal(), 0, daily=20)
        error = meigen.refused(token=session, modelId="nanobanana-2")
        assert isinstance(error, errors.InsufficientCredits)
        assert (error.status, error.code) == (402, "premium_model_paywall")
        assert (error.required, error.available) == (5, 0)
        assert meigen.submit(token=session, modelId="z-image-turbo").balance.daily == 18

    def test_without_any_it_is_simply_poor(self, meigen: Meigen, session: Secret) -> None:
        meigen.box.set_credits(session.reveal(), 0, daily=0)
        assert meigen.refused(token=session, modelId="nanobanana-2").code == "insufficient_credits"

    def test_an_api_token_of_the_same_account_spends_purchased_credits_only(
        self, meigen: Meigen, session: Secret
    ) -> None:
        made = meigen.send(calls.create_token("Studio"), session)
        job = meigen.submit(token=made, modelId="z-image-turbo")
        assert (job.balance.daily, job.balance.purchased) == (20, 998)

    def test_two_tokens_of_one_account_share_its_rate(self, meigen: Meigen, session: Secret) -> None:
        tokens = [meigen.send(calls.create_token(name), session) for name in "ab"]
        for number in range(12):
            meigen.submit(token=tokens[number % 2])
        assert isinstance(meigen.refused(token=tokens[0]), errors.RateLimited)


@each(
    ("credits", "purses"),
    [
        ({"daily": 3, "purchased": 40, "unlimited": False}, (3, 40, False)),
        ({"daily": 3}, (3, None, False)),
        ({"purchased": "40", "unlimited": True}, (None, 40, True)),
        ({"daily": "many", "purchased": []}, (None, None, False)),
    ],
)
def test_the_two_purses_stay_two(credits: Any, purses: tuple[int | None, int | None, bool]) -> None:
    job = calls.result(calls.submit("{}"), answer(200, {"generationId": "x", "credits": credits}))
    assert job.balance is not None
    assert (job.balance.daily, job.balance.purchased, job.balance.unlimited) == purses


@each("credits", [None, [], {}, 7])
def test_purses_that_are_unsaid_are_unknown(credits: Any) -> None:
    body = errors.Answer(200, body=json.dumps({"generationId": "x", "credits": credits}))
    assert calls.result(calls.submit("{}"), body).balance is None
