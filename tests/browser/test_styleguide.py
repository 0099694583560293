"""Every part in every state looks as it did, light and dark, in both languages and from right to left.

What is stored is in `styleguide/` beside this file: how elements are styled, which holds for any machine, and small
pictures, which hold for one browser with its fonts. After an intended change, write both anew and look at them:

    STYLEGUIDE=write .venv/bin/python -m pytest tests/browser/test_styleguide.py
"""

import hashlib
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, expect

from tests.browser.running import Studio, enter, throw_away
from tests.browser.test_accessible import violations

STORED = Path(__file__).parent / "styleguide"
WRITES = os.environ.get("STYLEGUIDE") == "write"
LOOKS = {"light": "scheme=light", "dark": "scheme=dark", "chinese": "lang=zh-hans", "from-right": "dir=rtl"}
LAPTOP, PHONE = 1366, 360
SMALLER = 4  # the stored pictures are so many times smaller than the page
NOTICED = 24  # of 255: how far a pixel may be from the stored one, which has fewer colours
PER_MILLE = 0.02  # and how many of a thousand may be further
# Two browsers that draw this alike draw the whole page alike.
DRAWN = """() => {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 600, height: 60 });
  const context = canvas.getContext("2d");
  for (const [row, weight] of ["", "600 "].entries()) {
    context.font = `${weight}15px ${getComputedStyle(document.body).fontFamily}`;
    context.fillText("Generate · 20 credits, as it was 设置令牌 ☆ ←", 0, 20 + row * 24);
  }
  return canvas.toDataURL();
}"""
# How elements are styled, by what they are; nothing that depends on a font.
STYLES = """() => {
  const found = {};
  const names = ["color", "background-color", "border-top-color", "border-top-width", "border-top-left-radius",
    "padding", "font-size", "font-weight"];
  for (const element of document.querySelectorAll("[data-part] :not(option, use, path, rect, br)")) {
    const states = ["disabled", "aria-pressed", "aria-invalid", "type"].filter((name) => element.hasAttribute(name));
    const kind = [element.localName, ...[...element.classList].sort().map((name) => `.${name}`),
      ...states.map((name) => `[${name}=${element.getAttribute(name)}]`)].join("");
    const style = getComputedStyle(element);
    (found[kind] ??= new Set()).add(names.map((name) => style.getPropertyValue(name)).join("; "));
  }
  const told = Object.entries(found).map(([kind, styles]) => [kind, ...[...styles].sort()].join("\\n  "));
  return told.sort().join("\\n");
}"""

# No clock runs, and those that a slow server has set later stand where the others do.
STILL = """
  window.setInterval = () => 0;
  performance.now = () => 0;
  document.addEventListener("DOMContentLoaded", () => {
    for (const clock of document.querySelectorAll("[data-elapsed]")) clock.dataset.elapsed = 7;
    for (const rest of document.querySelectorAll("[data-left]")) rest.dataset.left = 11;
  });
"""
SHIFTS = """() => new Promise((done) => {
  const seen = new PerformanceObserver((list) => done(list.getEntries().map(({ value }) => value)));
  seen.observe({ type: "layout-shift", buffered: true });
  requestAnimationFrame(() => requestAnimationFrame(() => done([])));
})"""

DRAWN_FROM = "() => performance.getEntriesByName('first-paint')[0].startTime"
PARSED_AT = "() => performance.getEntriesByType('navigation')[0].domInteractive"


@pytest.fixture(scope="module")
def guided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with DEBUG on, and a member of the staff."""
    with throw_away(tmp_path_factory.mktemp("guided"), DEBUG="1") as studio:
        studio.person("guide", token=False)
        studio.python("from accounts.models import User; User.objects.update(is_staff=True)")
        yield studio


def opened(page: Page, look: str, width: int) -> Page:
    """The styleguide with nothing in it that counts seconds."""
    page.set_viewport_size({"width": width, "height": 800})
    page.add_init_script(STILL)
    enter(page, "guide")
    page.goto(f"/styleguide/?{LOOKS[look]}")
    return page


@pytest.fixture
def page(guided: Studio, chromium: Browser) -> Iterator[Page]:
    with chromium.new_context(base_url=guided.url, bypass_csp=True, reduced_motion="reduce") as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        yield page


@pytest.mark.parametrize("look", LOOKS)
def test_every_part_is_accessible_keeps_its_place_and_fits_on_a_phone(page: Page, look: str) -> None:
    opened(page, look, PHONE)
    assert page.evaluate(SHIFTS) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") == PHONE
    for opener in ["#pill-aspect_ratio", ".top .menu > summary"]:
        page.locator(opener).click()
        assert page.evaluate("() => document.documentElement.scrollWidth") == PHONE
    found = violations(page)
    assert not found, "\n".join(found)
    page.keyboard.press("Escape")
    page.locator("main [popovertarget=shortcuts]").click()
    expect(page.locator("#shortcuts")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") == PHONE


def test_nothing_is_drawn_of_half_a_page_however_slow_the_machine(page: Page) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 8})
    opened(page, "light", PHONE)
    assert page.evaluate(PARSED_AT) <= page.evaluate(DRAWN_FROM)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_part_is_styled_as_before(page: Page, look: str) -> None:
    styles: str = opened(page, look, LAPTOP).evaluate(STYLES)
    stored = STORED / f"{look}.txt"
    if WRITES:
        stored.write_text(f"{styles}\n")
    assert styles.splitlines() == stored.read_text().splitlines()


@pytest.mark.parametrize("look", LOOKS)
def test_every_part_looks_as_before(page: Page, look: str, chromium: Browser) -> None:
    opened(page, look, LAPTOP)
    drawn = hashlib.sha256(page.evaluate(DRAWN).encode()).hexdigest()
    machine, known = {"chromium": chromium.version, "drawn": drawn}, STORED / "machine.json"
    if WRITES:
        known.write_text(f"{json.dumps(machine)}\n")
    if (taken := json.loads(known.read_text())) != machine:
        pytest.skip(
            f"The pictures were taken with Chromium {taken['chromium']} and its fonts; this is another browser."
        )
    page.set_viewport_size({"width": LAPTOP, "height": page.evaluate("() => document.documentElement.scrollHeight")})
    page.wait_for_function("() => [...document.images].every((image) => image.complete)")
    shown = small(page.screenshot())
    stored = STORED / f"{look}.png"
    if WRITES:
        shown.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(stored, optimize=True)
    with Image.open(stored) as before:
        assert before.size == shown.size
        assert difference(before.convert("RGB"), shown) <= PER_MILLE


def small(shot: bytes) -> Image.Image:
    with Image.open(io.BytesIO(shot)) as whole:
        return whole.convert("RGB").reduce(SMALLER)


def difference(one: Image.Image, other: Image.Image) -> float:
    """How many pixels of a thousand differ so much that somebody would notice."""
    bands: Any = ImageChops.difference(one, other).split()
    most = ImageChops.lighter(ImageChops.lighter(bands[0], bands[1]), bands[2])
    return sum(most.histogram()[NOTICED:]) * 1000 / (one.width * one.height)
