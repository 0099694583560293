"""What becomes of a running generation, by single answers and by a real sweep."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts import tokens
from accounts.models import Token, User
from accounts.token_check import Verdict
from generations.dispatch import decisions, outcomes, polling, submit, sweep, wake
from generations.models import Generation, Lease
from meigen_api import errors
from meigen_api.client import Pool
from meigen_api.errors import Answer
from meigen_api.secret import Secret
from meigen_api.types import Status
from sandbox.answers import Response, answer, html, refusal
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_generation, settle

S = Generation.Status


pytestmark = pytest.mark.usefixtures("looks_often")
STATUS = "/api/generate/v2/status"


def sent_and_watched_until(user: User, until: datetime) -> Generation:
    generation = make_generation(user, prompt="a fox sandbox:stuck")
    submit.send(generation.pk)
    Generation.objects.update(watch_until=until)
    return generation


def running(user: User, **overrides: object) -> Generation:
    return make_generation(user, status=S.RUNNING, remote_id="remote", running_at=timezone.now(), **overrides)


@pytest.mark.django_db
class TestAnAnswer:
    def test_completed_with_links_is_done(self, user: User) -> None:
        generation = running(user)
        status = Status.from_json({"status": "completed", "imageUrls": ["https://images.meigen.ai/a.png"]})
        assert settle(generation, status)
        assert generation.status == S.DONE
        assert [result.source_url for result in generation.results.all()] == ["https://images.meigen.ai/a.png"]

    def test_completed_without_links_is_still_running(self, user: User) -> None:
        generation = running(user)
        assert not settle(generation, Status.from_json({"status": "completed"}))
        assert generation.status == S.RUNNING

    def test_failed_tells_why_and_whether_credits_came_back(self, user: User) -> None:
        generation = running(user, credits_used=5)
        data = {"status": "failed", "error": "Not allowed", "creditsStatus": "refunded"}
        settle(generation, Status.from_json(data))
        assert (generation.status, generation.message) == (S.FAILED, "Not allowed")
        assert (generation.credits_used, generation.credits_status) == (5, "refunded")

    def test_a_server_that_stopped_watching_stalls_it(self, user: User) -> None:
        generation = running(user)
        settle(generation, Status.from_json({"status": "processing", "pollHintSeconds": 0}))
        assert generation.status == S.STALLED

    def test_a_late_answer_does_not_move_an_ended_one(self, user: User) -> None:
        generation = running(user)
        failed = Status.from_json({"status": "failed"})
        assert settle(generation, failed)
        done = Status.from_json({"status": "completed", "imageUrl": "https://images.meigen.ai/a.png"})
        assert not settle(generation, done)
        generation.refresh_from_db()
        assert generation.status == S.FAILED
        assert not generation.results.exists()

    @each(("status", "misses", "ends"), [(410, 1, True), (404, 1, False), (404, 3, True)])
    def test_a_job_meigen_forgot_has_failed(self, user: User, status: int, misses: int, *, ends: bool) -> None:
        generation = running(user)
        assert (
            outcomes.refused(
                generation,
                (errors.Gone if status == 410 else errors.NotFound)("gone", answer=Answer(status)),
                misses,
                signed=True,
            )
            is ends
        )

    @each(("hint", "least", "most"), [(None, 299, 301), (40, 39, 41), (900, 899, 901), (1e9, 0, 21601)])
    def test_meigens_hint_says_how_long_a_picture_is_watched(
        self, user: User, hint: float | None, least: float, most: float
    ) -> None:
        generation = make_generation(user)
        now = timezone.now()
        told = {} if hint is None else {"pollHintSeconds": hint}
        status = Status.from_json({"generationId": "x", "status": "processing", **told})
        assert outcomes.start(generation, status, expecting=S.QUEUED, token_revision=1, now=now)
        assert generation.watch_until is not None
        assert least <= (generation.watch_until - now).total_seconds() <= most

    def test_no_hint_has_a_job_watched_for_ever(self, user: User) -> None:
        generation = running(user)
        now = timezone.now() + timedelta(hours=5, minutes=59)
        status = Status.from_json({"jobId": "x", "status": "processing", "pollHintSeconds": 600})
        until = outcomes.watch_until(generation, status, now)
        assert until - generation.changed_at == outcomes.LONGEST_WATCH

    def test_the_expected_wait_is_meigens_else_the_catalogues(self, user: User) -> None:
        for told, expected in [({}, 30), ({"expectedWaitSeconds": 12}, 12)]:
            generation = make_generation(user, expected_wait=30)
            status = Status.from_json({"generationId": "x", "status": "processing", **told})
            outcomes.start(generation, status, expecting=S.QUEUED, token_revision=1, now=timezone.now())
            assert generation.expected_wait == expected

    def test_check_again_watches_a_stalled_one_anew(self, user: User) -> None:
        generation = running(user)
        outcomes.stop_watching(generation, timezone.now())
        decisions.check_again(generation)
        assert generation.status == S.RUNNING
        assert generation.watch_until is not None
        assert generation.watch_until > timezone.now()
        assert OrmQ.objects.count() == settings.SWEEPS


@pytest.mark.django_db(transaction=True)
class TestASweep:
    def test_it_sends_watches_and_finishes_without_another_hand(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        rows = [make_generation(user) for _ in range(5)]
        sweep.run_slice(seconds=20)
        assert {row.status for row in Generation.objects.all()} == {S.DONE}
        assert len(sandbox.ledger.charges()) == 5
        assert all(row.results.count() == 1 for row in rows)

    def test_it_ends_early_when_nothing_is_left(self, sandbox: FastSandbox) -> None:
        sweep.run_slice(seconds=60)
        assert OrmQ.objects.count() == 0

    @pytest.mark.slow
    def test_it_hands_over_while_work_is_left(self, sandbox: FastSandbox, user: User, token: Token) -> None:
        make_generation(user, prompt="a fox sandbox:stuck")
        for _ in range(40):  # a busy machine sends it in a later slice
            sweep.run_slice(seconds=0.4)
            if Generation.objects.get().status == S.RUNNING:
                break
        assert Generation.objects.get().status == S.RUNNING
        assert OrmQ.objects.filter(payload__isnull=False).exists()
        assert Lease.take(wake.lease_of(0), 1)

    def test_only_one_runs_at_a_time(self, sandbox: FastSandbox, user: User, token: Token) -> None:
        Lease.objects.create(
            name=wake.lease_of(0), owner="another host|1|2|3", expires_at=timezone.now() + timedelta(seconds=60)
        )
        generation = make_generation(user)
        sweep.run_slice(seconds=1)
        generation.refresh_from_db()
        assert generation.status == S.QUEUED

    def test_a_dead_owner_on_this_host_is_followed_at_once(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        assert Lease.take(wake.lease_of(0), 60)
        lease = Lease.objects.get(name=wake.lease_of(0))
        host, boot, _, _ = lease.owner.split("|")
        Lease.objects.update(owner=f"{host}|{boot}|999999999|1")
        make_generation(user)
        sweep.run_slice(seconds=20)
        assert Generation.objects.get().status == S.DONE

    @pytest.mark.slow
    def test_server_errors_on_polls_are_waited_out(self, sandbox: FastSandbox, user: User, token: Token) -> None:
        generation = make_generation(user)
        submit.send(generation.pk)
        sandbox.fail_next("/api/generate/v2/status", html(502))
        sandbox.fail_next("/api/generate/v2/status", Response(200, b"nonsense"))
        sweep.run_slice(seconds=20)
        generation.refresh_from_db()
        assert generation.status == S.DONE

    def test_past_its_limit_it_is_stalled_not_failed(self, sandbox: FastSandbox, user: User, token: Token) -> None:
        generation = sent_and_watched_until(user, timezone.now() - timedelta(seconds=1))
        sandbox.fail_next(STATUS, answer(200, {"status": "processing"}), times=999)
        sweep.run_slice(seconds=20)
        generation.refresh_from_db()
        assert generation.status == S.STALLED

    @pytest.mark.slow
    def test_past_its_limit_it_is_watched_on_while_meigen_says_that_is_worth_it(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        generation = sent_and_watched_until(user, timezone.now() - timedelta(seconds=1))
        sandbox.fail_next(STATUS, answer(200, {"status": "processing", "pollHintSeconds": 900}), times=999)
        sweep.run_slice(seconds=1)
        generation.refresh_from_db()
        assert generation.status == S.RUNNING
        assert generation.watch_until is not None  # kept for the next slice, or another process
        assert timedelta(seconds=800) < generation.watch_until - timezone.now() < timedelta(seconds=901)

    @pytest.mark.slow
    def test_long_before_its_limit_it_is_stalled_when_meigen_says_that_it_is_not(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        generation = sent_and_watched_until(user, timezone.now() + timedelta(minutes=10))
        sandbox.fail_next(STATUS, answer(200, {"status": "processing", "pollHintSeconds": 0.2}))
        sandbox.fail_next(STATUS, answer(200, {"status": "processing"}), times=999)
        sweep.run_slice(seconds=20)
        generation.refresh_from_db()
        assert generation.status == S.STALLED

    @pytest.mark.slow
    def test_what_ended_while_meigen_could_not_be_asked_is_fetched_not_given_up(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        generation = make_generation(user)
        submit.send(generation.pk)
        Generation.objects.update(watch_until=timezone.now() - timedelta(hours=2))
        sandbox.fail_next("/api/generate/v2/status", html(502), times=2)
        sweep.run_slice(seconds=20)
        generation.refresh_from_db()
        assert generation.status == S.DONE

    @pytest.mark.slow
    def test_a_poll_that_fails_in_an_unforeseen_way_is_asked_again(
        self, sandbox: FastSandbox, user: User, token: Token, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        generation = make_generation(user)
        submit.send(generation.pk)
        send, failures = Pool.send, [OverflowError("never thought of")] * 3

        async def broken(self: Pool, call: Any, token: Secret | None) -> Any:
            if failures:
                raise failures.pop()
            return await send(self, call, token)

        monkeypatch.setattr(Pool, "send", broken)
        monkeypatch.setattr(polling, "LONGEST_PAUSE", 0.1)
        sweep.run_slice(seconds=20)
        generation.refresh_from_db()
        assert generation.status == S.DONE

    @pytest.mark.slow
    def test_a_retry_after_of_nothing_does_not_make_it_hurry(
        self, sandbox: FastSandbox, user: User, token: Token, settings: Settings
    ) -> None:
        settings.MEIGEN_POLL_SECONDS = 0.25
        generation = make_generation(user, prompt="a fox sandbox:stuck")
        submit.send(generation.pk)
        busy = refusal(429, "Busy", code="status_query_busy", retryAfterSeconds=0.01)
        sandbox.fail_next("/api/generate/v2/status", busy, times=50)
        for _slice in range(5):  # on a busy machine one may end before it has polled
            sweep.run_slice(seconds=1.2)
            if len(sandbox._faults) < 50:
                break
        assert 45 <= len(sandbox._faults) < 50

    def test_a_new_token_is_not_blamed_for_polls_without_one(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        generation = make_generation(user)
        submit.send(generation.pk)
        tokens.replace(token, Secret("meigen_sk_of_somebody_else"), Verdict.GOOD)
        sandbox.fail_next("/api/generate/v2/status", refusal(401, "Sign in"))
        sweep.run_slice(seconds=20)
        token.refresh_from_db()
        assert token.refused_at is None
        assert Generation.objects.get().status == S.DONE

    def test_another_accounts_token_in_the_same_row_does_not_lose_the_result(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        generation = make_generation(user)
        submit.send(generation.pk)
        tokens.replace(token, Secret("meigen_sk_of_somebody_else"), Verdict.GOOD)
        sweep.run_slice(seconds=20)
        generation.refresh_from_db()
        assert generation.status == S.DONE

    @pytest.mark.slow
    def test_one_hostile_answer_does_not_stop_the_others(
        self, sandbox: FastSandbox, user: User, token: Token, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = [make_generation(user) for _ in range(4)]
        victim, real = rows[0].pk, outcomes.settle
        others = Generation.objects.exclude(pk=victim)

        def broken(generation: Generation, status: Status, now: datetime, kept: outcomes.Journal) -> bool:
            if generation.pk == victim and others.exclude(status=S.DONE).exists():
                raise UnicodeEncodeError("utf-8", "x", 0, 1, "no")
            return real(generation, status, now, kept)

        monkeypatch.setattr(outcomes, "settle", broken)
        monkeypatch.setattr(polling, "LONGEST_PAUSE", 0.1)
        sweep.run_slice(seconds=20)
        assert not Generation.objects.exclude(status=S.DONE).exists()

    @pytest.mark.slow
    def test_a_slow_post_does_not_stop_the_watching_at_the_end_of_a_slice(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        quick = make_generation(user, prompt="a fox sandbox:seconds=1.5")
        submit.send(quick.pk)
        make_generation(user, prompt="a slow fox sandbox:slow=2.5")
        sweep.run_slice(seconds=1)
        quick.refresh_from_db()
        assert quick.status == S.DONE

    def test_a_dead_token_does_not_stop_the_watching(self, sandbox: FastSandbox, user: User, token: Token) -> None:
        generation = make_generation(user)
        submit.send(generation.pk)
        sandbox.revoke(token.secret().reveal())
        sweep.run_slice(seconds=20)
        generation.refresh_from_db()
        token.refresh_from_db()
        assert generation.status == S.DONE
        assert token.refused_at is not None


@pytest.mark.django_db(transaction=True)
class TestTwoShards:
    @pytest.fixture(autouse=True)
    def _two(self, settings: Settings) -> None:
        settings.SWEEPS = 2

    def test_each_running_generation_is_watched_by_exactly_one(self, user: User) -> None:
        rows = {running(user).pk for _ in range(20)}
        first, second = set(wake.share(wake.live(), 0)), set(wake.share(wake.live(), 1))
        assert first | second == rows
        assert not first & second

    @pytest.mark.slow
    def test_a_slice_polls_its_own_share_alone_and_sends_for_all(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        rows = [make_generation(user, prompt="a fox sandbox:seconds=0.3") for _ in range(12)]
        sweep.run_slice(0, seconds=20)
        assert len(sandbox.ledger.charges()) == len(rows)
        done = {row.pk for row in Generation.objects.filter(status=S.DONE)}
        assert done == {row.pk for row in rows if row.pk.int % 2 == 0}
        sweep.run_slice(1, seconds=20)
        assert not Generation.objects.exclude(status=S.DONE).exists()

    def test_a_click_wakes_both(self) -> None:
        wake.sweep()
        assert OrmQ.objects.count() == 2


@pytest.mark.django_db
class TestWakeUps:
    def test_the_watchdog_rebuilds_a_lost_wake_up(self, user: User, token: Token) -> None:
        make_generation(user)
        OrmQ.objects.all().delete()
        wake.watchdog()
        assert OrmQ.objects.count() == settings.SWEEPS

    def test_a_parked_queue_wakes_nobody(self, user: User, token: Token) -> None:
        make_generation(user)
        token.note_refusal(timezone.now(), token.revision)
        OrmQ.objects.all().delete()
        wake.watchdog()
        assert OrmQ.objects.count() == 0

    def test_a_worker_that_starts_wakes_the_sweep_and_shows_that_it_lives(self, user: User) -> None:
        wake.after_spawn()
        assert OrmQ.objects.count() == settings.SWEEPS
        assert Lease.is_held(wake.HEARTBEAT) is False  # nobody owns it; it only tells a time
        beats_until = Lease.expiry(wake.HEARTBEAT)
        assert beats_until is not None
        assert beats_until > timezone.now()
