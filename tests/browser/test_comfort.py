"""What makes the studio pleasant: drafts, earlier prompts, keys, and a word when something is done."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Studio, Watch, enter, sign_in


def test_the_main_job_by_keyboard_alone(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.goto("/generations/")
    page.keyboard.press("s")
    page.wait_for_url(f"{studio.url}/")
    page.wait_for_load_state()
    page.keyboard.press("p")
    expect(page.locator("[name=prompt]")).to_be_focused()
    page.keyboard.type("a patient heron sandbox:seconds=1")
    page.keyboard.press("Control+Enter")
    expect(page.locator("article.card[data-status=done] img")).to_be_visible(timeout=30_000)
    expect(page.locator("#announcements")).to_contain_text("Done: a patient heron")


def test_a_draft_outlives_the_page_and_earlier_prompts_come_back(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    prompt = page.locator("[name=prompt]")
    for words in ["a red fox", "a blue whale"]:
        prompt.fill(words)
        page.keyboard.press("Control+Enter")
        expect(page.locator("article.card", has_text=words)).to_have_count(1)
    prompt.fill("half a thought")
    page.reload()
    expect(prompt).to_have_value("half a thought")
    prompt.focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(prompt).to_have_value("a blue whale")
    page.keyboard.press("Alt+ArrowUp")
    expect(prompt).to_have_value("a red fox")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    expect(prompt).to_have_value("half a thought")


def test_what_waited_for_a_sign_in_never_overwrites_what_was_written_since(studio: Studio, page: Page) -> None:
    person = studio.person()
    sign_in(page, person)
    page.goto("/?prompt=a+patient+heron")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Generate").click()
    page.wait_for_url("**/accounts/login/**")
    sign_in(page, person)
    prompt = page.locator("[name=prompt]")
    expect(prompt).to_have_value("a patient heron")
    page.reload()
    expect(prompt).to_have_value("a patient heron")
    prompt.fill("a patient heron, at night")
    page.reload()
    expect(prompt).to_have_value("a patient heron, at night")


def test_a_question_mark_shows_the_keys_and_never_while_one_writes(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    keys = page.get_by_role("dialog", name="Keyboard shortcuts")
    page.locator("[name=prompt]").press_sequentially("why? s")
    expect(keys).to_be_hidden()
    expect(page.locator("[name=prompt]")).to_have_value("why? s")
    page.locator("h1").first.evaluate("heading => document.activeElement.blur()")
    page.keyboard.press("?")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_the_history_searches_as_one_types_and_keeps_the_address(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    for words in ["a red fox", "a blue whale"]:
        page.locator("[name=prompt]").fill(words)
        page.keyboard.press("Control+Enter")
        expect(page.locator("article.card", has_text=words)).to_have_count(1)
    page.goto("/generations/")
    expect(page.locator("article.card")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type("whale")
    expect(page.locator("article.card")).to_have_count(1)
    page.reload()
    expect(page.locator("article.card")).to_have_count(1)
    expect(page.get_by_label("Search prompts")).to_have_value("whale")


def test_the_time_zone_of_the_browser_is_offered_and_chosen_by_hand(
    studio: Studio, chromium: Browser, watch: Watch
) -> None:
    with chromium.new_context(base_url=studio.url, timezone_id="Asia/Shanghai") as far:
        page = far.new_page()
        watch.over(page)
        enter(page, studio.person())
        page.goto("/accounts/time-zone/")
        offer = page.get_by_role("button", name="Choose this browser's: Asia/Shanghai")
        offer.click()
        expect(offer).to_be_hidden()
        expect(page.get_by_text("Times in UTC")).to_be_visible()  # nothing is saved yet
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Times in Asia/Shanghai")).to_be_visible()
        expect(offer).to_be_hidden()
