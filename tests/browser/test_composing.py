"""While an input method composes, as for Chinese, the keys are its own: no script acts on any of them."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio, enter
from tests.cases import each

PRESS = """(element, init) => element.dispatchEvent(
  new KeyboardEvent("keydown", {bubbles: true, cancelable: true, ...init}))"""
# Chromium and Firefox say that they compose. Safari's last key has its code alone.
COMPOSING: list[dict[str, Any]] = [{"isComposing": True}, {"keyCode": 229}]

PROMPT, BODY, PRESET = "textarea[name=prompt]", "body", "[name=preset_name]"
# Where a key is pressed, which one, and what it would change.
STUDIO: dict[str, tuple[str, dict[str, Any], str]] = {
    "a menu": (PRESET, {"key": "Escape"}, "document.querySelector('.presets').open"),
    "a new preset": (PRESET, {"key": "Enter"}, "document.querySelectorAll('#presets .preset').length"),
    "an earlier prompt": (PROMPT, {"key": "ArrowUp", "altKey": True}, "document.querySelector('[name=prompt]').value"),
    "the names of references": (PROMPT, {"key": "Escape"}, "!!document.querySelector('.mentions')"),
    "a name of a reference": (PROMPT, {"key": "Enter"}, "document.querySelector('[name=prompt]').value"),
    "the next name": (PROMPT, {"key": "ArrowDown"}, "document.querySelector('.mentions .marked').id"),
    "the help": (BODY, {"key": "?"}, "document.getElementById('shortcuts').matches(':popover-open')"),
    "a key of a link": (BODY, {"key": "p"}, "document.activeElement.name"),
}


def stays_while_composing(page: Page, where: str, key: dict[str, Any], state: str) -> None:
    """The state changes by the key, and not while an input method composes."""
    field = page.locator(where).first
    before = page.evaluate(state)
    for composing in COMPOSING:
        assert field.evaluate(PRESS, {**key, **composing}), "a script took the key"
        assert page.evaluate(state) == before
    field.evaluate(PRESS, key)
    page.wait_for_function(f"before => ({state}) !== before", arg=before)


def prepare(page: Page, what: str) -> None:
    if "prompt" in what:
        page.fill(PROMPT, "half a thought")
        page.goto("/?prompt=another")
    if "menu" in what or "preset" in what:
        page.click(".presets summary")
        expect(page.locator("#presets")).not_to_contain_text("All presets")
        page.fill(PRESET, "狐")
    if "name" in what:
        for number in range(2):
            page.fill("[name=reference_url]", f"https://pictures.example/{number}.png")
            page.locator("[name=reference_url]").blur()
            expect(page.locator(".reference")).to_have_count(number + 1)
        page.focus(PROMPT)
        page.keyboard.type("as in [")
        expect(page.locator(".mentions li")).to_have_count(2)


@each("what", STUDIO)
def test_no_key_acts_in_the_studio(studio: Studio, page: Page, what: str) -> None:
    enter(page, studio.person())
    prepare(page, what)
    stays_while_composing(page, *STUDIO[what])


def test_no_key_closes_the_sheet_of_a_phone(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.set_viewport_size({"width": 390, "height": 844})
    page.focus(PROMPT)
    is_open = "document.querySelector('.sheet-open') !== null"
    assert page.evaluate(is_open)
    stays_while_composing(page, PROMPT, {"key": "Escape"}, is_open)


def test_enter_that_chooses_a_word_sends_nothing(studio: Studio, page: Page) -> None:
    """With a real composition in the browser."""
    enter(page, studio.person())
    page.evaluate("addEventListener('keydown', (event) => { window.heard = event.isComposing; }, true)")
    page.focus(PROMPT)
    method = page.context.new_cdp_session(page)
    method.send("Input.imeSetComposition", {"text": "hu li", "selectionStart": 5, "selectionEnd": 5})
    expect(page.locator(PROMPT)).to_have_value("hu li")
    page.keyboard.press("Control+Enter")
    assert page.evaluate("window.heard") is None
    method.send("Input.insertText", {"text": "狐狸"})
    expect(page.locator("article.card")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.locator("article.card")).to_have_count(1)
    expect(page.locator("article.card")).to_contain_text("狐狸")


def test_no_key_acts_on_results_or_for_guests(studio: Studio, page: Page) -> None:
    name = studio.person()
    code = f"""
from accounts.models import User
from generations.sharing import links
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={name!r})
rows = [make_generation(user, prompt=words, status="done") for words in ["an owl", "a fox"]]
for row in rows: make_result(row, data=picture(size=(1200, 900)), width=1200, height=900)
print(rows[0].pk, links.share(user, rows).secret)
"""
    result, secret = studio.python(code).split()
    enter(page, name)
    page.goto("/generations/")
    page.locator("#chip-day").click()
    stays_while_composing(page, "#find-q", {"key": "Escape"}, "document.querySelectorAll('.pill[open]').length")
    page.goto(f"/generations/{result}/")
    page.click("[data-zoom]")
    stays_while_composing(page, "body", {"key": "Escape"}, "document.querySelectorAll('.zoomed').length")
    page.goto(f"/s/{secret}/")
    page.locator("[data-lightbox]").first.click()
    stays_while_composing(page, "#lightbox", {"key": "ArrowRight"}, "document.querySelector('#lightbox img').alt")
