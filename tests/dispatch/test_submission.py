"""One click, one charge: what a submission becomes, for every answer Meigen can give."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import tokens
from accounts.models import Token, User
from accounts.token_check import Verdict
from generations.dispatch import decisions, line, recovery, submit
from generations.library import curation
from generations.models import Attempt, Generation
from generations.models.sentences import Sentence
from meigen_api.secret import Secret
from sandbox.answers import answer, refusal
from tests.cases import each
from tests.conftest import FastSandbox
from tests.dispatch.sending import SUBMIT, S, after, sent
from tests.helpers import form_data, make_generation, make_user

pytestmark = pytest.mark.django_db


def test_an_accepted_submission_runs_and_is_charged_once(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = sent(make_generation(user))
    assert generation.status == S.RUNNING
    assert generation.credits_used == 2
    assert generation.remote_id
    [charge] = sandbox.ledger.charges()
    assert charge.idempotency_key == str(generation.idempotency_key)
    token.refresh_from_db()
    assert token.credits == 998


def test_a_second_sender_finds_nothing_to_send(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = make_generation(user)
    assert submit.claim(generation.pk) is not None
    assert submit.claim(generation.pk) is None
    assert generation.attempts.count() == 1


def test_the_attempt_is_committed_before_the_request_leaves(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = make_generation(user)
    claim = submit.claim(generation.pk)
    assert claim is not None
    attempt = Attempt.objects.get(generation=generation)
    assert attempt.outcome == Attempt.Outcome.SENT
    generation.refresh_from_db()
    assert generation.status == S.SENDING
    assert sandbox.ledger.charges() == []


def test_a_refusal_is_kept_whole(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = sent(make_generation(user, fields={"aspectRatio": "7:5"}))
    assert generation.status == S.REJECTED
    assert generation.answer_status == 400
    assert generation.answer_fields["allowed"] == ["auto", "1:1", "3:4", "4:3", "16:9", "9:16"]
    assert not generation.can_send_again


def test_missing_credits_reject_and_the_same_key_is_sent_after_a_top_up(
    sandbox: FastSandbox, user: User, token: Token
) -> None:
    sandbox.set_credits(token.secret().reveal(), 1)
    generation = sent(make_generation(user))
    assert generation.status == S.REJECTED
    assert generation.answer_fields["required"] == 2
    assert generation.answer_fields["available"] == 1
    sandbox.set_credits(token.secret().reveal(), 10)
    assert recovery.requeue(generation, "Sent again.")
    sent(generation)
    assert generation.status == S.RUNNING
    [charge] = sandbox.ledger.charges()
    assert charge.idempotency_key == str(generation.idempotency_key)


class TestSendingAllAgainAfterATopUp:
    @pytest.fixture
    def refused(self, sandbox: FastSandbox, user: User, token: Token) -> list[Generation]:
        sandbox.set_credits(token.secret().reveal(), 1)
        return [sent(make_generation(user)) for _ in range(3)]

    def test_one_button_sends_them_under_their_own_keys(
        self, sandbox: FastSandbox, browser: Browser, refused: list[Generation], token: Token
    ) -> None:
        page = browser.get("/").content.decode()
        assert "Send all 3 again · 6 credits" in page
        sandbox.set_credits(token.secret().reveal(), 10)
        assert browser.post("/generations/send-again/").status_code == 302
        assert OrmQ.objects.exists()
        assert {sent(row).status for row in refused} == {S.RUNNING}
        keys = {charge.idempotency_key for charge in sandbox.ledger.charges()}
        assert keys == {str(row.idempotency_key) for row in refused}
        assert "Send all" not in browser.get("/").content.decode()

    def test_pressing_it_twice_sends_them_once(
        self, sandbox: FastSandbox, browser: Browser, refused: list[Generation], token: Token
    ) -> None:
        sandbox.set_credits(token.secret().reveal(), 10)
        for _ in range(2):
            browser.post("/generations/send-again/")
        for row in refused * 2:
            submit.send(row.pk)
        assert len(sandbox.ledger.charges()) == 3

    def test_what_was_cancelled_or_is_a_day_old_stays_out_of_it(
        self, browser: Browser, refused: list[Generation]
    ) -> None:
        browser.post(f"/generations/{refused[0].pk}/cancel/")
        yesterday = timezone.now() - timedelta(hours=25)
        Generation.objects.filter(pk=refused[1].pk).update(finished_at=yesterday)
        assert "Send all" not in browser.get("/").content.decode()  # one is left, and has a button of its own
        browser.post("/generations/send-again/")
        assert list(Generation.objects.filter(status=S.QUEUED)) == [refused[2]]

    def test_nobody_elses_are_sent(self, refused: list[Generation]) -> None:
        stranger = Browser()
        stranger.force_login(make_user())
        stranger.post("/generations/send-again/")
        assert not Generation.objects.exclude(status=S.REJECTED).exists()


def test_a_refused_token_parks_its_queue_until_it_is_replaced(sandbox: FastSandbox, user: User, token: Token) -> None:
    sandbox.revoke(token.secret().reveal())
    first, second = sent(make_generation(user)), make_generation(user)
    assert first.status == S.REJECTED
    token.refresh_from_db()
    assert token.refused_at is not None
    assert sent(second).status == S.QUEUED
    assert not second.attempts.exists()
    assert line.turns(timezone.now(), 16) == []

    tokens.replace(token, Secret("meigen_sk_another"), Verdict.GOOD)
    recovery.recover()
    assert {sent(first).status, sent(second).status} == {S.RUNNING}


def test_a_limit_blocks_the_token_until_meigen_says(sandbox: FastSandbox, user: User, token: Token) -> None:
    sandbox.fail_next(SUBMIT, refusal(429, "Too many", {"Retry-After": "30"}))
    generation, other = sent(make_generation(user)), make_generation(user)
    assert generation.status == S.QUEUED
    assert generation.not_before is not None
    assert 29 <= (generation.not_before - timezone.now()).total_seconds() <= 30
    assert sent(other).status == S.QUEUED
    with after(generation):
        assert sent(generation).status == S.RUNNING


def test_an_unreachable_server_leaves_the_job_queued_and_cancellable(
    settings: Settings, user: User, token: Token
) -> None:
    settings.MEIGEN_BASE_URL = "http://127.0.0.1:9"
    generation = sent(make_generation(user))
    assert generation.status == S.QUEUED
    assert generation.message == Sentence.KEEP_TRYING.stored()
    assert generation.not_before is not None


def test_only_one_of_two_moves_wins(user: User) -> None:
    generation = make_generation(user)
    same = Generation.objects.get(pk=generation.pk)
    assert generation.move(S.CANCELLED, expecting=S.QUEUED)
    assert not same.move(S.SENDING, expecting=S.QUEUED)
    assert list(generation.events.values_list("status", flat=True)) == ["cancelled"]


def test_what_waited_days_for_a_good_token_survives_a_hiccup(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = make_generation(user, queued_at=timezone.now() - timedelta(days=3))
    sandbox.fail_next(SUBMIT, refusal(429, "Too many", {"Retry-After": "1"}))
    assert sent(generation).status == S.QUEUED
    with after(generation):
        assert sent(generation).status == S.RUNNING


def test_every_answer_is_kept_on_its_attempt(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = sent(make_generation(user))
    assert '"generationId"' in generation.attempts.get().answer


@each("status", [400, 402])
def test_an_answer_no_database_can_hold_is_cleaned_not_lost(
    sandbox: FastSandbox, user: User, token: Token, status: int
) -> None:
    strange: dict[str, Any] = {"allowed": ["\ud800"], "required": 10**400, "available": 1, "field": "\x00"}
    sandbox.fail_next(SUBMIT, refusal(status, "no\ud800\x00", **strange))
    assert sent(make_generation(user)).status == S.REJECTED


def test_numbers_too_large_for_their_columns_are_left_out(sandbox: FastSandbox, user: User, token: Token) -> None:
    fields = {
        "success": True,
        "generationId": "g",
        "creditsUsed": 10**11,
        "creditsStatus": "x" * 99,
        "credits": {"purchased": 10**11},
    }
    sandbox.fail_next(SUBMIT, answer(200, fields))
    generation = sent(make_generation(user))
    assert generation.status == S.RUNNING
    assert generation.credits_used is None


@each("answer_status", [401, 402])
def test_what_is_cancelled_or_deleted_meanwhile_is_not_sent_after_all(
    user: User, token: Token, answer_status: int
) -> None:
    cancelled, deleted = [
        make_generation(user, status="rejected", answer_status=answer_status, finished_at=timezone.now())
        for _ in range(2)
    ]
    seen = list(Generation.objects.filter(status=S.REJECTED))
    assert decisions.cancel(cancelled)
    assert curation.delete(user, [deleted.pk]) == [deleted.pk]
    assert not any(recovery.requeue(row, "Sent again.") for row in seen)
    assert not Generation.objects.filter(status=S.QUEUED).exists()
    assert Generation.objects.get(pk=deleted.pk).deleted_at


@each(("count", "statements"), [(1, 46), (8, 200)])
def test_a_click_takes_few_statements(
    sandbox: FastSandbox,
    browser: Browser,
    token: Token,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    count: int,
    statements: int,
) -> None:
    browser.get("/")
    with django_assert_max_num_queries(statements):
        browser.post("/generations/", form_data(count=str(count)), headers={"HX-Request": "true"})
    assert Generation.objects.count() == count
