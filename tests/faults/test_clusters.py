"""Several clusters share the work, die, stop and come back."""

import os
import signal
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import transaction
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import wake
from generations.models import Attempt, Generation
from meigen_api.secret import Secret
from sandbox.answers import Request, Response
from tests.conftest import FastSandbox
from tests.faults.conftest import Processes, Visitor, all_kept, each_charged_once, sweepers, until
from tests.helpers import make_generation, make_token, make_user

S = Generation.Status

# Seconds of the rate window, and how many one person submits at once. True to life: FAULT_WINDOW=60 FAULT_PILE=300.
WINDOW = float(os.environ.get("FAULT_WINDOW", "3"))
PILE = int(os.environ.get("FAULT_PILE", "60"))


@pytest.fixture
def polls(sandbox: FastSandbox, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[float]]:
    """When each job was asked about."""
    seen: dict[str, list[float]] = defaultdict(list)
    handle = sandbox.handle

    def counting(request: Request) -> Response:
        if "/status/" in request.path:
            seen[request.path].append(time.monotonic())
        return handle(request)

    monkeypatch.setattr(sandbox, "handle", counting)
    return seen


def submit_all(owner: User, count: int, prompt: str = "a red fox") -> list[Generation]:
    with transaction.atomic():
        rows = [make_generation(owner, prompt=prompt) for _ in range(count)]
        wake.sweep()
    return rows


def running() -> int:
    return Generation.objects.filter(status=S.RUNNING).count()


def test_two_clusters_never_pass_the_rate_and_one_persons_pile_keeps_nobody_waiting(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token
) -> None:
    posts, seconds, pile = 12, WINDOW, PILE
    workers.environment["MEIGEN_RATE"] = f"{posts}/{seconds:g}"
    sandbox.rate = (posts, seconds)
    colleague, other = make_user(), make_user()
    make_token(colleague, token.secret().reveal())  # the same token
    make_token(other)
    submit_all(user, pile)
    workers.start()
    workers.start()
    until(Attempt.objects.exists)
    begun = time.time()
    late, apart = submit_all(colleague, 3), submit_all(other, 3)
    until(all_kept, 60 + 2 * pile / posts * seconds)
    assert each_charged_once(sandbox)
    assert not Attempt.objects.filter(outcome=Attempt.Outcome.LIMITED).exists()
    accounts = {charge.account for charge in sandbox.ledger.charges()}
    for account in accounts:
        at = sandbox.ledger.posts(account)
        assert all(after - before > seconds for before, after in zip(at, at[posts:], strict=False))

    def first_post(rows: list[Generation]) -> float:
        return min(attempt.sent_at.timestamp() for attempt in Attempt.objects.filter(generation__in=rows)) - begun

    assert first_post(apart) < 10
    assert first_post(late) < 10
    print(
        f"\n{pile} + 3 + 3 at {posts}/{seconds:g} s: first posts after"
        f" {first_post(apart):.1f} s with a token of their own, {first_post(late):.1f} s with the same one"
    )


def test_two_clusters_poll_each_job_at_its_interval_not_twice(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token, polls: dict[str, list[float]]
) -> None:
    workers.environment["MEIGEN_POLL_SECONDS"] = "1"
    workers.start()
    workers.start()
    submit_all(user, 20, "a fox sandbox:seconds=7")
    until(all_kept)
    gaps = [after - before for times in polls.values() for before, after in pairwise(times)]
    assert len(gaps) > 60
    assert min(gaps) > 0.8
    assert each_charged_once(sandbox)


def test_a_killed_sweeper_is_followed_within_five_seconds(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token, polls: dict[str, list[float]]
) -> None:
    workers.start()
    submit_all(user, 4, "a fox sandbox:seconds=9")
    until(lambda: running() == 4 and len(polls) == 4)
    killed = time.monotonic()
    for pid in sweepers():
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(times[-1] > killed + 0.5 for times in polls.values()), 5)
    until(all_kept)
    assert each_charged_once(sandbox)


def test_a_killed_cluster_that_starts_again_polls_within_ten_seconds(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token, polls: dict[str, list[float]]
) -> None:
    workers.start()
    submit_all(user, 4, "a fox sandbox:seconds=9")
    until(lambda: running() == 4 and len(polls) == 4)
    workers.kill()
    killed = time.monotonic()
    workers.start()
    until(lambda: all(times[-1] > killed for times in polls.values()), 10)
    until(all_kept)
    assert each_charged_once(sandbox)


def test_a_cluster_whose_guard_dies_is_replaced_and_leaves_nobody_behind(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token, polls: dict[str, list[float]]
) -> None:
    command = workers.start()
    submit_all(user, 2, "a fox sandbox:seconds=9")
    until(lambda: running() == 2 and len(polls) == 2)
    guard = min(children(command.pid))
    former = children(guard)
    assert former
    killed = time.monotonic()
    os.kill(guard, signal.SIGKILL)
    until(lambda: not any(map(is_alive, former)), 5)
    until(lambda: all(times[-1] > killed + 0.5 for times in polls.values()), 10)
    until(all_kept)


@pytest.mark.parametrize("prompt", ["a fox sandbox:slow=90", "a fox sandbox:seconds=8"])
def test_a_stop_waits_for_no_answer_and_the_next_start_goes_on(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token, prompt: str
) -> None:
    command = workers.start()
    submit_all(user, 3, prompt)
    until(lambda: Attempt.objects.count() == 3)
    time.sleep(1)
    assert wake.hosts().count() == 1
    command.terminate()
    assert command.wait(60) == 0
    assert not wake.hosts().exists()  # nobody misses workers that were stopped
    assert not Generation.objects.filter(status=S.QUEUED).exists()
    workers.running.clear()
    workers.start()
    until(all_kept)
    assert each_charged_once(sandbox)


def test_a_stop_in_the_middle_of_a_download_leaves_it_for_the_next_start(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, asked = sandbox.handle, []

    def slow(request: Request) -> Response:
        if request.path.startswith("/media/"):
            asked.append(request.path)
            return replace(handle(request), delay=90 if len(asked) == 1 else 0)
        return handle(request)

    monkeypatch.setattr(sandbox, "handle", slow)
    command = workers.start()
    submit_all(user, 1)
    until(lambda: asked)
    command.terminate()
    command.wait(60)
    workers.running.clear()
    workers.start()
    until(all_kept, 30)


def test_nothing_depends_on_what_django_q2_keeps(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token
) -> None:
    submit_all(user, 5, "a fox sandbox:seconds=3")
    OrmQ.objects.all().delete()
    workers.start()
    until(lambda: running() == 5)
    OrmQ.objects.all().delete()
    make_generation(user)  # its wake-up is lost
    until(all_kept)
    assert each_charged_once(sandbox)


def test_a_new_secret_key_loses_nothing(workers: Processes, sandbox: FastSandbox, user: User, token: Token) -> None:
    submit_all(user, 3)
    assert OrmQ.objects.exists()
    workers.environment["SECRET_KEY"] = "quite another"
    workers.start()
    until(all_kept)
    assert each_charged_once(sandbox)


def test_two_hundred_jobs_at_a_slow_server_are_two_hundred_charges(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token
) -> None:
    submit_all(user, 200, "a fox sandbox:slow=1")
    workers.start()
    until(lambda: not Generation.objects.filter(status__in=[S.QUEUED, S.SENDING]).exists())
    assert each_charged_once(sandbox)
    assert len(sandbox.ledger.charges()) == 200


def test_fifty_posts_of_one_page_at_once_are_one_generation(
    web: Processes, visitor: Visitor, sandbox: FastSandbox, token: Token
) -> None:
    form = {**visitor.open_the_studio(), "count": "1"}
    with ThreadPoolExecutor(50) as people:
        assert all(people.map(visitor.generate, [form] * 50))
    assert Generation.objects.count() == 1
    assert len(sandbox.ledger.charges()) == 1


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_cluster_with_old_keys_sends_nothing_it_cannot_open_and_goes_on_once_restarted(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token, settings: Settings
) -> None:
    key = Fernet.generate_key().decode()
    workers.start()
    submit_all(user, 1)
    until(all_kept)
    settings.TOKEN_KEYS = [("new", Secret(key)), *settings.TOKEN_KEYS]  # as .env has it, which the cluster has read
    call_command("rotate_tokens")
    [row] = submit_all(user, 1)
    rows = Generation.objects.filter(pk=row.pk)
    until(lambda: rows.filter(status=S.QUEUED, message__contains="new_keys").exists())
    assert not row.attempts.exists()
    assert Token.objects.get().refused_at is None
    workers.kill()
    workers.environment["TOKEN_KEYS"] = f"new:{key}"  # and the old one is gone at once
    rows.update(not_before=None)  # no need to wait for its next try
    workers.start()
    until(all_kept)
    assert each_charged_once(sandbox)
