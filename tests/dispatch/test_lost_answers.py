"""What becomes of a submission whose answer never came, came late or could not be written."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DataError
from django.utils import timezone
from pytest_django import Settings

from accounts import tokens
from accounts.models import Token, User
from accounts.token_check import Verdict
from generations.dispatch import decisions, outcomes, receipt, recovery, submit
from generations.models import Attempt, Generation, Reference, ReferenceUse
from generations.models.sentences import Sentence, translated
from meigen_api import calls, errors
from meigen_api.client import Client
from meigen_api.secret import Secret
from sandbox.answers import Response, html, refusal
from tests.conftest import FastSandbox
from tests.dispatch.sending import SUBMIT, S, after, sent
from tests.helpers import make_generation

pytestmark = pytest.mark.django_db


def test_a_lost_answer_is_settled_under_the_same_key(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = sent(make_generation(user, prompt="a fox sandbox:lost sandbox:seconds=99"))
    assert generation.status == S.SENDING
    assert "sent only once" in translated(generation.message)
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


def test_after_a_day_without_an_answer_a_person_decides(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = sent(make_generation(user, prompt="a fox sandbox:500 sandbox:seconds=99"))
    sandbox.fail_next(SUBMIT, html(502))
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        sent(generation)
    assert generation.status == S.STALLED
    assert generation.message == Sentence.MAYBE_CHARGED.stored()


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
    assert generation.message == Sentence.NEVER_ARRIVED.stored()
    assert generation.can_send_again


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
        recovery.recover()
        assert sent(killed).status == S.STALLED
        assert len(sandbox.ledger.charges()) == 1

    def test_a_token_removed_meanwhile_leaves_it_to_a_person(self, killed: Generation, token: Token) -> None:
        tokens.remove(token)
        recovery.recover()
        killed.refresh_from_db()
        assert killed.status == S.STALLED
        assert killed.message == Sentence.MAYBE_CHARGED.stored()


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
    assert recovery.requeue(generation, "Sent again.")
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
    recovery.recover()
    assert sent(generation).status == S.SENDING  # this process lives, so its claim stands
    Generation.objects.update(claimed_by=f"{host}|{boot}|999999999|1")
    recovery.recover()
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
    assert generation.message == Sentence.UPLOADS_EXPIRED.stored()
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
