"""How long after Meigen has finished a picture it can be seen: real processes, real Chromium, default intervals."""

import json
import sqlite3
import statistics
import tempfile
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.running import CHROMIUM, FLAGS, Studio, sign_in, throw_away

WANTED = 7
# One person and one batch of each; their jobs take 4 to 24 seconds.
MODELS = ["z-image-turbo", "flux2-klein", "nanobanana-2", "gpt-image-2"]
BATCH = 8
# When the picture of each card was first on the screen.
NOTE_PICTURES = """
  window.seen = {};
  document.addEventListener("load", ({ target }) => {
    const card = target.localName === "img" && target.closest("article.card");
    if (card) requestAnimationFrame(() => (window.seen[card.id] ??= Date.now() / 1000));
  }, true);
"""
PROMPT = "a sailing boat, amber sea"
REMOTE_IDS = """
import json; from generations.models import Generation
print(json.dumps({f"generation-{pk}": remote for pk, remote in Generation.objects.values_list("pk", "remote_id")}))
"""


def main(*, small: bool) -> None:
    if not CHROMIUM.exists():
        print(f"\nA picture on the screen: {CHROMIUM} is not installed, so nothing was measured")
        return
    seen: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, throw_away(Path(folder)) as studio:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for model in MODELS[:1] if small else MODELS:
                count, prompt = (2, f"{PROMPT} sandbox:seconds=1") if small else (BATCH, PROMPT)
                seen |= batch(studio, browser, model, count, prompt)
            browser.close()
        finished = finished_at(studio)
    lags = sorted(at - finished[card] for card, at in seen.items())
    p95 = lags[int(len(lags) * 0.95)]
    print(f"\nA picture on the screen: {len(lags)} generations, from finished at Meigen to seen in Chromium")
    print(
        f"  {statistics.median(lags):.2f} s median, {p95:.2f} s p95, {lags[-1]:.2f} s at most (wanted: {WANTED} s p95)"
    )


def batch(studio: Studio, browser: Browser, model: str, count: int, prompt: str) -> dict[str, float]:
    """When each card of a fresh person's batch showed its picture, in seconds since the epoch."""
    with browser.new_context(base_url=studio.url, viewport={"width": 1366, "height": 2600}) as context:
        page = context.new_page()
        page.add_init_script(NOTE_PICTURES)
        sign_in(page, studio.person())
        page.goto(f"/?model_id={model}")
        page.fill("[name=prompt]", prompt)
        button = page.locator("#generate .button.primary")
        price_of_one = button.inner_text()
        page.fill("[name=count]", str(count))
        expect(button).not_to_have_text(price_of_one)
        button.click()
        pictures = page.locator("#wall article.card[data-status=done] img")
        expect(pictures).to_have_count(count, timeout=120_000)
        for picture in pictures.all():
            picture.evaluate("image => image.decode()")
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        seen: dict[str, float] = page.evaluate("() => window.seen")
        assert len(seen) == count
        return seen


def finished_at(studio: Studio) -> dict[str, float]:
    """When the sandbox had finished the job of each card; its state follows from the clock alone."""
    remote_ids = json.loads(studio.python(REMOTE_IDS))
    with closing(sqlite3.connect(studio.folder / "sandbox.sqlite3")) as books:
        ends = dict(books.execute("SELECT id, created + seconds FROM jobs"))
    return {card: ends[remote] for card, remote in remote_ids.items()}
