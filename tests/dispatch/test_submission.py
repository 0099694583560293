"""One click, one charge: what a submission becomes, for every answer Meigen can give."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DataError
from django.test import Client as Browser
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts import tokens
from accounts.models import Token, User
from accounts.token_check import Verdict
from generations.dispatch import decisions, line, outcomes, receipt, submit
from generations.library import curation
from generations.models import Attempt, Generation, Reference, ReferenceUse
from meigen_api import calls, errors
from meigen_api.client import Client
from meigen_api.secret import Secret
from sandbox.answers import Response, answer, html, refusal
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_user

S = Generation.Status
SUBMIT = "/api/generate/v2"

pytestmark = pytest.mark.django_db


def sent(generation: Generation) -> Generation:
    submit.send(generation.pk)
    generation.refresh_from_db()
    return generation


def after(generation: Generation) -> time_machine.travel:
    """The moment at which the next try is due."""
    assert generation.not_before is not None
    return time_machine.travel(generation.not_before + timedelta(seconds=1))


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


def test_a_lost_answer_is_settled_under_the_same_key(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = sent(make_generation(user, prompt="a fox sandbox:lost sandbox:seconds=99"))
    assert generation.status == S.SENDING
    assert "sent once" in generation.message
    with after(generation):
        sent(generation)
    assert generation.status == S.RUNNING
    assert len(sandbox.ledger.charges()) == 1
    assert [a.outcome for a in generation.attempts.all()] == ["settled", "accepted"]


@pytest.mark.parametrize(
    "broken", [html(502), Response(200, b'{"success": tr'), Response(200, b"[]"), refusal(500, "Oops")]
)
def test_a_broken_answer_is_unknown_and_sent_again_later(
    sandbox: FastSandbox, user: User, token: Token, broken: Response
) -> None:
    sandbox.fail_next(SUBMIT, broken)
    generation = sent(make_generation(user))
    assert generation.status == S.SENDING
    assert generation.attempts.get().outcome == Attempt.Outcome.UNKNOWN
    with after(generation):
        sent(generation)
    assert generation.status == S.RUNNING
    assert len(sandbox.ledger.charges()) == 1


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
    assert submit.requeue(generation, "Sent again.")
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
    submit.tidy()
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
    assert "cannot be reached" in generation.message
    assert generation.not_before is not None


def test_after_a_day_without_an_answer_a_person_decides(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = sent(make_generation(user, prompt="a fox sandbox:500 sandbox:seconds=99"))
    sandbox.fail_next(SUBMIT, html(502))
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        sent(generation)
    assert generation.status == S.STALLED
    assert "may have been charged" in generation.message


def test_a_token_replaced_while_an_answer_was_lost_is_not_charged_too(
    sandbox: FastSandbox, user: User, token: Token
) -> None:
    generation = sent(make_generation(user, prompt="a fox sandbox:lost sandbox:seconds=99"))
    tokens.replace(token, Secret("meigen_sk_of_somebody_else"), Verdict.GOOD)
    with after(generation):
        sent(generation)
    assert generation.status == S.STALLED
    assert len(sandbox.ledger.charges()) == 1


def test_a_lost_job_is_found_again_free_of_charge(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = sent(make_generation(user, prompt="a fox sandbox:lost sandbox:seconds=99"))
    generation.move(S.STALLED, expecting=S.SENDING)
    receipt.look_up(generation)
    generation.refresh_from_db()
    assert generation.status == S.RUNNING
    assert len(sandbox.ledger.charges()) == 1


def test_a_job_that_never_arrived_can_be_sent(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = make_generation(user, status=S.STALLED)
    receipt.look_up(generation)
    generation.refresh_from_db()
    assert generation.status == S.CANCELLED
    assert "nothing was charged" in generation.message
    assert generation.can_send_again


def test_only_one_of_two_moves_wins(user: User) -> None:
    generation = make_generation(user)
    same = Generation.objects.get(pk=generation.pk)
    assert generation.move(S.CANCELLED, expecting=S.QUEUED)
    assert not same.move(S.SENDING, expecting=S.QUEUED)
    assert list(generation.events.values_list("status", flat=True)) == ["cancelled"]


class TestAfterAKillBetweenThePostAndItsAnswer:
    """The attempt row says "sent" and nothing else: it may have been charged."""

    @pytest.fixture
    def killed(self, sandbox: FastSandbox, user: User, token: Token) -> Generation:
        generation = make_generation(user, prompt="a fox sandbox:seconds=99")
        claim = submit.claim(generation.pk)
        assert claim is not None
        with Client(sandbox.url, claim.secret) as client:
            client.send(calls.submit(generation.body))
        Generation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        return generation

    def test_the_same_key_goes_out_again(self, sandbox: FastSandbox, killed: Generation) -> None:
        assert sent(killed).status == S.RUNNING
        assert len(sandbox.ledger.charges()) == 1

    def test_another_accounts_token_is_never_charged_for_it(
        self, sandbox: FastSandbox, killed: Generation, token: Token
    ) -> None:
        tokens.replace(token, Secret("meigen_sk_of_somebody_else"), Verdict.GOOD)
        assert sent(killed).status == S.STALLED
        assert len(sandbox.ledger.charges()) == 1

    def test_an_unreachable_server_does_not_make_it_cancellable(
        self, sandbox: FastSandbox, killed: Generation, settings: Settings
    ) -> None:
        settings.MEIGEN_BASE_URL = "http://127.0.0.1:9"
        assert sent(killed).status == S.SENDING
        assert not decisions.cancel(killed)

    def test_a_token_that_died_meanwhile_leaves_it_to_a_person(
        self, sandbox: FastSandbox, killed: Generation, token: Token
    ) -> None:
        sandbox.revoke(token.secret().reveal())
        assert sent(killed).status == S.STALLED
        tokens.replace(token, Secret("meigen_sk_of_somebody_else"), Verdict.GOOD)
        submit.tidy()
        assert sent(killed).status == S.STALLED
        assert len(sandbox.ledger.charges()) == 1

    def test_a_token_removed_meanwhile_leaves_it_to_a_person(self, killed: Generation, token: Token) -> None:
        tokens.remove(token)
        submit.tidy()
        killed.refresh_from_db()
        assert killed.status == S.STALLED
        assert "may have been charged" in killed.message


def test_an_unknown_outcome_then_a_402_then_another_token_can_be_sent_again(
    sandbox: FastSandbox, user: User, token: Token
) -> None:
    sandbox.fail_next(SUBMIT, html(502))
    generation = sent(make_generation(user))
    sandbox.set_credits(token.secret().reveal(), 1)
    with after(generation):
        assert sent(generation).status == S.REJECTED
    tokens.replace(token, Secret("meigen_sk_of_somebody_else"), Verdict.GOOD)
    generation = Generation.objects.get()
    assert submit.requeue(generation, "Sent again.")
    assert sent(generation).status == S.RUNNING


@pytest.mark.parametrize("late", [html(403), refusal(404, "No such page"), refusal(400, "Bad request")])
def test_a_refusal_after_a_lost_answer_is_no_proof_that_nothing_was_charged(
    sandbox: FastSandbox, user: User, token: Token, late: Response
) -> None:
    generation = sent(make_generation(user, prompt="a fox sandbox:lost sandbox:seconds=99"))
    sandbox.fail_next(SUBMIT, late)
    with after(generation):
        assert sent(generation).status == S.STALLED
    decisions.check_again(generation)
    generation.refresh_from_db()
    assert generation.status == S.RUNNING
    assert len(sandbox.ledger.charges()) == 1


def test_an_answer_that_cannot_be_written_is_one_that_tells_nothing(
    sandbox: FastSandbox, user: User, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> bool:
        raise DataError("out of range")

    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "start", broken)
        generation = sent(make_generation(user, prompt="a fox sandbox:seconds=99"))
    assert generation.status == S.SENDING
    with after(generation):
        assert sent(generation).status == S.RUNNING
    assert len(sandbox.ledger.charges()) == 1


def test_what_a_dead_process_was_sending_goes_on_at_once(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = make_generation(user)
    assert submit.claim(generation.pk) is not None
    generation.refresh_from_db()
    host, boot, _, _ = generation.claimed_by.split("|")
    submit.tidy()
    assert sent(generation).status == S.SENDING  # this process lives, so its claim stands
    Generation.objects.update(claimed_by=f"{host}|{boot}|999999999|1")
    submit.tidy()
    assert sent(generation).status == S.RUNNING
    assert len(sandbox.ledger.charges()) == 1


def test_a_request_that_waited_past_its_uploads_is_not_sent_with_dead_links(
    sandbox: FastSandbox, user: User, token: Token
) -> None:
    generation = make_generation(user)
    reference = Reference.objects.create(owner=user, name="a.png", file="a.png", uploaded_at=timezone.now())
    ReferenceUse.objects.create(generation=generation, reference=reference, number=0)
    with time_machine.travel(timezone.now() + timedelta(hours=21)):
        sent(generation)
    assert generation.status == S.CANCELLED
    assert "send it as new" in generation.message
    assert sandbox.ledger.charges() == []


def test_an_acceptance_that_comes_late_is_believed(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = make_generation(user, prompt="a fox sandbox:seconds=99")
    held_up = submit.claim(generation.pk)
    assert held_up is not None
    sandbox.set_credits(token.secret().reveal(), 1)
    with time_machine.travel(timezone.now() + submit.LEASE + timedelta(seconds=5)):
        assert sent(generation).status == S.REJECTED
        sandbox.set_credits(token.secret().reveal(), 100)
        with Client(sandbox.url, held_up.secret) as client:
            submit.accepted(held_up.attempt, client.send(calls.submit(generation.body)))
        generation.refresh_from_db()
        assert (generation.status, generation.answer_status) == (S.RUNNING, None)


def test_a_refusal_that_comes_late_moves_nothing(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = make_generation(user)
    held_up = submit.claim(generation.pk)
    assert held_up is not None
    with time_machine.travel(timezone.now() + submit.LEASE + timedelta(seconds=5)):
        newer = submit.claim(generation.pk)
        assert newer is not None
        submit.failed(held_up.attempt, errors.InvalidRequest("Bad", answer=errors.Answer(400)))
        generation.refresh_from_db()
        assert generation.status == S.SENDING
        assert submit.claim(generation.pk) is None  # the newer attempt still has it


def test_a_held_up_process_does_not_post_any_more(user: User, token: Token) -> None:
    claimed = submit.claim(make_generation(user).pk)
    assert claimed is not None
    assert not claimed.is_stale
    with time_machine.travel(timezone.now() + timedelta(seconds=25)):
        assert claimed.is_stale


def test_what_waited_days_for_a_good_token_survives_a_hiccup(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = make_generation(user, queued_at=timezone.now() - timedelta(days=3))
    sandbox.fail_next(SUBMIT, refusal(429, "Too many", {"Retry-After": "1"}))
    assert sent(generation).status == S.QUEUED
    with after(generation):
        assert sent(generation).status == S.RUNNING


def test_every_answer_is_kept_on_its_attempt(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = sent(make_generation(user))
    assert '"generationId"' in generation.attempts.get().answer


@pytest.mark.parametrize("status", [400, 402])
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


@pytest.mark.parametrize("answer_status", [401, 402])
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
    assert not any(submit.requeue(row, "Sent again.") for row in seen)
    assert not Generation.objects.filter(status=S.QUEUED).exists()
    assert Generation.objects.get(pk=deleted.pk).deleted_at
