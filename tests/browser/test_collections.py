"""Collections as people use them: chosen before generating, moved between, arranged with the keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio, enter


@pytest.fixture
def person(studio: Studio) -> str:
    """Somebody with three finished pictures in a collection."""
    name = studio.person()
    code = f"""
from accounts.models import User
from generations.library import collecting
from tests.helpers import make_generation, make_result
user = User.objects.get(username={name!r})
letters, _ = collecting.create(user, "Letters")
collecting.create(user, "Finals")
for words in ["letter a", "letter b", "letter c"]:
    row = make_generation(user, prompt=words, status="done")
    make_result(row)
    collecting.add(user, letters.pk, [row.pk])
"""
    studio.python(code)
    return name


def open_collection(page: Page, title: str) -> None:
    """One of one's own: colleagues' of the same name say whose they are."""
    page.goto("/collections/")
    page.get_by_role("link", name=re.compile(rf"^{title} \d+ results?$")).click()


def prompts(page: Page) -> list[str]:
    return [words.strip() for words in page.locator(".card-prompt").all_text_contents()]


def test_items_are_moved_and_taken_out_and_leave_the_wall_at_once(person: str, page: Page) -> None:
    enter(page, person)
    open_collection(page, "Letters")
    page.get_by_label("Select: letter b").check(force=True)
    page.get_by_label("Collection", exact=True).fill("Finals")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_text("1 moved to Finals.")).to_be_visible()
    expect(page.locator("article.card")).to_have_count(2)
    for letter in "ac":
        page.get_by_label(f"Select: letter {letter}").check(force=True)
    page.get_by_role("button", name="Remove from collection").click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    open_collection(page, "Finals")
    expect(page.locator("article.card")).to_have_count(1)


def test_the_order_is_arranged_with_the_keyboard_alone(person: str, page: Page) -> None:
    enter(page, person)
    open_collection(page, "Letters")
    page.wait_for_url("**/collections/*-*/")
    assert prompts(page) == ["letter c", "letter b", "letter a"]
    page.get_by_label("Order").select_option("oldest")
    expect(page.locator(".card-prompt").first).to_have_text("letter a")
    page.get_by_role("link", name="Arrange").click()
    later = page.get_by_role("button", name="Later: letter a")
    later.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".arrange li").nth(1)).to_contain_text("letter a")
    expect(later).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".arrange li").nth(2)).to_contain_text("letter a")
    expect(page.locator("#announcements")).to_have_text("Now at position 3 of 3.")
    page.get_by_role("link", name="Back to the collection").click()
    expect(page.get_by_label("Order")).to_have_value("hand")
    assert prompts(page) == ["letter b", "letter c", "letter a"]


def test_an_item_is_dragged_to_its_place_or_sent_there_by_a_key(person: str, page: Page) -> None:
    enter(page, person)
    open_collection(page, "Letters")
    page.get_by_role("link", name="Arrange").click()
    items = page.locator(".arrange li")
    words = page.locator(".arrange .cut")
    expect(words).to_have_text(["letter c", "letter b", "letter a"])
    items.nth(0).drag_to(items.nth(2))
    expect(words).to_have_text(["letter b", "letter a", "letter c"])
    expect(page.locator("#announcements")).to_have_text("Now at position 3 of 3.")
    items.nth(2).locator("img").drag_to(items.nth(1))
    expect(words).to_have_text(["letter b", "letter c", "letter a"])
    page.get_by_role("button", name="Move later: letter b").focus()
    page.keyboard.press("End")
    expect(words).to_have_text(["letter c", "letter a", "letter b"])
    page.keyboard.press("ArrowLeft")
    expect(words).to_have_text(["letter c", "letter b", "letter a"])
    page.keyboard.press("Home")
    expect(words).to_have_text(["letter b", "letter c", "letter a"])
    expect(page.get_by_role("button", name="Move to front: letter b")).to_be_focused()


def test_a_result_is_viewed_in_its_collection_with_the_keyboard_and_seen_in_the_strip(
    studio: Studio, person: str, page: Page
) -> None:
    code = f"""
from accounts.models import User
from generations.library import collecting
from tests.helpers import make_generation, make_result
user = User.objects.get(username={person!r})
letters = user.collections.get(name="Letters")
make_generation(user, prompt="not a letter", status="done")
for letter in "defghi":
    row = make_generation(user, prompt=f"letter {{letter}}", status="done")
    make_result(row)
    collecting.add(user, letters.pk, [row.pk])
"""
    studio.python(code)
    page.set_viewport_size({"width": 390, "height": 844})
    enter(page, person)
    page.goto("/collections/")
    page.get_by_role("link", name="Letters").first.click()
    page.get_by_role("link", name="Open: letter f", exact=True).click()
    for letter in "fedc":
        expect(page.locator("#prompt-text")).to_have_text(f"letter {letter}")
        page.wait_for_load_state()  # keys are heard once the scripts have run
        page.keyboard.press("ArrowRight" if letter != "c" else "ArrowLeft")
    expect(page.locator("#prompt-text")).to_have_text("letter d")
    expect(page.locator(".strip [aria-current]")).to_be_in_viewport(ratio=1)
