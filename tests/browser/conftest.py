"""The running studio (web, worker, sandbox, as `make run` starts them) and a real Chromium to use it with."""

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
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

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
PASSWORD = "a-long-password"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"{CHROMIUM} is not installed, so no browser test was run"))


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

    def __post_init__(self) -> None:
        self.log = self.folder / "log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

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

    def person(self, name: str = "", *, token: bool = True) -> str:
        """A fresh member, with or without a token of the sandbox; returns the username."""
        name = name or f"member-{uuid.uuid4().hex[:8]}"
        code = f"""
from accounts.models import User; from accounts import tokens; from accounts.token_check import Verdict
from meigen_api.secret import Secret
user = User.objects.create_user({name!r}, {name + "@example.com"!r}, {PASSWORD!r})
if {token}: tokens.add(user, Secret("meigen_sk_" + {secrets.token_hex(16)!r}), "Mine", Verdict.GOOD)
"""
        self.manage("shell", "--no-imports", "-c", code)
        return name


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    database = f"sqlite:///{folder / 'studio.sqlite3'}"
    server = os.environ.get("DATABASE_URL", "")
    name = f"studio_{uuid.uuid4().hex[:12]}"
    if server.startswith("postgres"):
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        database = f"{server.rpartition('/')[0]}/{name}"
    environment = {
        **{key: value for key, value in os.environ.items() if key in {"PATH", "HOME", "LANG"}},
        "SECRET_KEY": secrets.token_urlsafe(48),
        "TOKEN_KEYS": f"first:{Fernet.generate_key().decode()}",
        "DATABASE_URL": database,
        "MEDIA_ROOT": str(folder / "media"),
        "PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        "SANDBOX_SPEED": "6",
        "MEIGEN_POLL_SECONDS": "1",
    }
    running = Studio(folder, environment)
    running.start()
    yield running
    running.stop()
    if server.startswith("postgres"):
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Per module: while Playwright's loop runs in this thread, Django would refuse to touch its database in it.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page must never do: write an error to the console, break the CSP, ask another host."""

    origin: str
    complaints: list[str] = field(default_factory=list)

    def over(self, page: Page) -> None:
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self._note_failure(request.url, request.failure))
        page.on("request", lambda request: self._look(request.url))

    def _hear(self, kind: str, text: str) -> None:
        # The browser itself writes a line for every 4xx, also for those a test asks for.
        if kind == "error" and "Failed to load resource" not in text:
            self.complaints.append(text)

    def _note_failure(self, url: str, why: str | None) -> None:
        # A request that a newer one replaces, or that a closing page leaves behind, is aborted; nothing else may fail.
        if why not in {None, "net::ERR_ABORTED"}:
            self.complaints.append(f"{url}: {why}")

    def _look(self, url: str) -> None:
        if not url.startswith((self.origin + "/", "data:", "blob:")):
            self.complaints.append(f"asked {url}")


@pytest.fixture
def watch(studio: Studio) -> Iterator[Watch]:
    watching = Watch(studio.url)
    yield watching
    assert watching.complaints == []


@pytest.fixture
def context(studio: Studio, chromium: Browser, watch: Watch) -> Iterator[BrowserContext]:
    """A fresh browser profile on a laptop-sized screen."""
    with chromium.new_context(base_url=studio.url, viewport={"width": 1366, "height": 800}) as fresh:
        fresh.on("page", watch.over)
        yield fresh


@pytest.fixture
def page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def sign_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/")
