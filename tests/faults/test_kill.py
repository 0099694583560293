"""kill -9 at each named step: nothing is lost, nothing is paid twice, nothing is stuck.

`FAULT_RUNS=20 pytest tests/faults/test_kill.py` repeats each; every other run takes the whole cluster down.
"""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.db import transaction
from django.utils import timezone

from accounts.models import Token, User
from generations.dispatch import wake
from generations.models import Generation, Lease, Result
from tests.conftest import FastSandbox
from tests.faults.conftest import RUNS, Processes, Visitor, all_kept, each_charged_once, until
from tests.helpers import make_generation, make_result

KEEPING = ["half-written", "renamed-alone", "renamed"]
SENDING = ["claimed", "place-taken", "attempt-committed", "request-half-sent", "answer-unread", "answer-unsaved"]
WATCHING = ["polling", "polled-unwritten", "saved-unacknowledged", "downloading", *KEEPING]
IN_THE_WORKER = [*SENDING, *WATCHING]
IN_THE_WEB_SERVER = ["before-commit", "after-commit", *SENDING]


def files_belong_to_rows() -> bool:
    """Whether no file is missing and none is left over, not even a part that was written when the process died."""
    named = Result.objects.values_list("file", "thumbnail", "preview")
    files = [path.relative_to(configured.MEDIA_ROOT) for path in configured.MEDIA_ROOT.rglob("*") if path.is_file()]
    return sorted(map(str, files)) == sorted(name for names in named for name in names)


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
    assert files_belong_to_rows()
    print(f"\n{failpoint}: {RUNS} kills, at most {longest:.1f} s until all was well")


@pytest.mark.parametrize("failpoint", ["erased-with-files", "files-gone-row-left"])
def test_a_worker_killed_while_it_empties_the_trash_leaves_no_file(
    workers: Processes, sandbox: FastSandbox, user: User, failpoint: str
) -> None:
    long_ago = timezone.now() - timedelta(days=60)
    for _ in range(3):
        make_result(make_generation(user, status="done", deleted_at=long_ago))
    armed = workers.arm(failpoint)
    workers.start()
    until(partial(is_gone, armed))
    Lease.objects.filter(name=wake.TRASH).update(expires_at=long_ago)  # an hour later
    until(lambda: not Result.objects.exists())
    assert Generation.objects.filter(erased_at__isnull=False).count() == 3
    assert [path for path in configured.MEDIA_ROOT.rglob("*") if path.is_file()] == []


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


@pytest.mark.parametrize("failpoint", ["answer-unread", "answer-unsaved"])
@pytest.mark.parametrize(("switch", "ends"), [("collision", "stalled"), ("unavailable", "rejected")])
def test_a_final_answer_that_dies_with_its_process_is_asked_for_once_more(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token, failpoint: str, switch: str, ends: str
) -> None:
    armed = workers.arm(failpoint)
    workers.start()
    with transaction.atomic():
        generation = make_generation(user, prompt=f"a fox sandbox:{switch}")
        wake.sweep()
    until(partial(is_gone, armed))
    until(lambda: Generation.objects.filter(pk=generation.pk, status=ends).exists())
    [account, *_others] = sandbox.ledger.accounts()
    assert len(sandbox.ledger.posts(account[0])) == 2
    assert sandbox.ledger.charges() == []
