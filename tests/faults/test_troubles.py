"""What is away for a while: the log says once that it went and once that it is back, and work goes on by itself."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Token, User
from generations.dispatch import troubles, wake
from generations.models import Generation, Result
from sandbox.answers import Request, Response
from tests.conftest import FastSandbox
from tests.faults.conftest import Processes, all_kept, each_charged_once, until
from tests.helpers import database_url, make_generation
from tests.watching import METRICS_TOKEN, sample

S = Generation.Status

# True to life: FAULT_AWAY=300. What the pauses have grown to in five minutes is written into the rows otherwise.
AWAY = float(os.environ.get("FAULT_AWAY", "3"))
SOON = 30.0


def told(processes: Processes, event: str) -> list[str]:
    """The messages of an event in what these processes have written."""
    lines = [json.loads(line) for line in processes.log.read_text().splitlines() if line.startswith("{")]
    return [line["message"] for line in lines if line.get("event") == event]


def submit(owner: User, prompt: str) -> Generation:
    with transaction.atomic():
        row = make_generation(owner, prompt=prompt)
        wake.sweep()
    return row


def test_meigen_is_away_for_a_while(
    workers: Processes, sandbox: FastSandbox, user: User, token: Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers.environment["LOG_FORMAT"] = "json"
    workers.start()
    workers.start()
    running = submit(user, "a fox sandbox:seconds=4")
    until(lambda: Generation.objects.get(pk=running.pk).status == S.RUNNING)
    handle, is_away = sandbox.handle, threading.Event()
    is_away.set()

    def away(request: Request) -> Response:
        return Response(502, b"<h1>Bad gateway</h1>", {}) if is_away.is_set() else handle(request)

    monkeypatch.setattr(sandbox, "handle", away)
    for _ in range(3):
        submit(user, "a red fox")
    until(lambda: troubles.lasts(troubles.MEIGEN), SOON)
    time.sleep(AWAY)
    later = timezone.now() + timedelta(minutes=5)
    Generation.objects.filter(status__in=[S.QUEUED, S.SENDING], not_before__isnull=False).update(not_before=later)
    is_away.clear()
    took = until(all_kept, SOON)
    assert each_charged_once(sandbox)
    until(lambda: told(workers, "trouble_ends"), 5)
    assert len(told(workers, "trouble_begins")) == len(told(workers, "trouble_ends")) == 1
    print(f"\nall was well {took:.1f} s after Meigen was back")


class Wire:
    """The way to the database, which can be cut: whoever is connected is dropped, and nobody gets through."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.is_cut = threading.Event()
        self.open: set[socket.socket] = set()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.server.accept()
                if self.is_cut.is_set():
                    near.close()
                    continue
                far = socket.create_connection(self.target)
                self.open |= {near, far}
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=[source, target], daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            self.open.discard(each)

    def cut(self) -> None:
        self.is_cut.set()
        for each in list(self.open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def wire() -> Iterator[Wire]:
    parts = urlsplit(database_url())
    wire = Wire(parts.hostname or "", parts.port or 5432)
    yield wire
    wire.cut()
    wire.server.close()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite is a file")
def test_the_database_restarts(
    wire: Wire, workers: Processes, web: Processes, sandbox: FastSandbox, user: User, token: Token
) -> None:
    behind = database_url().replace(f":{urlsplit(database_url()).port or 5432}/", f":{wire.port}/")
    behind = behind.replace(urlsplit(database_url()).hostname or "", "127.0.0.1")
    for processes in (workers, web):
        processes.environment |= {"DATABASE_URL": behind, "LOG_FORMAT": "json", "METRICS_TOKEN": METRICS_TOKEN}
    web.kill()
    web.start()
    workers.start()
    until(lambda: status(web) == 200)
    submit(user, "a fox sandbox:seconds=4")
    until(lambda: Generation.objects.filter(status=S.RUNNING).exists())
    wire.cut()
    until(lambda: status(web) == 503)
    assert metrics(web)["studio_database_up"] == 0
    time.sleep(AWAY + 7)
    make_generation(user)
    wire.is_cut.clear()
    took = until(all_kept, SOON)
    assert status(web) == 200
    assert metrics(web)["studio_database_up"] == 1
    assert each_charged_once(sandbox)
    until(lambda: told(workers, "database_back"), SOON)
    lines = workers.log.read_text().splitlines()
    print(f"\nall was well {took:.1f} s after the database was back; {len(lines)} lines of the workers in all")
    assert told(workers, "database_away")
    assert len(told(web, "database_away")) <= 2  # one for each process
    assert len(lines) < 40, "\n".join(lines)


def ask(web: Processes, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    return httpx.get(f"http://127.0.0.1:{web.environment['PORT']}{path}", headers=headers, trust_env=False, timeout=20)


def status(web: Processes) -> int:
    with suppress(httpx.TransportError):
        return ask(web, "/healthz").status_code
    return 0


def metrics(web: Processes) -> dict[str, float]:
    return sample(ask(web, "/metrics").text)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=777", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_the_disk_is_full_for_a_while(
    workers: Processes, web: Processes, sandbox: FastSandbox, user: User, token: Token, small_disk: Path
) -> None:
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    workers.environment |= {"LOG_FORMAT": "json", "MEDIA_ROOT": str(small_disk)}
    workers.start()
    for _ in range(2):
        submit(user, "a red fox")
    until(lambda: Result.objects.filter(problem__contains="No space left").count() == 2)
    until(lambda: status(web) == 503, 5)
    time.sleep(AWAY)
    filler.unlink()
    took = until(all_kept, SOON)
    assert each_charged_once(sandbox)
    until(lambda: status(web) == 200, 5)
    assert len(told(workers, "trouble_begins")) == len(told(workers, "trouble_ends")) == 1
    print(f"\nall was well {took:.1f} s after there was room")
