"""`python -m docs.screenshots`: starts a throw-away studio, makes some pictures and a video, photographs the pages."""

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect, sync_playwright

from tests.browser.running import CHROMIUM, FLAGS, Studio, choose, sign_in, throw_away

HERE = Path(__file__).parent
LAPTOP: ViewportSize = {"width": 1366, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
LARGEST = 150_000
# Model, ratio, prompt; the last one comes first on the wall. No more than a token may send in a minute.
WISHES = [
    ("z-image-turbo", "16:9", "caravan crossing a golden desert"),
    ("nanobanana-2", "4:3", "old skyline at sunset, gold"),
    ("flux2-klein", "3:4", "alpine valley in autumn, amber forest"),
    ("nanobanana-2", "16:9", "blue valley, rose light"),
    ("z-image-turbo", "4:3", "violet mountains, pink dawn"),
    ("flux2-klein", "3:4", "neon street in tokyo, violet rain"),
    ("nanobanana-2", "16:9", "harbour at night, indigo and amber"),
    ("flux2-klein", "1:1", "a rose garden in gold light"),
    ("seedance-2-0", "16:9", "a calm teal sea, slow pan"),
    ("nanobanana-2", "3:4", "misty mountains, teal and gold"),
    ("nanobanana-2", "16:9", "sailing home at sunset, gold sea"),
]
STILL_RUNNING = ("veo-3.1", "16:9", "a fishing boat returning through morning fog")
IN_THE_FORM = "an alpine lake at dawn, mist over the water, one red canoe"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, throw_away(Path(folder), SANDBOX_SPEED="5") as studio:
        name = studio.person("demi")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            try:
                photograph(studio, browser, name)
            finally:
                browser.close()


def photograph(studio: Studio, browser: Browser, name: str) -> None:
    with browser.new_context(base_url=studio.url, viewport=LAPTOP) as context:
        page = opened(context)
        sign_in(page, name)
        for count, wish in enumerate(WISHES, 1):
            generate(page, *wish)
            expect(page.locator("#wall article.card")).to_have_count(count)
        done = page.locator("#wall article.card[data-status=done]")
        expect(done.locator("img, video")).to_have_count(len(WISHES))
        generate(page, *STILL_RUNNING)
        page.goto("/?model_id=nanobanana-2")
        page.fill("[name=prompt]", IN_THE_FORM)
        expect(page.locator("#wall article.card[data-status=running]")).to_have_count(1)
        page.wait_for_timeout(4000)  # some progress to be seen
        take(page, "studio")
        page.emulate_media(color_scheme="dark")
        take(page, "studio-dark")
        page.emulate_media(color_scheme="light")
        page.goto("/generations/")
        take(page, "history")
        address = done.filter(has=page.locator("img")).locator("a").first.get_attribute("href")
        assert address
        page.goto(address)
        take(page, "result")
        state = context.storage_state()
    with browser.new_context(
        base_url=studio.url, viewport=PHONE, storage_state=state, device_scale_factor=2
    ) as context:
        page = opened(context)
        page.goto("/")
        take(page, "phone", "#wall article.card[data-status=done]")


def opened(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(60_000)
    expect.set_options(timeout=60_000)
    return page


def generate(page: Page, model: str, ratio: str, prompt: str) -> None:
    page.goto(f"/?model_id={model}")
    page.fill("[name=prompt]", prompt)
    choose(page, "aspect_ratio", ratio)
    page.click("#generate .button.primary")
    expect(page.locator("#wall article.card").first).to_contain_text(prompt)


def take(page: Page, name: str, middle: str = "") -> None:
    """Writes docs/<name>.jpg: the top of the page, or what is around this element, once its pictures are loaded."""
    page.locator("h1").first.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0) }")
    if middle:
        page.locator(middle).first.evaluate("element => element.scrollIntoView({ block: 'center' })")
    for medium in page.locator("main").locator("img, video").all():
        loaded(medium)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for quality in (82, 76, 70, 64):
        written = io.BytesIO()
        shot.save(written, "JPEG", quality=quality, optimize=True, progressive=True)
        if written.tell() <= LARGEST:
            break
    (HERE / f"{name}.jpg").write_bytes(written.getvalue())
    print(f"docs/{name}.jpg  {shot.width} x {shot.height}  {written.tell() / 1000:.0f} kB")


def loaded(medium: Locator) -> None:
    medium.evaluate(
        """medium => medium.localName === "img" ? medium.decode() : new Promise(done => {
             const look = () => medium.readyState >= 2 ? done() : setTimeout(look, 50);
             look(); })"""
    )


if __name__ == "__main__":
    main()
