"""kill -9 at each named step: nothing is lost, nothing is paid twice, nothing is stuck.

`FAULT_RUNS=20 pytest tests/faults/test_kill.py` repeats each; every other run takes the whole cluster down.
"""

from functools import partial
from pathlib import Path

import pytest
from django.db import transaction

from accounts.models import Token, User
from generations.dispatch import wake
from generations.models import Generation
from tests.conftest import FastSandbox
from tests.faults.conftest import RUNS, Processes, Visitor, all_kept, each_charged_once, until
from tests.helpers import make_generation

SENDING = ["claimed", "place-taken", "attempt-committed", "request-half-sent", "answer-unread", "answer-unsaved"]
WATCHING = ["polling", "polled-unwritten", "saved-unacknowledged", "downloading", "renamed"]
IN_THE_WORKER = [*SENDING, *WATCHING]
IN_THE_WEB_SERVER = ["before-commit", "after-commit", *SENDING]


def is_gone(path: Path) -> bool:
    return not path.exists()


@pytest.mark.parametrize("failpoint", IN_THE_WORKER)
def test_a_worker_killed_at_this_step_costs_nothing(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token, failpoint: str
) -> None:
    workers.start()
    longest = 0.0
    for run in range(RUNS):
        armed = workers.arm(failpoint)
        with transaction.atomic():
            for _ in range(3):
                make_generation(user)
            wake.sweep()
        until(partial(is_gone, armed))
        if run % 2:
            workers.kill()
            workers.start()
        longest = max(longest, until(all_kept, 60))
    assert each_charged_once(sandbox)
    print(f"\n{failpoint}: {RUNS} kills, at most {longest:.1f} s until all was well")


@pytest.mark.parametrize("failpoint", IN_THE_WEB_SERVER)
def test_a_web_server_killed_at_this_step_costs_nothing(
    web: Processes, visitor: Visitor, workers: Processes, sandbox: FastSandbox, token: Token, failpoint: str
) -> None:
    workers.start()
    longest = 0.0
    runs = max(1, RUNS // 2)  # after each the workers finish it anyway
    for run in range(1, runs + 1):
        form = visitor.open_the_studio()
        web.arm(failpoint)
        assert not visitor.generate(form)
        until(partial(visitor.generate, form))  # the same page sent again, as a person would
        assert Generation.objects.count() == 2 * run
        longest = max(longest, until(all_kept, 60))
    assert each_charged_once(sandbox)
    print(f"\n{failpoint}: {runs} kills, at most {longest:.1f} s until all was well")
