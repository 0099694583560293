"""A result opens over the wall, leads on from there, and leaves the wall as it was."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Studio, Watch, enter

FOXES = """
from accounts.models import User
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={name!r})
for n in range(30):
    row = make_generation(user, prompt=f"a fox {{n}}", status="done")
    make_result(row, data=picture(size=(1600, 1200)), width=1600, height=1200)
"""


@pytest.fixture(scope="module")
def person(studio: Studio) -> str:
    """Somebody with thirty pictures of 1600 x 1200."""
    name = studio.person()
    studio.python(FOXES.format(name=name))
    return name


def history(page: Page, name: str) -> None:
    """The history, with a mark on its document that a page load would wipe away."""
    enter(page, name)
    page.goto("/generations/")
    page.evaluate("document.marked = true")


def open_at(page: Page, number: int) -> None:
    page.locator("#wall article.card .frame").nth(number).click()
    expect(page.locator("#viewer #prompt-text")).to_have_text(f"a fox {29 - number}")


def is_the_same_document(page: Page) -> bool:
    return bool(page.evaluate("document.marked"))


def test_the_wall_stays_behind_and_forward_opens_it_again(person: str, page: Page) -> None:
    history(page, person)
    page.get_by_label("Search prompts").fill("a fox")  # an address that htmx has pushed
    page.wait_for_url("**/generations/?q=a+fox")
    page.locator("#wall article.card").nth(20).evaluate("card => card.scrollIntoView({ block: 'center' })")
    top = page.evaluate("scrollY")
    open_at(page, 20)
    assert page.url.endswith("?list=history&q=a+fox")
    expect(page).to_have_title(re.compile("a fox 9"))
    expect(page.locator("#wall")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#prompt-text")).to_have_text("a fox 10")
    page.go_back()
    expect(page.locator("#wall")).to_be_visible()
    expect(page.locator("#wall article.card .frame").nth(19)).to_be_focused()
    expect(page).to_have_title("History · Meigen Studio")
    assert (page.evaluate("scrollY"), is_the_same_document(page)) == (top, True)
    page.go_forward()
    expect(page.locator("#viewer #prompt-text")).to_have_text("a fox 10")
    page.keyboard.press("c")
    expect(page.locator("#viewer .compare")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#viewer #prompt-text")).to_have_text("a fox 10")
    page.keyboard.press("Escape")
    expect(page.locator("#wall")).to_be_visible()
    assert is_the_same_document(page)

    # By its address it is a page of its own, which leads back to the list.
    page.go_forward()
    expect(page.locator("#viewer #prompt-text")).to_have_text("a fox 10")
    page.reload()
    expect(page.locator("#viewer")).to_have_count(0)
    expect(page.locator("#prompt-text")).to_have_text("a fox 10")
    page.keyboard.press("Escape")
    page.wait_for_url("**/generations/?q=a+fox**")
    expect(page.locator("#wall")).to_be_visible()


def test_what_is_done_with_it_is_done_on_the_wall_too(person: str, page: Page) -> None:
    history(page, person)
    card = page.locator("#wall article.card").nth(3)
    open_at(page, 3)
    page.keyboard.press(".")
    page.keyboard.press("ArrowRight")  # at once: the star is given nonetheless
    expect(page.locator("#prompt-text")).to_have_text("a fox 25")
    page.keyboard.press("Escape")
    expect(card.locator(".star")).to_have_attribute("aria-pressed", "true")
    open_at(page, 3)
    page.locator("#viewer summary[title=More]").click()
    page.locator("#viewer").get_by_role("button", name="Delete").click()
    expect(page.locator("#viewer").get_by_text("This result is deleted.")).to_be_visible()
    page.keyboard.press("Escape")
    card.get_by_role("button", name="Undo").click()
    expect(card.locator(".star")).to_have_attribute("aria-pressed", "true")
    assert is_the_same_document(page)


def test_a_link_is_copied_as_soon_as_it_is_created(person: str, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    history(page, person)
    page.locator("#wall article.card").nth(1).hover()
    page.locator("#wall article.card").nth(1).get_by_role("link", name="Share").click()
    menu = page.locator("#viewer #share")
    menu.get_by_role("button", name="Create link").click()
    expect(menu.get_by_role("button", name="Copied")).to_be_visible()
    link = menu.locator(".share-link").input_value()
    assert page.evaluate("navigator.clipboard.readText()") == link
    menu.get_by_text("Expiry, password, hearts").click()
    menu.get_by_label("Password", exact=True).fill("short")
    menu.get_by_role("button", name="Create link with these settings").click()
    expect(page.get_by_label("Password", exact=True)).to_have_attribute("aria-invalid", "true")


def test_a_picture_is_seen_closer_with_the_wheel_and_moved_with_mouse_and_keys(person: str, page: Page) -> None:
    history(page, person)
    open_at(page, 0)
    picture = page.locator("#viewer [data-zoom] img")
    expect(picture).to_be_visible()
    picture.evaluate("picture => picture.decode()")
    fit = picture.bounding_box()
    assert fit
    x, y = fit["x"] + fit["width"] * 0.75, fit["y"] + fit["height"] * 0.25
    page.mouse.move(x, y)
    page.mouse.wheel(0, -600)
    expect(page.locator(".zoomed")).to_have_count(1)
    near = picture.bounding_box()
    assert near
    assert near["width"] > 2 * fit["width"]
    assert (x - near["x"]) / near["width"] == pytest.approx(0.75, abs=0.01)
    assert (y - near["y"]) / near["height"] == pytest.approx(0.25, abs=0.01)
    page.mouse.down()
    page.mouse.move(x - 100, y + 50)
    page.mouse.up()
    moved = picture.bounding_box()
    assert moved
    assert (round(moved["x"] - near["x"]), round(moved["y"] - near["y"])) == (-100, 50)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    now = picture.bounding_box()
    assert now
    assert (round(now["x"] - moved["x"]), round(now["y"] - moved["y"])) == (-80, -80)
    expect(page.locator("#prompt-text")).to_have_text("a fox 29")
    page.mouse.wheel(0, 4000)
    expect(page.locator(".zoomed")).to_have_count(0)
    assert picture.bounding_box() == fit


def test_the_details_fold_away_and_stay_so(person: str, page: Page) -> None:
    history(page, person)
    open_at(page, 2)
    page.keyboard.press("f")
    expect(page.locator("#viewer .side")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#prompt-text")).to_have_text("a fox 26")
    expect(page.locator("#viewer .side")).to_be_hidden()
    expect(page.get_by_role("button", name="Details")).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="Details").click()
    expect(page.locator("#viewer .side")).to_be_visible()


def test_a_result_turns_up_where_its_running_card_was_opened(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.fill("[name=prompt]", "a red fox sandbox:seconds=8")
    page.click("#generate .button.primary")
    page.locator("#wall article.card .frame").first.click()
    expect(page.locator("#viewer article.card")).to_be_visible()
    expect(page.locator("#viewer [data-zoom] img")).to_be_visible(timeout=40_000)
    page.go_back()
    expect(page.locator("#wall article.card[data-status=done] img")).to_have_count(1)


def test_what_cannot_be_opened_leaves_the_wall_and_says_so(studio: Studio, page: Page, watch: Watch) -> None:
    name = studio.person()
    studio.python(FOXES.format(name=name))
    history(page, name)
    watch.hears_failures = False
    page.route("**/generations/*-*/", lambda route: route.fulfill(status=404))
    page.locator("#wall article.card .frame").first.click()
    expect(page.locator("#messages")).to_contain_text("This is no longer here.")
    expect(page.locator("#wall")).to_be_visible()
    assert (page.url.endswith("/generations/"), is_the_same_document(page)) == (True, True)


def test_a_finger_leads_on_and_back(studio: Studio, person: str, chromium: Browser) -> None:
    with chromium.new_context(
        base_url=studio.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        page = context.new_page()
        history(page, person)
        page.locator("#wall article.card .frame").nth(5).tap()
        expect(page.locator("#prompt-text")).to_have_text("a fox 24")
        touch = context.new_cdp_session(page)

        def swipe(start: int, end: int) -> None:
            points = [[{"x": start + (end - start) * step / 4, "y": 200}] for step in range(5)]
            touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[0]})
            for point in points[1:]:
                touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": point})
            touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

        swipe(300, 60)
        expect(page.locator("#prompt-text")).to_have_text("a fox 23")
        swipe(60, 300)
        expect(page.locator("#prompt-text")).to_have_text("a fox 24")
        expect(page.locator(".zoomed")).to_have_count(0)


def test_the_keyboard_stays_in_what_is_seen(person: str, page: Page) -> None:
    history(page, person)
    open_at(page, 2)
    viewer = page.locator("#viewer")
    expect(viewer).to_be_focused()
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(viewer).to_be_focused()
    viewer.get_by_role("link", name="Back to:").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#prompt-text")).to_have_text("a fox 26")
    expect(viewer).to_be_focused()
    viewer.locator("summary[title=Share]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(viewer.locator("#share")).not_to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator("#wall")).to_be_visible()
    assert is_the_same_document(page)


def test_what_is_deleted_together_is_selected_no_more_and_undo_is_at_hand(studio: Studio, page: Page) -> None:
    name = studio.person()
    studio.python(FOXES.format(name=name))
    history(page, name)
    for number in (0, 1):
        page.locator("#wall .pick").nth(number).check(force=True)
    page.locator("#selection button[value=star]").click()
    expect(page.locator("#selection [data-selected]")).to_have_text("2 selected")  # and can be shared now
    page.locator("#selection button[value=delete]").click()
    expect(page.locator("#messages").get_by_role("button", name="Undo")).to_be_focused()
    expect(page.locator("#wall .pick:checked")).to_have_count(0)
    expect(page.locator("#selection")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("article.card.deleted")).to_have_count(0)
