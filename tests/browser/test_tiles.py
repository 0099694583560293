"""What a tile of the wall does under a mouse and a finger."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Studio, enter

MADE = """
from accounts.models import User
from meigen_site.env import BASE_DIR
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={name!r})
made = make_generation(user, prompt="a calm sea", status="done", media_type="video")
clip = (BASE_DIR / "sandbox" / "clips" / "square.mp4").read_bytes()
make_result(made, data=clip, content_type="video/mp4", width=640, height=360)
make_result(make_generation(user, prompt="a fox", status="done"), data=picture(size=(640, 480)), width=640, height=480)
"""


@pytest.fixture
def person(studio: Studio) -> str:
    name = studio.person()
    studio.python(MADE.format(name=name))
    return name


def test_a_video_plays_while_the_mouse_is_on_it(page: Page, person: str) -> None:
    enter(page, person)
    page.goto("/generations/")
    tile = page.locator("#wall article.card", has_text="a calm sea")
    tile.hover()
    playing = tile.locator("video")
    expect(playing).to_have_js_property("paused", value=False)
    expect(playing).to_have_js_property("muted", value=True)
    tile.get_by_role("button", name="Star").hover()  # what lies over it is part of it
    expect(playing).to_be_visible()
    page.locator("#wall article.card", has_text="a fox").hover()
    expect(page.locator("#wall video")).to_have_count(0)


def test_nothing_plays_for_whoever_wants_less_motion(page: Page, person: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    enter(page, person)
    page.goto("/generations/")
    page.clock.install()
    page.locator("#wall article.card", has_text="a calm sea").hover()
    page.clock.run_for(1000)
    expect(page.locator("#wall video")).to_have_count(0)


def test_the_menu_of_a_tile_leads_where_its_icons_have_no_room_to(page: Page, person: str) -> None:
    enter(page, person)
    page.goto("/generations/")
    tile = page.locator("#wall article.card", has_text="a fox")
    menu = page.get_by_role("dialog", name="More")
    tile.hover()
    tile.get_by_role("button", name="More").click()
    menu.get_by_role("link", name="Add to collection").click()
    expect(page.locator("#viewer #prompt-text")).to_have_text("a fox")
    expect(menu).to_be_hidden()
    expect(page.get_by_role("combobox", name="Add to collection")).to_be_focused()
    page.go_back()
    other = page.locator("#wall article.card", has_text="a calm sea")
    other.hover()
    other.get_by_role("button", name="More").click()
    expect(menu.get_by_role("link", name="Download", exact=True)).to_be_visible()
    expect(menu.get_by_role("link", name="Compare")).to_have_count(0)  # not a video
    page.mouse.click(5, 5)
    expect(menu).to_be_hidden()


@pytest.fixture
def phone(studio: Studio, chromium: Browser, person: str) -> Iterator[Page]:
    with chromium.new_context(
        base_url=studio.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        page = context.new_page()
        enter(page, person)
        page.goto("/generations/")
        yield page


def test_a_long_press_brings_the_actions_and_a_tap_the_result(phone: Page) -> None:
    tile = phone.locator("#wall article.card", has_text="a fox")
    star = tile.get_by_role("button", name="Star")
    expect(star).to_be_hidden()
    box = tile.locator(".frame").bounding_box()
    assert box
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + 20}
    touch = phone.context.new_cdp_session(phone)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    expect(star).to_be_visible()
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(phone.locator("#viewer")).to_be_hidden()
    star.tap()
    expect(star).to_have_attribute("aria-pressed", "true")
    tile.get_by_role("button", name="More").tap()
    menu = phone.get_by_role("dialog", name="More")
    menu.get_by_role("button", name="Remove star").tap()
    expect(menu).to_be_hidden()
    expect(tile.locator(".star")).to_have_attribute("aria-pressed", "false")
    tile.locator(".frame").tap(position={"x": 60, "y": 20})
    expect(phone.locator("#viewer #prompt-text")).to_have_text("a fox")
