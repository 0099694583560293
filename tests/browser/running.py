"""A throw-away studio (web, worker, sandbox, as `make run` starts them), for tests, benchmarks and pictures."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from cryptography.fernet import Fernet
from playwright.sync_api import Page

from meigen_site.env import BASE_DIR

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "a-long-password"  # that of everybody whom `make_user` makes
# What a person may have set in `.env`: empty counts as unset, and still comes before that file.
DEFAULTS = [
    "DEBUG",
    "ALLOWED_HOSTS",
    "BASE_PATH",
    "BIND_ADDRESS",
    "COOKIE_PREFIX",
    "CSRF_TRUSTED_ORIGINS",
    "TRUSTED_PROXIES",
    "TIME_ZONE",
    "MEIGEN_BASE_URL",
    "MEIGEN_UPLOAD_URL",
    "MEIGEN_MEDIA_HOSTS",
    "MEIGEN_POLL_SECONDS",
    "MEIGEN_RATE",
    "SANDBOX_SPEED",
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Studio:
    """One installation in a folder of its own, started and stopped as a person would."""

    folder: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    log: Path = field(init=False)
    strangers: list[str] = field(default_factory=list, init=False)
    """Members with a token whom no test has met yet."""

    def __post_init__(self) -> None:
        self.log = self.folder / "log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}{self.environment['BASE_PATH']}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "meigen_site.devserver"],
                cwd=BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                    if b'"alive"' in answer.read():
                        return
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(30)

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def python(self, code: str) -> str:
        """What this code prints in the studio's own Python, without the end of the line."""
        return self.manage("shell", "--no-imports", "-c", code).strip()

    def person(self, name: str = "", *, token: bool = True) -> str:
        """A fresh member, with or without a token of the sandbox; returns the username."""
        if name or not token:
            return self._members([name or _name()], token=token)[0]
        # Several at once, since another Python takes a second to start.
        self.strangers = self.strangers or self._members([_name() for _ in range(4)], token=True)
        return self.strangers.pop()

    def _members(self, names: list[str], *, token: bool) -> list[str]:
        self.python(f"""
from tests.helpers import make_token, make_user
for user in map(make_user, {names!r}):
    if {token}:
        make_token(user)
""")
        return names


def _name() -> str:
    return f"member-{uuid.uuid4().hex[:8]}"


@contextmanager
def throw_away(folder: Path, **environment: str) -> Iterator[Studio]:
    """A running studio with all it keeps in this folder; its rows on the server DATABASE_URL names, if it names one."""
    with _database(folder) as database:
        studio = Studio(
            folder,
            {
                **{key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG"}},
                **dict.fromkeys(DEFAULTS, ""),
                "SECRET_KEY": secrets.token_urlsafe(48),
                "TOKEN_KEYS": f"first:{Fernet.generate_key().decode()}",
                "DATABASE_URL": database,
                "MEDIA_ROOT": str(folder / "media"),
                "PORT": str(free_port()),
                "SANDBOX_PORT": str(free_port()),
                **environment,
            },
        )
        try:
            studio.start()
            yield studio
        finally:
            studio.stop()


@contextmanager
def _database(folder: Path) -> Iterator[str]:
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{folder / 'studio.sqlite3'}"
        return
    name = f"studio_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield f"{server.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def sign_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/")
