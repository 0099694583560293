"""Interaction to next paint: how long a click or a key waits for the frame that shows it, on a wall of 200 tiles.

The browser's own Event Timing tells it, in steps of 8 ms, without waiting for the server. Measured as it is and with
the processor slowed to a quarter.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.running import CHROMIUM, FLAGS, enter, throw_away

TILES = 200
MOST_MS = {1: 100, 4: 200}  # by how many times the processor is slowed
MADE = """
from accounts.models import User
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={name!r})
data = picture(size=(1024, 768))
for n in range({tiles}):
    make_result(make_generation(user, prompt=f"a fox {{n}}", status="done"), data=data, width=1024, height=768)
"""
OBSERVE = """
window.waits = [];
new PerformanceObserver((list) => {
  for (const { interactionId, duration } of list.getEntries()) if (interactionId) window.waits.push(duration);
}).observe({ type: "event", durationThreshold: 16 });
"""


def main(*, small: bool) -> None:
    if not CHROMIUM.exists():
        print(f"\nInteraction to next paint: {CHROMIUM} is not installed, so nothing was measured")
        return
    tiles, rounds, speeds = (24, 1, [1]) if small else (TILES, 5, [*MOST_MS])
    print(f"\nInteraction to next paint: the longest of {rounds} rounds on {tiles} tiles, in ms, less than 16 as 0")
    with tempfile.TemporaryDirectory() as folder, throw_away(Path(folder)) as studio, sync_playwright() as playwright:
        name = studio.person()
        studio.python(MADE.format(name=name, tiles=tiles))
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            for slowed in speeds:
                context = browser.new_context(base_url=studio.url, viewport={"width": 1366, "height": 860})
                context.add_init_script(OBSERVE)
                page = context.new_page()
                page.set_default_timeout(60_000)
                enter(page, name)
                context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slowed})
                for what, act in ACTS.items():
                    page.goto(f"/generations/?pages={-(-tiles // 24)}")  # fresh, so that no act pays for the one before
                    assert page.locator("#wall article.card").count() >= tiles
                    print(f"  processor / {slowed}, {what}: {_longest(page, act, rounds)} (wanted: {MOST_MS[slowed]})")
                context.close()
        finally:
            browser.close()


def _longest(page: Page, act: Callable[[Page], None], rounds: int) -> int:
    act(page)  # once before, as what is compiled and cached at the first time is not what one waits for daily
    page.evaluate("() => (window.waits = [])")
    for _ in range(rounds):
        act(page)
        page.wait_for_timeout(300)
    waits: list[float] = page.evaluate("() => window.waits")
    return round(max(waits, default=0))


def _view(page: Page) -> None:
    page.locator("#wall article.card .frame").nth(3).click()
    page.locator("#viewer .side").wait_for()


def _lead_on(page: Page) -> None:
    if not page.locator("#viewer").is_visible():
        _view(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)


def _close(page: Page) -> None:
    if not page.locator("#viewer").is_visible():
        _view(page)
    page.keyboard.press("Escape")


def _open_and_close(page: Page) -> None:
    _view(page)
    _close(page)


def _select(page: Page) -> None:
    page.locator("#wall .pick").nth(2).click(force=True)


def _select_a_day(page: Page) -> None:
    page.locator(".day button").first.click(force=True)


def _filter(page: Page) -> None:
    page.locator("#chip-period").click()
    page.keyboard.press("Escape")


def _search(page: Page) -> None:
    page.locator("#find-q").press_sequentially("f")
    page.keyboard.press("Backspace")


def _palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")


ACTS: dict[str, Callable[[Page], None]] = {
    "open a result and close it": _open_and_close,
    "the next result": _lead_on,
    "back to the wall": _close,
    "select one": _select,
    "select a day": _select_a_day,
    "open a filter": _filter,
    "write into the search": _search,
    "command palette": _palette,
}
