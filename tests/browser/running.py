"""A throw-away studio (web, worker, sandbox, as `make run` starts them), for tests, benchmarks and pictures."""

import json
import os
import secrets
import shutil
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

# The shell is the same engine without the browser around it: a new page costs it a third.
CHROMIUM = Path(shutil.which("chromium-headless-shell") or "/usr/bin/chromium")
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
    "STUDIO_NAME",
    "STUDIO_LOGO",
    "ALLOWED_HOSTS",
    "BASE_PATH",
    "BIND",
    "COOKIE_PREFIX",
    "CSRF_TRUSTED_ORIGINS",
    "PROXY_ADDRESSES",
    "TRUSTED_PROXIES",
    "TIME_ZONE",
    "STAFF_NEED_MFA",
    "ADMINS_SEE_PICTURES",
    "SESSION_IDLE_HOURS",
    "OIDC_URL",
    "EMAIL_URL",
    "MEIGEN_BASE_URL",
    "MEIGEN_UPLOAD_URL",
    "MEIGEN_MEDIA_HOSTS",
    "MEIGEN_UPLOAD_HOSTS",
    "MEIGEN_POLL_SECONDS",
    "MEIGEN_RATE",
    "SANDBOX_SPEED",
    "AUDIT_DAYS",
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
    shell: subprocess.Popen[str] | None = field(default=None, init=False)
    log: Path = field(init=False)

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

    def python(self, code: str) -> str:
        """What this code prints in the studio's own Python, without the end of the line."""
        # One for all tests, since another Python takes a second to start.
        self.shell = self.shell or subprocess.Popen(
            [sys.executable, "-m", "tests.browser.shell"],
            cwd=BASE_DIR,
            env={**self.environment, "DJANGO_SETTINGS_MODULE": "meigen_site.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        print(json.dumps(code), file=self.shell.stdin, flush=True)
        answer = json.loads(self.shell.stdout.readline())
        assert "failed" not in answer, answer["failed"]
        return str(answer["printed"]).strip()

    def person(self, name: str = "", *, token: bool = True) -> str:
        """A fresh member, with or without a token of the sandbox; returns the username."""
        name = name or f"member-{uuid.uuid4().hex[:8]}"
        self.python(f"""
from tests.helpers import make_token, make_user
user = make_user({name!r})
if {token}:
    make_token(user)
""")
        _studios[name] = self
        return name

    def session(self, name: str) -> str:
        """The cookie of a new session of this member."""
        return self.python(f"""
from accounts.models import User
from django.test import Client
client = Client()
client.force_login(User.objects.get(username={name!r}))
print(client.cookies["sessionid"].value)
""")


_studios: dict[str, Studio] = {}
"""Whose member a name is."""


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
            if studio.shell is not None:
                studio.shell.communicate()


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


def enter(page: Page, name: str) -> None:
    """Shows the member the studio as if signed in before, which takes a second less than to sign in."""
    studio = _studios[name]
    page.goto("about:blank")  # what the page of somebody before still wants to ask would be asked as this one
    page.context.add_cookies([{"name": "sessionid", "value": studio.session(name), "url": studio.url}])
    page.goto("/")


def sign_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/")


def choose(page: Page, name: str, value: str) -> None:
    """Chooses a value of the studio's form as a person would: opens the pill of the field, and chooses in it."""
    field = page.locator(f"#generate [name={name}]")
    pill = page.locator("#generate details.pill").filter(has=page.locator(f"[name={name}]"))
    if pill.get_attribute("open") is None:
        pill.locator("summary").click()
    if name == "model_id":
        pill.locator(f"[role=option][data-value='{value}']").click()
    elif field.first.evaluate("field => field.type") == "radio":
        page.check(f"#generate [name={name}][value='{value}']")
    else:
        field.select_option(value)
