"""Back returns to the place that was left, with as many cards and none of them out of date."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio, enter, sign_in
from tests.cases import each

MANY = """
from accounts.models import User
from django.utils import timezone
from generations.library import collecting
from tests.helpers import make_generation
user = User.objects.get(username={name!r})
rows = [make_generation(user, prompt=f"a fox {{n}}", status="done", team_at=timezone.now()) for n in range(110)]
collection, _ = collecting.create(user, "Foxes")
collecting.add(user, collection.pk, [row.pk for row in rows])
print(collection.pk)
"""
WALLS = ["/generations/?q=fox", "/gallery/", "/collections/{}/"]


@pytest.fixture(scope="module")
def person(studio: Studio) -> tuple[str, str]:
    """Somebody with more finished results than a page holds, all in one collection: the name, the collection's id."""
    name = studio.person()
    return name, studio.python(MANY.format(name=name))


def load(page: Page, count: int) -> None:
    """Scrolls down until so many cards are there."""
    cards = page.locator("#wall article.card")
    for loaded in range(24, count, 24):
        expect(cards).to_have_count(loaded)
        page.get_by_role("link", name="Show older").scroll_into_view_if_needed()
    expect(cards).to_have_count(count)


def middle(page: Page, number: int) -> float:
    """Brings the card with this number to the middle of the window; returns how far the page is scrolled then."""
    page.locator("#wall article.card").nth(number).evaluate("card => card.scrollIntoView({ block: 'center' })")
    return float(page.evaluate("scrollY"))


def open_card(page: Page, number: int) -> None:
    page.locator("#wall article.card").nth(number).locator(".frame").click()
    expect(page.locator(".result")).to_be_visible()


def is_at(page: Page, top: float) -> None:
    page.wait_for_function("top => Math.abs(scrollY - top) < 2", arg=top)


@each("wall", WALLS)
def test_back_from_a_result_finds_the_same_cards_at_the_same_place(
    person: tuple[str, str], page: Page, wall: str
) -> None:
    name, collection = person
    enter(page, name)
    page.goto(wall.format(collection))
    load(page, 96)
    top = middle(page, 80)
    words = page.locator("#wall article.card").nth(80).inner_text()
    open_card(page, 80)
    page.go_back()
    expect(page.locator("#wall article.card")).to_have_count(96)
    is_at(page, top)
    assert page.locator("#wall article.card").nth(80).inner_text() == words
    expect(page.get_by_role("link", name="Show older")).to_have_count(1)
    page.get_by_role("link", name="Show older").scroll_into_view_if_needed()
    expect(page.locator("#wall article.card")).not_to_have_count(96)
    assert page.locator("#wall article.card").count() >= 110  # the team may show more


def test_back_to_the_studio_finds_the_wall_as_it_had_grown(person: tuple[str, str], page: Page) -> None:
    enter(page, person[0])
    expect(page.locator("#wall article.card")).to_have_count(24)
    page.fill("[name=prompt]", "a red fox sandbox:seconds=60")
    before = page.locator("#generate .button.primary").inner_text()
    page.fill("[name=count]", "4")
    expect(page.locator("#generate .button.primary")).not_to_have_text(before)
    page.click("#generate .button.primary")
    expect(page.locator("#wall article.card")).to_have_count(28)
    words = page.locator("#wall article.card").nth(27).inner_text()
    top = middle(page, 27)
    open_card(page, 27)
    page.go_back()
    expect(page.locator("#wall article.card", has_text=words.splitlines()[0])).not_to_have_count(0)
    assert page.locator("#wall article.card").nth(27).inner_text() == words
    is_at(page, top)


def test_back_from_an_image_of_meigens_gallery_finds_the_same_images(person: tuple[str, str], page: Page) -> None:
    enter(page, person[0])
    page.goto("/inspiration/")
    cards = page.locator("article.card")
    expect(cards).to_have_count(24)
    page.get_by_role("link", name="More").scroll_into_view_if_needed()
    expect(cards).to_have_count(48)
    cards.nth(30).evaluate("card => card.scrollIntoView({ block: 'center' })")
    top, words = page.evaluate("scrollY"), cards.nth(30).inner_text()
    cards.nth(30).locator(".frame").click()
    expect(page.get_by_role("link", name="Use prompt")).to_be_visible()
    page.go_back()
    expect(cards.nth(30)).to_have_text(words, use_inner_text=True)
    is_at(page, top)


def test_back_from_a_search_finds_the_list_and_what_the_browser_kept_is_loaded_anew(
    person: tuple[str, str], page: Page
) -> None:
    enter(page, person[0])
    page.goto("/generations/")
    load(page, 72)
    page.evaluate("scrollTo(0, 0)")
    page.get_by_label("Search prompts").fill("a fox 10")
    expect(page.locator("#wall article.card")).to_have_count(11)
    page.go_back()
    expect(page.locator("#wall article.card")).to_have_count(72)

    # A page that the browser kept in its memory is loaded anew.
    page.goto("/generations/")
    with page.expect_navigation():
        page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.locator("#wall article.card")).to_have_count(24)


def test_back_after_signing_out_shows_nothing_of_anybodys(person: tuple[str, str], page: Page) -> None:
    sign_in(page, person[0])
    page.goto("/generations/")
    load(page, 48)
    open_card(page, 30)
    page.locator("summary[aria-label^='Your account']").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    for _ in range(3):
        page.go_back()
        expect(page.locator("[name=login]")).to_be_visible()
        expect(page.locator("article.card, .result")).to_have_count(0)
        expect(page.get_by_text("a fox")).to_have_count(0)


def test_back_shows_what_was_changed_beside_the_result(studio: Studio, page: Page) -> None:
    name = studio.person()
    studio.python(MANY.format(name=name))
    enter(page, name)
    page.goto("/generations/")
    load(page, 48)
    words = page.locator("#wall article.card").nth(30).locator(".card-prompt").inner_text()
    star = page.locator("#wall article.card", has=page.get_by_text(words, exact=True)).locator(".star")
    top = middle(page, 30)
    open_card(page, 30)
    page.get_by_role("button", name="Star", exact=True).click()
    pressed = page.locator(".result button[name=on]")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(star).to_have_attribute("aria-pressed", "true")
    is_at(page, top)
    open_card(page, 30)
    page.locator("summary[title=More]").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("button", name="Undo").first).to_be_focused()
    page.go_back()
    expect(page.locator("#wall article.card")).to_have_count(48)
    expect(star).to_have_count(0)
    is_at(page, top)
