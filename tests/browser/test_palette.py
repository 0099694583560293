"""The command palette and the keys shown in menus."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Studio, enter
from tests.browser.test_composing import stays_while_composing


def palette(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Command palette")


def test_anything_is_a_few_keys_away(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.keyboard.press("Control+k")
    expect(palette(page).get_by_role("combobox")).to_be_focused()
    page.keyboard.type("team gall")
    expect(palette(page).locator(".marked")).to_have_text("Team gallery")
    page.keyboard.press("Enter")
    page.wait_for_url("**/gallery/")


def test_arrows_go_through_the_list_and_round_it(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.keyboard.press("Meta+k")
    field = palette(page).get_by_role("combobox")
    page.keyboard.type("seed")
    marked = palette(page).locator(".marked")
    expect(marked).to_contain_text("Seed")
    first = marked.inner_text()
    expect(field).to_have_attribute("aria-activedescendant", marked.get_attribute("id") or "")
    page.keyboard.press("ArrowDown")
    expect(marked).not_to_have_text(first)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(marked).to_contain_text("Search the history")
    page.keyboard.press("ArrowDown")
    expect(marked).to_have_text(first, use_inner_text=True)


def test_enter_takes_what_was_written_however_fast(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.keyboard.press("Control+k")
    expect(palette(page).locator(".marked")).to_have_text("Studio")
    page.keyboard.type("share links")
    page.keyboard.press("Enter")
    page.wait_for_url("**/shares/")


def test_it_opens_while_one_writes_and_nothing_written_is_lost(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    prompt = page.locator("[name=prompt]")
    prompt.press_sequentially("half a ")
    page.keyboard.press("Control+k")
    page.keyboard.type("usage")
    page.keyboard.press("Control+k")  # open already
    page.keyboard.press("Escape")
    expect(palette(page)).to_be_hidden()
    expect(prompt).to_be_focused()
    page.keyboard.type("thought")
    expect(prompt).to_have_value("half a thought")


def test_a_click_a_menu_or_the_list_of_keys_opens_it_too(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    account = page.locator(".top summary")
    account.click()
    page.get_by_role("button", name="Command palette").click()
    expect(palette(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(palette(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Command palette")).to_be_focused()  # where it was opened
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("dialog").get_by_role("button", name="Command palette").click()
    palette(page).get_by_role("option", name="History").click()
    page.wait_for_url("**/generations/")


def test_its_keys_belong_to_an_input_method_that_composes(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.keyboard.press("Control+k")
    expect(palette(page).locator(".marked")).to_have_count(1)
    marked = "document.querySelector('#palette .marked').id"
    stays_while_composing(page, "#palette input", {"key": "ArrowDown"}, marked)


def test_a_menu_shows_keys_to_the_eye_and_not_on_a_phone(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.locator(".top summary").click()
    entry = page.get_by_role("button", name="Keyboard shortcuts", exact=True)  # its name says no key
    expect(entry).to_have_attribute("aria-keyshortcuts", "?")
    shown = "element => getComputedStyle(element, '::after').content"
    assert "?" in entry.evaluate(shown)
    page.set_viewport_size({"width": 390, "height": 844})
    assert entry.evaluate(shown) == "none"


def test_light_and_dark_say_which_is_chosen_and_stay_chosen(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    canvas = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(canvas)
    page.locator(".top summary").click()
    expect(page.get_by_role("radio", name="Auto")).to_be_checked()
    page.get_by_text("Dark", exact=True).click()
    assert page.evaluate(canvas) != light
    page.goto("/generations/")
    assert page.evaluate(canvas) != light
    page.locator(".top summary").click()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    page.keyboard.press("Tab")
    page.get_by_role("radio", name="Dark").press("ArrowLeft")
    expect(page.get_by_role("radio", name="Light")).to_be_checked()
    assert page.evaluate(canvas) == light
    page.get_by_text("Auto", exact=True).click()
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(canvas) != light
