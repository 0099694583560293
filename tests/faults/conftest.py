"""Real worker clusters and a real web server on the test database, to be killed; the sandbox's ledger is the judge."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings as configured
from django.test import Client

from accounts.models import User
from generations.models import Generation, Lease, Result
from meigen_site.env import BASE_DIR
from tests.conftest import FastSandbox
from tests.helpers import database_url

# How often each place kills: more by hand than in CI.
RUNS = int(os.environ.get("FAULT_RUNS", "2"))


def until(condition: Callable[[], object], seconds: float = 60) -> float:
    """Waits for the condition, and says for how many seconds."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun


def all_kept() -> bool:
    """Whether every generation is done and its files are ours."""
    unfinished = Generation.objects.exclude(status=Generation.Status.DONE)
    return not unfinished.exists() and not Result.objects.filter(kept_at=None).exists()


def each_charged_once(sandbox: FastSandbox) -> bool:
    charged = [charge.idempotency_key for charge in sandbox.ledger.charges()]
    return sorted(charged, key=str) == sorted(str(row.idempotency_key) for row in Generation.objects.all())


class Processes:
    """Processes of one command, started and killed as groups; each has a folder of failpoints."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self.command = command
        self.failpoints = folder / f"{name}-failpoints"
        self.failpoints.mkdir()
        self.environment = {**environment, "STUDIO_FAILPOINTS": str(self.failpoints)}
        self.log = folder / f"{name}.log"
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                self.command, env=self.environment, cwd=BASE_DIR, stdout=log, stderr=log, start_new_session=True
            )
        self.running.append(process)
        return process

    def arm(self, failpoint: str) -> Path:
        path = self.failpoints / failpoint
        path.touch()
        return path

    def kill(self) -> None:
        """kill -9 of everything at once, as a power cut would."""
        for process in self.running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.running.clear()


def environment(sandbox: FastSandbox) -> dict[str, str]:
    keys = ",".join(f"{key_id}:{key.reveal()}" for key_id, key in configured.TOKEN_KEYS)
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "meigen_site.settings",
        "SECRET_KEY": configured.SECRET_KEY,
        "TOKEN_KEYS": keys,
        "DEBUG": "0",
        "DATABASE_URL": database_url(),
        "MEDIA_ROOT": str(configured.MEDIA_ROOT),
        "MEIGEN_BASE_URL": sandbox.url,
        "MEIGEN_UPLOAD_URL": f"{sandbox.url}/api",
        "MEIGEN_POLL_SECONDS": "0.2",
        "MEIGEN_RATE": "1000/60",
    }


@pytest.fixture
def sandbox(sandbox: FastSandbox) -> FastSandbox:
    sandbox.rate = (1000, 60)
    return sandbox


@pytest.fixture
def workers(transactional_db: None, sandbox: FastSandbox, tmp_path: Path) -> Iterator[Processes]:
    """Worker clusters: `start` one, two, ..."""
    command = [sys.executable, "manage.py", "qcluster"]
    processes = Processes("workers", command, environment(sandbox), tmp_path)
    yield processes
    processes.kill()


@pytest.fixture
def web(transactional_db: None, sandbox: FastSandbox, tmp_path: Path) -> Iterator[Processes]:
    """The web server, started; `environment["PORT"]` is where it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "meigen_site.wsgi:application"]
    processes = Processes("web", command, {**environment(sandbox), "PORT": str(port)}, tmp_path)
    processes.start()
    until(lambda: _answers(port), 30)
    yield processes
    processes.kill()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def sweepers() -> list[int]:
    """The ids of the processes that hold a sweep now."""
    leases = Lease.objects.filter(name__startswith="sweep-").exclude(owner="")
    return [int(owner.split("|")[2]) for owner in leases.values_list("owner", flat=True)]


class Visitor:
    """A person at a browser, signed in, with the studio's page open."""

    def __init__(self, web: Processes, user: User) -> None:
        signed_in = Client()
        signed_in.force_login(user)
        url = f"http://127.0.0.1:{web.environment['PORT']}"
        self.http = httpx.Client(
            base_url=url, cookies={"sessionid": signed_in.cookies["sessionid"].value}, timeout=20, trust_env=False
        )

    def open_the_studio(self) -> dict[str, str]:
        """The form as the page brings it."""
        page = self.http.get("/").text
        found = {
            name: re.findall(rf'name="{name}"[^>]* value="([^"]+)"', page)[0]
            for name in ["csrfmiddlewaretoken", "nonce"]
        }
        return {**found, "prompt": "a red fox", "model_id": "z-image-turbo", "count": "2"}

    def generate(self, form: dict[str, str]) -> bool:
        """Presses the button; whether an answer came."""
        try:
            answer = self.http.post("/generations/", data=form)
        except httpx.TransportError:
            return False
        assert answer.status_code == 302
        return True


@pytest.fixture
def visitor(web: Processes, user: User) -> Iterator[Visitor]:
    visitor = Visitor(web, user)
    yield visitor
    visitor.http.close()
