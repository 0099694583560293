"""What people do with results, as they do it: choosing many, undoing, looking closely, comparing, using them again."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio, choose, enter


@pytest.fixture(scope="module")
def person(studio: Studio) -> str:
    """Somebody with three finished pictures, one of them seen by the team."""
    name = studio.person()
    code = f"""
from accounts.models import User
from django.utils import timezone
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={name!r})
for words in ["an owl", "a fox", "a cat"]:
    row = make_generation(user, prompt=words, status="done", credits_used=2)
    make_result(row, data=picture(size=(1600, 1200)), width=1600, height=1200)
    if words == "a cat":
        make_result(row, number=1)
"""
    studio.python(code)
    return name


def card(page: Page, words: str):  # type: ignore[no-untyped-def]
    return page.locator("article.card", has=page.get_by_text(words, exact=True))


def test_many_are_chosen_with_shift_and_ctrl_and_starred_together(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/")
    card(page, "a cat").locator(".frame").click(modifiers=["ControlOrMeta"])
    card(page, "an owl").locator(".frame").click(modifiers=["Shift"])
    expect(page.get_by_text("3 selected")).to_be_visible()
    card(page, "a fox").locator(".frame").click(modifiers=["ControlOrMeta"])
    page.get_by_role("button", name="Star", exact=True).last.click()
    expect(page.get_by_text("2 starred.")).to_be_visible()
    expect(card(page, "a cat").locator(".star")).to_have_attribute("aria-pressed", "true")
    expect(card(page, "a fox").locator(".star")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()


def test_what_is_found_can_be_chosen_at_once_and_is_counted(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/")
    expect(page.locator("article.card")).to_have_count(3)
    page.get_by_label("Search prompts").fill("an owl")
    expect(page.locator("article.card")).to_have_count(1)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    pick = card(page, "an owl").locator(".pick")
    pick.click()  # leaving the field is no other search
    expect(page.locator("#selection [role=status]")).to_have_text("1 selected")
    page.get_by_role("button", name="Star", exact=True).last.click()
    expect(page.get_by_text("1 starred.")).to_be_visible()
    assert not [url for url in asked if "q=" in url]
    page.get_by_label("Search prompts").fill("")
    expect(page.locator("article.card")).to_have_count(3)
    card(page, "an owl").locator(".frame").click(modifiers=["ControlOrMeta"])
    expect(page.locator("#selection [role=status]")).to_have_text("1 selected")


def test_the_keyboard_gets_from_a_tile_to_what_can_be_done_with_the_selection_at_once(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/")
    card(page, "a fox").locator(".pick").focus()
    page.keyboard.press("Space")
    page.keyboard.press("b")
    expect(page.get_by_role("form", name="Actions for the selection")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Clear selection")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("b")
    expect(page.locator("#selection")).to_be_hidden()


def test_what_is_deleted_stays_in_place_and_so_does_the_keyboard_on_what_changes(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/")
    fox = card(page, "a fox")
    before = fox.bounding_box()
    fox.hover()
    fox.get_by_role("button", name="More").click()
    page.get_by_role("dialog", name="More").get_by_role("button", name="Delete").click()
    expect(fox.get_by_text("Deleted.")).to_be_visible()
    after = fox.bounding_box()
    assert before
    assert after
    assert (before["x"], before["width"]) == (after["x"], after["width"])
    fox.get_by_role("button", name="Undo").click()
    expect(fox.get_by_role("button", name="Undo")).to_have_count(0)
    page.reload()
    expect(fox).to_be_visible()

    # The keyboard stays on a card that changes.
    page.goto("/generations/")
    owl = card(page, "an owl")
    owl.get_by_role("button", name="Star").focus()
    before = owl.locator(".star").get_attribute("aria-pressed")
    page.keyboard.press("Enter")
    expect(owl.locator(".star")).to_have_attribute("aria-pressed", "false" if before == "true" else "true")
    expect(owl.locator(".star")).to_be_focused()
    owl.get_by_role("button", name="More").focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("dialog", name="More")
    expect(menu.get_by_role("link", name="Remix")).to_be_visible()
    page.keyboard.press("Escape")
    expect(owl.get_by_role("button", name="More")).to_be_focused()
    page.keyboard.press("Enter")
    menu.get_by_role("button", name="Delete").press("Enter")
    expect(menu).to_be_hidden()
    expect(owl.get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(owl.get_by_role("button", name="Undo")).to_have_count(0)
    expect(owl.locator(".frame")).to_be_focused()


def test_a_result_is_real_view_closely_and_compared_without_a_mouse(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/")
    card(page, "a cat").locator(".frame").click()
    expect(page.locator("#prompt-text")).to_have_text("a cat")
    page.keyboard.press("z")
    expect(page.locator(".zoomed img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".zoomed")).to_have_count(0)
    page.keyboard.press("ArrowRight")  # the set's second picture first
    page.wait_for_url("**picture=1")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: "picture" not in url)
    expect(page.locator("#prompt-text")).to_have_text("a fox")
    page.keyboard.press("c")
    page.wait_for_url("**/compare/**")
    slider = page.get_by_label("How much of the first picture to show")
    expect(slider).to_be_visible()
    slider.focus()
    wide = page.locator("[data-compare]").evaluate("pair => pair.style.getPropertyValue('--cut')")
    page.keyboard.press("ArrowRight")
    assert wide == "50%"
    assert page.locator("[data-compare]").evaluate("pair => pair.style.getPropertyValue('--cut')") == "51%"
    page.get_by_role("button", name="Side by side").click()
    boxes = [picture.bounding_box() for picture in page.locator("[data-compare] img").all()]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]


def test_a_result_joins_the_form_as_a_reference_and_nothing_typed_is_lost(person: str, page: Page) -> None:
    enter(page, person)
    choose(page, "model_id", "nanobanana-2")
    page.fill("[name=prompt]", "like this, but at night")
    page.fill("[name=count]", "3")
    card(page, "an owl").hover()
    card(page, "an owl").get_by_role("button", name="Use as reference").click()
    expect(page.locator("#reference-list .reference")).to_have_count(1)
    expect(page.locator("[name=prompt]")).to_have_value("like this, but at night")
    expect(page.locator("[name=count]")).to_have_value("3")


def test_on_a_phone_the_form_opens_from_a_bar_and_closes_when_it_is_sent(studio: Studio, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    enter(page, studio.person())
    expect(page.locator("#pill-model_id")).to_be_hidden()
    page.locator("[name=prompt]").click()
    expect(page.locator("#pill-model_id")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#pill-model_id")).to_be_hidden()
    page.locator("[name=prompt]").click()
    page.fill("[name=prompt]", "a boat")
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("article.card")).to_have_count(1)
    expect(page.locator("#pill-model_id")).to_be_hidden()
    # The bar still holds the prompt, and a press on its button only shows what would be sent, however hasty.
    page.get_by_role("button", name="Generate").dblclick()
    expect(page.locator("#pill-model_id")).to_be_visible()
    expect(page.locator("#generate #price")).to_be_visible()
    expect(page.locator("article.card")).to_have_count(1)
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("article.card")).to_have_count(2)
    # A form that is wrong stays open and says so.
    page.locator("[name=prompt]").click()
    page.fill("[name=prompt]", "")
    page.get_by_role("button", name="Generate").click()
    expect(page.get_by_text("Write a prompt first")).to_be_visible()
    expect(page.locator("#pill-model_id")).to_be_visible()
