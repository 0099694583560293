"""A trouble is seen in the log, in /metrics and at /healthz, and what waits because of it goes on when it is over."""

import asyncio
import errno
import os
import shutil
import socket
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Token, User
from generations import tasks
from generations.dispatch import clock, pending, polling, submit, sweep, troubles, upstream, wake
from generations.media import store
from generations.models import Generation, Result
from generations.models.sentences import Sentence
from meigen_api.secret import Secret
from meigen_api.types import Status
from meigen_site import env
from sandbox.answers import Response
from tests.conftest import FastSandbox
from tests.dispatch.sending import SUBMIT, sent
from tests.helpers import make_generation, settle
from tests.media.fetching import fetched
from tests.watching import METRICS_TOKEN, Lines, events, health, metrics, written

pytestmark = pytest.mark.django_db

S = Generation.Status
MEASURED = clock.ahead
NOBODY = "http://127.0.0.1:9"
Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.fixture(autouse=True)
def _a_well_studio(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.METRICS_TOKEN = Secret(METRICS_TOKEN)
    monkeypatch.setattr(clock, "ahead", lambda: 0.0)  # the database does not travel with us
    wake.beat()
    wake.beat_of_host()


@pytest.fixture
def lines() -> Iterator[Lines]:
    with written() as lines:
        yield lines


def enqueued() -> list[str]:
    """What has been woken since this was last asked, but for sweeps and fetches."""
    names = [task.func() for task in OrmQ.objects.all()]
    OrmQ.objects.all().delete()
    return [
        name.rpartition(".")[2] for name in names if name not in {"generations.tasks.sweep", "generations.tasks.fetch"}
    ]


def begins_and_ends(lines: Lines) -> list[tuple[str, str]]:
    return [(told["event"], told["trouble"]) for told in events(lines) if "trouble" in told]


@pytest.mark.slow
def test_meigen_is_away_for_five_minutes(
    sandbox: FastSandbox, user: User, token: Token, settings: Settings, lines: Lines
) -> None:
    rows = [make_generation(user) for _ in range(3)]
    limited = make_generation(
        user, not_before=timezone.now() + timedelta(minutes=20), message=Sentence.ASKED_TO_WAIT.stored()
    )
    began = timezone.now()
    settings.MEIGEN_BASE_URL = NOBODY
    with time_machine.travel(began, tick=False) as hands:
        for _ in range(30):
            for row in rows:
                submit.send(row.pk)
            if "look_outside" in enqueued():
                tasks.look_outside()
            wake.beat_of_host()
            wake.watchdog()
            hands.shift(10)
        assert begins_and_ends(lines) == [("trouble_begins", "meigen")]
        assert metrics()["studio_trouble_seconds[meigen]"] > 250
        assert health()[0] == 200
        assert health()[1]["meigen"] == "away"
        settings.MEIGEN_BASE_URL = sandbox.url
        Generation.objects.filter(pk__in=[row.pk for row in rows]).update(
            not_before=timezone.now() + timedelta(minutes=1)
        )
        wake.watchdog()
        assert "look_outside" in enqueued()
        tasks.look_outside()
        assert begins_and_ends(lines) == [("trouble_ends", "meigen")]
        assert (metrics()["studio_trouble_seconds[meigen]"], health()[1]["meigen"]) == (0, "ok")
        hands.shift(1)
        assert {sent(row).status for row in rows} == {S.RUNNING}
        limited.refresh_from_db()
        assert limited.not_before is not None
        assert limited.not_before > timezone.now()
    assert len(sandbox.ledger.charges()) == 3


def test_a_sweep_that_polled_in_vain_polls_at_once_when_meigen_is_back(
    sandbox: FastSandbox, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = polling.Job(make_generation(user, status="running"), None, failures=5)
    sweeping, is_away = sweep._Sweep(0, 60), iter([True, True, False])
    monkeypatch.setattr(upstream, "doubt", lambda: next(is_away))

    async def look() -> polling.Job:
        async with sweeping.polls, sweeping.posts:
            sweeping.jobs = {job.generation.pk: job}
            for _ in range(2):
                await sweeping._heed_outage()
                assert sweeping.jobs == {job.generation.pk: job}
            await sweeping._heed_outage()
            return await asyncio.wait_for(sweeping.due.get(), 5)

    due = asyncio.run(look())
    assert due is sweeping.jobs[job.generation.pk] is not job
    assert due.failures == 0


def test_one_answer_that_tells_nothing_is_no_outage(
    sandbox: FastSandbox, user: User, token: Token, lines: Lines
) -> None:
    sandbox.fail_next(SUBMIT, Response(502, b"bad gateway", {}))
    sent(make_generation(user))
    assert "look_outside" in enqueued()
    tasks.look_outside()
    assert begins_and_ends(lines) == []


def waiting_file(sandbox: FastSandbox, user: User) -> Result:
    """A finished picture of the sandbox that is not fetched yet."""
    generation = sent(make_generation(user, prompt="a fox sandbox:seconds=0"))
    settle(
        generation,
        Status.from_json({"status": "completed", "imageUrl": f"{sandbox.url}/media/{generation.remote_id}/0.png"}),
    )
    return generation.results.get()


def test_the_server_of_the_files_is_away(sandbox: FastSandbox, user: User, token: Token, lines: Lines) -> None:
    result = waiting_file(sandbox, user)
    sandbox.fail_next("/media/", Response(503, b"", {}), times=3)
    with time_machine.travel(timezone.now(), tick=False) as hands:
        enqueued()
        fetched(result)
        assert "look_outside" in enqueued()
        tasks.look_outside()
        tasks.look_outside()
        assert begins_and_ends(lines) == [("trouble_begins", "files")]
        assert health()[1]["meigen"] == "away"
        assert metrics()["studio_fetch_backlog[later]"] == 1
        Result.objects.update(not_before=timezone.now() + timedelta(hours=1))
        hands.shift(10)
        wake.watchdog()
        assert "look_outside" in enqueued()
        tasks.look_outside()
        assert begins_and_ends(lines) == [("trouble_ends", "files")]
        assert metrics()["studio_fetch_backlog[due]"] == 1
        hands.shift(1)
        assert fetched(result).kept_at


@pytest.mark.slow
def test_the_disk_is_full(
    sandbox: FastSandbox, user: User, token: Token, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    results = [waiting_file(sandbox, user) for _ in range(2)]
    with time_machine.travel(timezone.now(), tick=False) as hands, monkeypatch.context() as disk:
        disk.setattr("generations.media.storage.os.fsync", full)
        disk.setattr(shutil, "disk_usage", lambda _: Usage(10**10, 10**10, 0))
        for result in results:
            fetched(result)
        store.look()
        (told,) = [told for told in events(lines) if "trouble" in told]
        assert told["message"] == f"Results cannot be kept on {socket.gethostname()}: No space left on device"
        assert (health()[0], health()[1]["disk"]) == (503, "full")
        found = metrics()
        assert found[f"studio_trouble_seconds[store@{socket.gethostname()}]"] > 0
        assert found["studio_disk_free_bytes[results]"] == 0
        disk.setattr(shutil, "disk_usage", lambda _: Usage(10**10, 0, 10**10))
        store.look()  # there seems to be room, but nothing can be written yet
        assert begins_and_ends(lines) == []
        disk.undo()
        hands.shift(10)
        store.look()
        assert begins_and_ends(lines) == [("trouble_ends", f"store@{socket.gethostname()}")]
        hands.shift(1)
        assert all(fetched(result).kept_at for result in results)
        assert health()[0] == 200


def test_the_bucket_fails_for_all_hosts_and_a_task_finds_it_mended(
    sandbox: FastSandbox, user: User, token: Token, lines: Lines, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "ConnectTimeoutError of the bucket")

    bucket = env.Bucket("files", "", "", "", Secret(""), Secret(""))
    settings.ENV = replace(settings.ENV, bucket=bucket)
    result = waiting_file(sandbox, user)
    with monkeypatch.context() as broken:
        broken.setattr("generations.media.storage.os.fsync", fails)
        fetched(result)
        wake.watchdog()
        assert "look_outside" in enqueued()
        tasks.look_outside()
        assert begins_and_ends(lines) == [("trouble_begins", "store")]
        assert (health()[0], health()[1]["disk"]) == (503, "full")
    tasks.look_outside()
    assert begins_and_ends(lines) == [("trouble_ends", "store")]
    assert health()[0] == 200


def beat_of_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another host says that it lives."""
    with monkeypatch.context() as there:
        there.setattr(socket, "gethostname", lambda: "second")
        there.setattr(wake, "this_process", lambda: "second|boot|1|2")
        wake.beat_of_host()


def test_a_second_host_is_dead_and_comes_back(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(timezone.now(), tick=False) as hands:
        beat_of_second(monkeypatch)
        hands.shift(wake.HEARTBEAT_SECONDS + 1)
        wake.beat_of_host()
        for _ in range(2):
            wake.watchdog()
            assert health() == (200, {**health()[1], "hosts": {"alive": 1, "silent": 1}})
        assert begins_and_ends(lines) == [("trouble_begins", "silent@second")]
        found = metrics()
        assert found["studio_worker_heartbeat_age_seconds[second]"] > wake.HEARTBEAT_SECONDS
        assert found["studio_trouble_seconds[silent@second]"] > 0
        beat_of_second(monkeypatch)
        assert begins_and_ends(lines) == [("trouble_ends", "silent@second")]
        assert health()[1]["hosts"] == {"alive": 2, "silent": 0}


def test_all_workers_are_dead_and_the_health_check_is_the_one_that_says_so(lines: Lines) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=wake.HEARTBEAT_SECONDS + 1), tick=False):
        assert (health()[0], health()[1]["worker"]) == (503, "silent")
        assert begins_and_ends(lines) == [("trouble_begins", f"silent@{socket.gethostname()}")]


def test_the_full_disk_of_a_host_that_is_gone_is_nobodys_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    troubles.begin("store@second", "Results cannot be kept on second")
    assert health()[0] == 200
    beat_of_second(monkeypatch)
    assert health()[0] == 503
    with time_machine.travel(timezone.now() + timedelta(seconds=wake.HEARTBEAT_SECONDS + 1), tick=False):
        wake.beat()
        wake.beat_of_host()
        assert health()[0] == 200


def test_a_clock_is_90_seconds_off(
    sandbox: FastSandbox, user: User, token: Token, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = socket.gethostname()
    monkeypatch.setattr(clock, "ahead", lambda: 90.0)
    wake.beat_of_host()
    wake.beat_of_host()
    assert begins_and_ends(lines) == [("trouble_begins", f"clock@{host}")]
    assert health()[1]["clocks"] == "apart"
    assert metrics()[f"studio_worker_clock_ahead_seconds[{host}]"] == 90
    monkeypatch.setattr(clock, "ahead", lambda: 0.0)
    waiting = make_generation(
        user, not_before=timezone.now() + timedelta(seconds=90), message=Sentence.KEEP_TRYING.stored()
    )
    wake.beat_of_host()
    assert begins_and_ends(lines) == [("trouble_ends", f"clock@{host}")]
    assert "hurry" in enqueued()
    tasks.hurry()
    waiting.refresh_from_db()
    assert waiting.not_before is not None
    assert waiting.not_before <= timezone.now()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no clock of its own")
def test_a_clock_is_measured_against_the_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "ahead", MEASURED)
    for seconds in (-90, 90):
        with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
            assert abs(clock.ahead() - seconds) < 5
            wake.beat_of_host()
        (beat,) = wake.hosts()
        assert abs(beat.expires_at - timezone.now() - timedelta(seconds=wake.HEARTBEAT_SECONDS)) < timedelta(seconds=5)


def test_the_database_is_of_an_older_release(lines: Lines) -> None:
    assert metrics()["studio_migrations_pending"] == 0
    MigrationRecorder.Migration.objects.filter(app="generations").order_by("-pk")[0].delete()
    found = metrics()
    assert (found["studio_migrations_pending"], found["studio_database_up"]) == (1, 1)
    assert "studio_paused" not in found
    pending.tell.cache_clear()  # once in each process
    assert [health()[0], health()[0]] == [503, 503]
    assert [told["event"] for told in events(lines)] == ["migrations_pending"]


def test_a_database_that_does_not_answer_is_a_metric_a_line_and_a_503(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        error = OperationalError("connection refused")
        error.__cause__ = type("Psycopg", (Exception,), {"sqlstate": None})()
        raise error

    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", away)
    assert metrics()["studio_database_up"] == 0
    for _ in range(3):
        assert health() == (503, {"ok": False, "database": "unreachable", "worker": "unknown"})
    assert [told["message"] for told in events(lines, "database_away")] == ["The database is away: connection refused"]
