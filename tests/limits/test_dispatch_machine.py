"""Any order of clicks, crashes, late answers, token changes and clock jumps: one click is charged at most once."""

import contextlib
import os
import threading
import uuid
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
import time_machine
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from pytest_django import Settings

from accounts import tokens
from accounts.token_check import Verdict
from generations.dispatch import approvals, catalogue, decisions, line, outcomes, polling, recovery, submit
from generations.models import (
    Approval,
    Attempt,
    Budget,
    DailyUsage,
    Generation,
    GenerationQuerySet,
    LedgerEntry,
    budget,
)
from generations.studio import submission
from generations.studio.form import GenerateForm
from meigen_api import calls
from meigen_api.client import Client
from meigen_api.errors import MeigenError
from meigen_api.secret import Secret
from meigen_api.types import Status
from sandbox import Sandbox
from sandbox.answers import Response, html, refusal
from sandbox.serve import Server
from tests.helpers import form_data, make_token, make_user

S = Generation.Status
SUBMIT = "/api/generate/v2"
START = datetime(2026, 3, 31, 20, tzinfo=UTC)  # a month's end is near
ACCOUNTS = ["meigen_sk_first_account", "meigen_sk_second_account"]

# Everything else would be a state that runs backwards.
MOVES = {
    (S.HELD, S.QUEUED), (S.HELD, S.CANCELLED),
    # An acceptance may come late, whatever was made of its silence.
    (S.QUEUED, S.RUNNING), (S.REJECTED, S.RUNNING), (S.CANCELLED, S.RUNNING),
    (S.QUEUED, S.SENDING), (S.QUEUED, S.CANCELLED), (S.QUEUED, S.STALLED),
    (S.SENDING, S.QUEUED), (S.SENDING, S.RUNNING), (S.SENDING, S.REJECTED), (S.SENDING, S.STALLED),
    (S.SENDING, S.CANCELLED), (S.SENDING, S.SENDING),
    (S.RUNNING, S.DONE), (S.RUNNING, S.FAILED), (S.RUNNING, S.STALLED),
    (S.STALLED, S.RUNNING), (S.STALLED, S.CANCELLED), (S.STALLED, S.REJECTED), (S.STALLED, S.SENDING),
    (S.REJECTED, S.QUEUED), (S.REJECTED, S.CANCELLED), (S.CANCELLED, S.QUEUED),
}  # fmt: skip

bad_days = st.sampled_from(
    [
        html(502),
        Response(200, b'{"success": tr'),
        refusal(409, "Still being accepted", code="in_progress", retryAfterSeconds=0),
        refusal(409, "Another body", code="idempotency_conflict"),
        refusal(409, "Taken", code="request_id_collision"),
        refusal(410, "Gone", code="generation_unavailable"),
        refusal(503, "Slow reference", code="reference_probe_timeout", retryable=True),
        refusal(503, "Interrupted", code="request_interrupted"),
        refusal(429, "Too many", {"Retry-After": "7"}),
        refusal(400, "Not today", code="invalid"),
        Response(200, drop=True),
    ]
)
steady = settings(
    # Each example is a server and a minute of database work in small; more of them by hand.
    max_examples=int(os.environ.get("MACHINE_EXAMPLES", "10")),
    stateful_step_count=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # shrinking a failure to its shortest story takes minutes: add Phase.shrink for it
    suppress_health_check=list(HealthCheck),
)
prompts = st.sampled_from(
    ["a fox", "a fox", *(f"a fox sandbox:{switch}" for switch in ["lost", "500", "fail", "interrupted", "accepting"])]
)


class Dispatch(RuleBasedStateMachine):
    """The studio's workers, one step at a time, against a sandbox whose clock never jumps."""

    configured: Settings

    def __init__(self) -> None:
        super().__init__()
        self.database = transaction.atomic()
        self.database.__enter__()
        self.clock = time_machine.travel(START, tick=False)
        self.traveller = self.clock.start()
        self.server_time = START.timestamp()
        self.sandbox = Sandbox(clock=lambda: self.server_time)
        self.server = Server(self.sandbox)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.configured.MEIGEN_BASE_URL = self.server.url
        self.configured.APPROVAL_ABOVE = 3
        catalogue._models.cache_clear()
        self.user = make_user(f"machine-{uuid.uuid4().hex[:12]}")
        self.token = make_token(self.user, ACCOUNTS[0])
        self.boss = make_user(f"boss-{uuid.uuid4().hex[:12]}")
        Budget.objects.create(scope="person", person=self.user, credits=20)
        self.offer = catalogue.offer()
        self.clicks: list[str] = []
        self.held_up: list[submit.Claim] = []
        self.late: list[tuple[Attempt, Status | MeigenError]] = []

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            transaction.set_rollback(True)
            self.database.__exit__(None, None, None)
            self.clock.stop()
            self.server.shutdown()
            self.server.server_close()

    # The steps

    @rule(prompt=prompts, count=st.integers(1, 2))
    def click(self, prompt: str, count: int) -> None:
        nonce = f"click-{len(self.clicks)}"
        self.traveller.shift(1)
        if self.ask(form_data(nonce=nonce, prompt=prompt, count=str(count))):
            self.clicks.append(nonce)

    @precondition(lambda self: self.clicks)
    @rule(data=st.data())
    def click_again(self, data: st.DataObject) -> None:
        nonce = data.draw(st.sampled_from(self.clicks))
        rows = self.rows().filter(nonce=nonce)
        first = rows.first()
        assert first is not None
        assert not self.ask(form_data(nonce=nonce, prompt=first.prompt, count=str(rows.count())))

    @precondition(lambda self: self.clicks)
    @rule(data=st.data())
    def click_again_after_an_edit(self, data: st.DataObject) -> None:
        nonce = data.draw(st.sampled_from(self.clicks))
        self.traveller.shift(1)
        before = self.rows().count()
        edited = form_data(nonce=nonce, prompt=f"a fox, edited ({nonce})")
        first = self.ask(edited)
        assert not self.ask(edited)
        assert self.rows().count() == before + first

    @rule(answer=st.none() | bad_days, keep=st.booleans())
    def send(self, answer: Response | None, keep: bool) -> None:
        """The next in line goes out. `keep` holds the answer back, as a process that hangs would."""
        if claim := self.claim():
            # A server that has the job of a key does not say that the key is dead.
            is_lie = (
                answer is not None and answer.status == 410 and self.charges()[str(claim.generation.idempotency_key)]
            )
            if answer is not None and not is_lie:
                self.sandbox.fail_next(SUBMIT, answer)
            told = self.post(claim)
            if keep:
                self.late.append((claim.attempt, told))
            else:
                submit.record(claim.attempt, told)

    @rule(sent=st.booleans(), here=st.booleans())
    def crash_while_sending(self, sent: bool, here: bool) -> None:
        """The process dies before or after its post; on this host others can see that it is dead."""
        if claim := self.claim():
            if sent:
                self.post(claim)
            if here:
                host, boot, *_ = claim.generation.claimed_by.split("|")
                self.rows().filter(pk=claim.generation.pk).update(claimed_by=f"{host}|{boot}|999999999|1")
                recovery.recover()

    @rule()
    def a_process_is_held_up_before_its_post(self) -> None:
        if claim := self.claim():
            self.held_up.append(claim)

    @precondition(lambda self: self.held_up)
    @rule()
    def a_held_up_process_goes_on(self) -> None:
        claim = self.held_up.pop(0)
        submit.record(claim.attempt, submit.TOO_LATE if claim.is_stale else self.post(claim))

    @precondition(lambda self: self.late)
    @rule(twice=st.booleans())
    def a_late_answer_arrives(self, twice: bool) -> None:
        attempt, told = self.late.pop(0)
        for _ in range(1 + twice):
            submit.record(attempt, told)

    @rule(gone=st.booleans())
    def poll_all(self, gone: bool) -> None:
        if gone:
            self.sandbox.fail_next(f"{SUBMIT}/status", refusal(404, "Unknown"))
        for row in self.rows().filter(status=S.RUNNING):
            self.poll(row)

    @rule(seconds=st.sampled_from([1, 5, 45, 70, 400]))
    def time_passes(self, seconds: int) -> None:
        self.traveller.shift(seconds)
        self.server_time += seconds
        recovery.recover()

    @rule(hours=st.sampled_from([-2, 1, 25]))
    def our_clock_jumps(self, hours: int) -> None:
        self.traveller.shift(hours * 3600)

    @rule(account=st.sampled_from(ACCOUNTS))
    def the_token_is_replaced(self, account: str) -> None:
        self.token.refresh_from_db()
        tokens.replace(self.token, Secret(account), Verdict.GOOD)
        recovery.recover()

    @rule()
    def the_token_is_refused(self) -> None:
        self.token.refresh_from_db()
        self.token.note_refusal(timezone.now(), self.token.revision)

    @rule(purchased=st.sampled_from([0, 1000]))
    def credits_change(self, purchased: int) -> None:
        for account in ACCOUNTS:
            self.sandbox.set_credits(account, purchased)

    @rule()
    def the_person_presses_every_button(self) -> None:
        for row in self.rows():
            decisions.check_again(row)
            if row.can_send_again:
                recovery.requeue(row, "Sent again.")

    @rule()
    def the_person_cancels(self) -> None:
        if row := self.rows().filter(status__in=[S.QUEUED, S.REJECTED]).first():
            decisions.cancel(row)

    # What must hold at every moment

    @rule(yes=st.booleans(), twice=st.booleans())
    def somebody_decides(self, yes: bool, twice: bool) -> None:
        """What is rejected is never sent, and what is approved is sent once."""
        for asked in Approval.objects.filter(owner=self.user).open():
            for _ in range(1 + twice):
                with contextlib.suppress(budget.Exceeded):
                    approvals.approve(asked, self.boss) if yes else approvals.reject(asked, self.boss, "No.")

    @invariant()
    def one_click_is_charged_at_most_once(self) -> None:
        assert max(self.charges().values(), default=0) <= 1

    @invariant()
    def no_state_runs_backwards(self) -> None:
        for row in self.rows():
            states = list(row.events.order_by("pk").values_list("status", flat=True))
            assert states[0] in {S.QUEUED, S.HELD}
            assert {*pairwise(states)} <= MOVES
            assert states[-1] == row.status

    @invariant()
    def the_ledger_says_what_the_rows_say(self) -> None:
        for row in self.rows():
            standing = row.booking.standing
            assert self.booked(row) == (standing["reserved"], standing["charged"])
        totals = {name: Sum(name, default=0) for name in ("reserved", "charged")}
        sums = DailyUsage.objects.filter(owner=self.user).aggregate(**totals)
        assert sums == LedgerEntry.objects.filter(generation__owner=self.user).aggregate(**totals)

    @invariant()
    def no_more_is_booked_than_was_charged(self) -> None:
        paid = self.paid()
        for row in self.rows():
            reserved, charged = self.booked(row)
            assert reserved >= 0
            assert charged in {0, paid[str(row.idempotency_key)]}

    def finish(self) -> None:
        """In the end a charged job has a result, or a state that says what happened."""
        self.late.clear()
        self.sandbox._faults.clear()
        self.credits_change(1000)
        self.somebody_decides(yes=False, twice=False)
        self.token.refresh_from_db()
        tokens.replace(self.token, self.token.secret(), Verdict.GOOD)
        # Longer than LONGEST_WAIT, for what was written before our clock was set back.
        for _ in range(80):
            if not self.rows().filter(status__in=Generation.LIVE).exists():
                break
            self.time_passes(70)
            while self.claim_and_send():
                pass
            self.poll_all(gone=False)
        self.one_click_is_charged_at_most_once()
        self.no_state_runs_backwards()
        charges, paid = self.charges(), self.paid()
        for row in self.rows():
            assert row.status not in Generation.LIVE
            if row.status != S.STALLED:
                assert self.booked(row) == (0, paid[str(row.idempotency_key)])
            if charges[str(row.idempotency_key)]:
                assert row.status in {S.DONE, S.FAILED, S.STALLED}
                assert row.results.exists() if row.status == S.DONE else row.message
            else:
                assert row.status != S.DONE

    # Hands

    def rows(self) -> GenerationQuerySet:
        return Generation.objects.filter(owner=self.user).order_by("created_at", "number")

    def charges(self) -> Counter[str]:
        return Counter(str(line.idempotency_key) for line in self.sandbox.ledger.charges() if line.reason == "charge")

    def paid(self) -> Counter[str]:
        """What Meigen's account paid for each key, without what it got back."""
        paid: Counter[str] = Counter()
        for each in self.sandbox.ledger.charges():
            paid[str(each.idempotency_key)] += each.credits
        return paid

    def booked(self, row: Generation) -> tuple[int, int]:
        sums = row.entries.aggregate(reserved=Sum("reserved", default=0), charged=Sum("charged", default=0))
        return sums["reserved"], sums["charged"]

    def ask(self, data: dict[str, str]) -> bool:
        form = GenerateForm(self.offer, data=data)
        assert form.is_valid()
        self.token.refresh_from_db()
        try:
            return submission.create(self.user, self.token, form)[1]
        except budget.Exceeded:
            return False

    def claim(self) -> submit.Claim | None:
        turns = line.turns(timezone.now(), 1)
        return submit.claim(turns[0]) if turns else None

    def claim_and_send(self) -> bool:
        claim = self.claim()
        if claim:
            submit.record(claim.attempt, self.post(claim))
        return claim is not None

    def post(self, claim: submit.Claim) -> Status | MeigenError:
        with Client(self.server.url, claim.secret) as client:
            try:
                return client.send(calls.submit(claim.generation.body))
            except MeigenError as error:
                return error

    def poll(self, row: Generation) -> None:
        now = timezone.now()
        with Client(self.server.url, polling.secret_of(row, {})) as client:
            try:
                status = client.send(calls.status(row.remote_id))
            except MeigenError as error:
                outcomes.refused(row, error, 1, signed=True)
                return
        with outcomes.journal() as kept:
            outcomes.settle(row, status, now, kept)
        if row.status == S.RUNNING and row.watch_until is not None and row.watch_until <= now:
            outcomes.stop_watching(row, now)


@pytest.mark.django_db
def test_nothing_is_charged_twice_or_lost_whatever_happens(settings: Settings) -> None:
    Dispatch.configured = settings
    run_state_machine_as_test(Dispatch, settings=steady)
