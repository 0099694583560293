"""Answers after which nothing goes out by itself, and receipts for requests whose answers were lost."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Token, User
from generations.dispatch import decisions, line, rate, receipt, recovery, submit
from generations.models import Attempt, Generation, Reference, ReferenceUse
from generations.models.sentences import translated
from meigen_api import calls, errors
from meigen_api.client import Client
from sandbox.answers import Response, html, refusal
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_generation

pytestmark = pytest.mark.django_db
S = Generation.Status
SUBMIT = "/api/generate/v2"
RECEIPT = "/api/generate/v2/requests"


def sent(generation: Generation) -> Generation:
    submit.send(generation.pk)
    generation.refresh_from_db()
    return generation


def posts(sandbox: FastSandbox) -> int:
    return sum(len(sandbox.ledger.posts(name)) for name, *_ in sandbox.ledger.accounts())


def sweep_for_a_day(generation: Generation) -> None:
    """Everything the workers would do with it by themselves within a day."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(24):
            clock.shift(timedelta(hours=1))
            recovery.recover()
            for pk in line.turns(timezone.now(), 16):
                submit.send(pk)
    generation.refresh_from_db()


def stalled(user: User, switches: str) -> Generation:
    """One whose answers were all lost, until nobody tried any more."""
    generation = sent(make_generation(user, prompt=f"a fox {switches}"))
    assert generation.attempts.get().outcome == Attempt.Outcome.UNKNOWN
    assert generation.move(S.STALLED, expecting=S.SENDING, lease_until=None, not_before=None)
    return generation


FINAL = [
    ("sandbox:collision", 409, "request_id_collision", "It will not be sent again automatically"),
    ("sandbox:unavailable", 410, "generation_unavailable", "its key cannot be reused"),
    ("sandbox:400", 400, "invalid_input", "Allowed for aspectRatio: 1:1"),
]


@pytest.mark.parametrize(("switch", "status", "code", "words"), FINAL)
class TestAFinalAnswer:
    def test_it_is_posted_once_and_takes_one_place_of_the_rate(
        self, sandbox: FastSandbox, user: User, token: Token, switch: str, status: int, code: str, words: str
    ) -> None:
        generation = sent(make_generation(user, prompt=f"a fox {switch}"))
        assert (generation.status, generation.answer_status) == (S.REJECTED, status)
        assert generation.answer_fields["code"] == code
        sweep_for_a_day(generation)
        assert generation.status == S.REJECTED
        assert posts(sandbox) == 1
        window = rate.windows([token.fingerprint], timezone.now())[token.fingerprint]
        assert len(window.counted) == 1
        assert sandbox.ledger.charges() == []

    def test_the_card_and_the_admin_say_so_and_offer_only_to_send_it_as_new(
        self,
        sandbox: FastSandbox,
        browser: Browser,
        admin_client: Browser,
        user: User,
        token: Token,
        switch: str,
        status: int,
        code: str,
        words: str,
    ) -> None:
        generation = sent(make_generation(user, prompt=f"a fox {switch}"))
        card = browser.get("/").content.decode()
        assert words in card
        assert "Edit and send as new" in card
        assert "Send again" not in card
        assert not generation.can_send_again
        assert not decisions.send_again(generation)
        assert code in admin_client.get(f"/admin/generations/generation/{generation.pk}/change/").content.decode()

    def test_a_process_that_dies_before_it_is_written_posts_once_more(
        self, sandbox: FastSandbox, user: User, token: Token, switch: str, status: int, code: str, words: str
    ) -> None:
        """For all that is known the first may have been charged: the same key asks, and then a person decides."""
        generation = make_generation(user, prompt=f"a fox {switch}")
        claim = submit.claim(generation.pk)
        assert claim is not None
        with pytest.raises(errors.Refused), Client(sandbox.url, claim.secret) as client:
            client.send(calls.submit(generation.body))
        Generation.objects.update(lease_until=None)  # as `free_dead_claims` does
        sweep_for_a_day(generation)
        assert generation.status == (S.REJECTED if status == 410 else S.STALLED)
        assert posts(sandbox) == 2
        assert sandbox.ledger.charges() == []
        decisions.check_again(generation)
        generation.refresh_from_db()
        assert (generation.status, generation.answer_status) == (S.REJECTED, status)


def test_a_conflict_after_a_lost_answer_is_left_to_a_person_in_words(
    sandbox: FastSandbox, browser: Browser, user: User, token: Token
) -> None:
    generation = sent(make_generation(user, prompt="a fox sandbox:lost sandbox:seconds=99"))
    sandbox.fail_next(SUBMIT, refusal(409, "Taken", code="idempotency_conflict"))
    sweep_for_a_day(generation)
    assert generation.status == S.STALLED
    assert posts(sandbox) == 1  # the second was answered before the sandbox counted it
    card = browser.get("/").content.decode()
    assert "Meigen already has a different request with this key" in card
    assert "Check again · free" in card


@each("code", ["idempotency_conflict", "request_id_collision", "", "tomorrows_code"])
def test_only_in_progress_is_waited_for(sandbox: FastSandbox, user: User, token: Token, code: str) -> None:
    sandbox.fail_next(SUBMIT, refusal(409, "No", code=code))
    assert sent(make_generation(user)).status == S.REJECTED
    sandbox.fail_next(SUBMIT, refusal(409, "Wait", code="in_progress", retryAfterSeconds=3))
    assert sent(make_generation(user)).status == S.SENDING


def test_a_410_without_a_code_says_nothing_of_lost_answers(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = sent(make_generation(user, prompt="a fox sandbox:lost sandbox:seconds=99"))
    sandbox.fail_next(SUBMIT, html(410))  # a proxy's
    sweep_for_a_day(generation)
    assert generation.status == S.STALLED


class TestAPaymentThatIsNotTaken:
    def test_a_paywall_says_which_purse_is_meant(
        self, sandbox: FastSandbox, browser: Browser, user: User, token: Token
    ) -> None:
        generation = sent(make_generation(user, prompt="a fox sandbox:paywall"))
        assert "Daily credits cannot pay for this model" in browser.get("/").content.decode()
        assert generation.can_send_again

    def test_a_model_that_is_not_available_may_be_asked_for_later(
        self, sandbox: FastSandbox, browser: Browser, user: User, token: Token
    ) -> None:
        assert sent(make_generation(user, prompt="a fox sandbox:403")).can_send_again
        assert "does not offer this model to your account" in browser.get("/").content.decode()


def test_a_reference_that_could_not_be_read_in_time_goes_again_under_the_same_key(
    sandbox: FastSandbox, browser: Browser, user: User, token: Token
) -> None:
    generation = sent(make_generation(user, prompt="a fox sandbox:probe sandbox:seconds=99"))
    assert generation.status == S.QUEUED  # nothing was charged, so it may be cancelled
    assert "could not load a reference in time" in browser.get("/").content.decode()
    sweep_for_a_day(generation)
    assert generation.attempts.count() == 3
    [charge] = sandbox.ledger.charges()
    assert charge.idempotency_key == str(generation.idempotency_key)


class TestReceipts:
    """What "Check again" makes of a request whose answers were lost."""

    @pytest.mark.parametrize(
        ("switches", "status", "words", "again"),
        [
            ("sandbox:lost sandbox:402", 402, "Needs", True),
            ("sandbox:lost sandbox:paywall", 402, "Daily credits cannot pay", True),
            ("sandbox:lost sandbox:400", 400, "Allowed for aspectRatio: 1:1", False),
            ("sandbox:lost sandbox:collision", 409, "from elsewhere", False),
            ("sandbox:lost sandbox:unavailable", 410, "cannot be reused", False),
        ],
    )
    def test_a_refusal_is_one(
        self,
        sandbox: FastSandbox,
        browser: Browser,
        user: User,
        token: Token,
        switches: str,
        status: int,
        words: str,
        *,
        again: bool,
    ) -> None:
        generation = stalled(user, switches)
        browser.post(f"/generations/{generation.pk}/check-again/")
        generation.refresh_from_db()
        assert (generation.status, generation.answer_status) == (S.REJECTED, status)
        assert "may have been charged" not in translated(generation.message)
        assert words in browser.get("/").content.decode()
        assert generation.can_send_again == again
        assert not generation.attempts.filter(outcome=Attempt.Outcome.UNKNOWN).exists()
        sweep_for_a_day(generation)
        assert posts(sandbox) == 1

    def test_after_a_402_and_a_top_up_the_same_key_goes_again(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        sandbox.set_credits(token.secret().reveal(), 1)
        generation = make_generation(user)
        sandbox.fail_next(SUBMIT, Response(200, drop=True))
        sent(generation)
        generation.move(S.STALLED, expecting=S.SENDING, lease_until=None, not_before=None)
        with Client(sandbox.url, token.secret()) as client, pytest.raises(errors.InsufficientCredits):
            client.send(calls.submit(generation.body))  # as Meigen had taken it
        decisions.check_again(generation)
        generation.refresh_from_db()
        assert (generation.status, generation.answer_status) == (S.REJECTED, 402)
        sandbox.set_credits(token.secret().reveal(), 10)
        assert decisions.send_again(generation)
        [charge] = sandbox.ledger.charges()
        assert charge.idempotency_key == str(generation.idempotency_key)

    def test_while_it_is_being_accepted_the_same_bytes_go_again(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        generation = stalled(user, "sandbox:accepting sandbox:seconds=99")
        decisions.check_again(generation)
        generation.refresh_from_db()
        assert generation.status == S.SENDING
        sweep_for_a_day(generation)
        assert posts(sandbox) == 2
        [charge] = sandbox.ledger.charges()
        assert charge.idempotency_key == str(generation.idempotency_key)

    def test_what_was_interrupted_is_asked_about_later_and_never_posted(
        self, sandbox: FastSandbox, browser: Browser, user: User, token: Token
    ) -> None:
        generation = stalled(user, "sandbox:interrupted sandbox:seconds=99")
        for _ in range(2):
            assert "Meigen could not tell" in decisions.check_again(generation)
            generation.refresh_from_db()
            assert generation.status == S.STALLED
        assert decisions.check_again(generation) == ""
        generation.refresh_from_db()
        assert generation.status == S.RUNNING
        assert posts(sandbox) == 1
        assert len(sandbox.ledger.charges()) == 1

    @each("answer", [html(402), html(410), refusal(404, "No page"), refusal(403, "No", code="forbidden"), html(502)])
    def test_any_other_answer_proves_nothing(
        self, sandbox: FastSandbox, user: User, token: Token, answer: Response
    ) -> None:
        generation = stalled(user, "sandbox:lost sandbox:seconds=99")
        sandbox.fail_next(RECEIPT, answer)
        with pytest.raises(errors.MeigenError):
            receipt.look_up(generation)
        generation.refresh_from_db()
        assert generation.status == S.STALLED

    def test_of_another_account_only_a_job_proves_anything(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        generation = stalled(user, "sandbox:lost sandbox:402")
        Token.objects.update(revision=2)
        generation.token = Token.objects.get()
        with pytest.raises(errors.MeigenError):
            receipt.look_up(generation)
        assert generation.status == S.STALLED


def test_five_429s_in_a_row_are_five_posts_with_growing_pauses_for_the_whole_token(
    sandbox: FastSandbox, user: User, token: Token
) -> None:
    generation, other = make_generation(user, prompt="first"), make_generation(user, prompt="second")
    sandbox.fail_next(SUBMIT, refusal(429, "Too many", {"Retry-After": "20"}), times=5)
    pauses = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(5):
            now = timezone.now()
            submit.send(generation.pk)
            generation.refresh_from_db()
            assert generation.not_before is not None
            pauses.append((generation.not_before - now).total_seconds())
            clock.shift(timedelta(seconds=pauses[-1] - 1))
            submit.send(generation.pk)
            submit.send(other.pk)  # the pause is the token's, and kept in its row
            clock.shift(timedelta(seconds=2))
        assert pauses[0] >= 20
        assert pauses == sorted(set(pauses))
        assert pauses[3] >= 2 * pauses[0]
        submit.send(generation.pk)
        assert generation.attempts.filter(outcome=Attempt.Outcome.LIMITED).count() == 5
        assert not other.attempts.exists()
    assert len(sandbox.ledger.charges()) == 1


def test_a_request_with_a_link_and_an_upload_goes_by_the_upload(sandbox: FastSandbox, user: User, token: Token) -> None:
    """A picture's link does not grow old, and a clip's upload is good for days: neither makes the other too old."""
    row = make_generation(user, status=S.REJECTED, answer_status=401, finished_at=timezone.now())
    link = Reference.objects.create(owner=user, name="link", public_url="https://x.example/a.png")
    clip = Reference.objects.create(owner=user, kind="video", name="clip", file="a.mp4", uploaded_at=timezone.now())
    for number, reference in enumerate([link, clip]):
        ReferenceUse.objects.create(generation=row, reference=reference, number=number)
    for hours, fits in [(30, True), (24 * 5, False)]:
        Generation.objects.update(created_at=timezone.now() - timedelta(hours=hours))
        assert Generation.objects.get().can_send_again == fits
        assert Generation.objects.with_replaced_token().exists() == fits


def test_a_410_receipt_is_no_404_whatever_its_code_says(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = stalled(user, "sandbox:lost sandbox:seconds=99")
    sandbox.fail_next(RECEIPT, refusal(410, "Gone", code="request_not_found"))
    decisions.check_again(generation)
    generation.refresh_from_db()
    assert (generation.status, generation.answer_status) == (S.REJECTED, 410)


def test_what_is_sent_again_by_a_receipt_is_in_sight(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = stalled(user, "sandbox:accepting")
    Generation.objects.update(deleted_at=timezone.now())
    decisions.check_again(generation)
    assert Generation.objects.get().deleted_at is None
