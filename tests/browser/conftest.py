"""The running studio and a real Chromium to use it with."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.running import CHROMIUM, FLAGS, Studio, choose, enter, sign_in, throw_away

__all__ = ["Studio", "Watch", "choose", "enter", "sign_in"]  # what the tests take from here

expect.set_options(timeout=15_000)  # two studios and two browsers share two cores

# How pages look and feel is asked once, on SQLite; the whole story on both databases.
ON_BOTH = {"test_main_story", "test_running"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"{CHROMIUM} is not installed, so no browser test was run"))
            elif item.path.stem not in ON_BOTH and os.environ.get("DATABASE_URL", "").startswith("postgres"):
                item.add_marker(pytest.mark.skip(reason="Pages look and feel alike on either database"))


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("studio")
    with throw_away(folder, SANDBOX_SPEED="6", MEIGEN_POLL_SECONDS="1") as running:
        yield running


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    # Not for the whole session: while Playwright's loop runs in a thread, Django refuses to touch its database there.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


# What the browser and htmx write to the console when a request fails.
FAILURES = (
    "Failed to load resource",
    "Response Status Error",
    "htmx:afterRequest",
    "htmx:sendAbort",
    "htmx:sendError",
    "htmx:timeout",
)


@dataclass
class Watch:
    """What a page must never do: write an error to the console, break the CSP, ask another host."""

    origin: str
    complaints: list[str] = field(default_factory=list)
    hears_failures: bool = True
    """Whether what htmx writes to the console about a request that failed is a complaint."""

    def over(self, page: Page) -> None:
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("requestfailed", lambda request: self._note_failure(request.url, request.failure))
        page.on("request", lambda request: self._look(request.url))

    def _hear(self, kind: str, text: str) -> None:
        # The browser itself writes a line for every 4xx, also for those a test asks for.
        expected = ("Failed to load resource",) if self.hears_failures else FAILURES
        if kind == "error" and not any(words in text for words in expected):
            self.complaints.append(text)

    def _note_failure(self, url: str, why: str | None) -> None:
        # A request that a newer one replaces, or that a closing page leaves behind, is aborted; nothing else may fail.
        if self.hears_failures and why not in {None, "net::ERR_ABORTED"}:
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
