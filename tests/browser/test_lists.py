"""A result leads through the list it was opened from, and back to it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio, enter
from tests.cases import each

FOXES = """
from accounts.models import User
from django.utils import timezone
from generations.library import collecting, curation
from tests.helpers import make_generation
user = User.objects.get(username={name!r})
rows = []
for n in range(60):
    words = f"a fox {{n}}" if n % 2 else f"an owl {{n}}"
    rows.append(make_generation(user, prompt=words, status="done", team_at=timezone.now() if n % 2 else None))
curation.star_all(user, [row.pk for row in rows[1::4]])
collection, _ = collecting.create(user, "Every third")
collecting.add(user, collection.pk, [row.pk for row in rows[::3]])
print(collection.pk)
"""


@pytest.fixture(scope="module")
def person(studio: Studio) -> tuple[str, str]:
    """Somebody with sixty results, foxes and owls by turns, some starred, some in a collection: name, its id."""
    name = studio.person()
    return name, studio.python(FOXES.format(name=name))


def prompts(page: Page) -> list[str]:
    return page.locator("#wall article.card .card-prompt").all_inner_texts()


@each("wall", ["/generations/?q=fox", "/collections/{}/", "/"])
def test_arrows_lead_through_the_list_and_escape_and_back_to_it(person: tuple[str, str], page: Page, wall: str) -> None:
    name, collection = person
    enter(page, name)
    page.goto(wall.format(collection))
    listed, address = prompts(page), page.url
    place = 9
    page.locator("#wall article.card").nth(place).evaluate("card => card.scrollIntoView({ block: 'center' })")
    top = page.evaluate("scrollY")
    for leave in ("Escape", "Back", "link"):
        page.locator("#wall article.card .frame").nth(place).click()
        for step in (1, 2, 3):
            expect(page.locator("#prompt-text")).to_have_text(listed[place + step - 1])
            page.keyboard.press("ArrowRight")
            expect(page.locator("#prompt-text")).to_have_text(listed[place + step])
        page.keyboard.press("ArrowLeft")
        expect(page.locator("#prompt-text")).to_have_text(listed[place + 2])
        if leave == "Escape":
            page.keyboard.press("Escape")
        elif leave == "Back":
            page.go_back()
        else:
            page.get_by_role("link", name="Back to:").click()
        expect(page.locator("#wall")).to_be_visible()
        assert (page.url, prompts(page)) == (address, listed)
        page.wait_for_function("top => Math.abs(scrollY - top) < 2", arg=top)


def test_a_filter_chosen_on_the_page_is_the_list_of_what_is_opened_then(person: tuple[str, str], page: Page) -> None:
    enter(page, person[0])
    page.goto("/generations/")
    page.get_by_label("Starred").check()
    expect(page.locator("#wall article.card")).to_have_count(15)
    listed = prompts(page)
    page.locator("#wall article.card .frame").nth(4).click()
    expect(page.locator("#prompt-text")).to_have_text(listed[4])
    page.keyboard.press("ArrowRight")
    expect(page.locator("#prompt-text")).to_have_text(listed[5])
    page.get_by_role("button", name="Star", exact=True).click()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#prompt-text")).to_have_text(listed[6])
    page.keyboard.press("Escape")
    expect(page.get_by_label("Starred")).to_be_checked()
    expect(page.locator("#wall article.card .star[aria-pressed=false]")).to_have_count(1)  # it stays where it is
    page.reload()
    expect(page.locator("#wall article.card")).to_have_count(14)


def test_escape_leads_to_the_card_of_a_result_opened_by_itself_once_all_else_is_closed(
    person: tuple[str, str], page: Page
) -> None:
    enter(page, person[0])
    page.goto("/generations/?q=fox")
    link = page.locator("#wall article.card .frame").nth(17)
    card, address = link.evaluate("link => link.closest('article').id"), link.get_attribute("href")
    assert address
    other = page.context.new_page()
    other.goto(address)
    other.keyboard.press("Escape")
    other.wait_for_url("**/generations/?q=fox#generation-*")
    expect(other.locator(f"#{card}")).to_be_in_viewport()

    # And Escape closes what is open before it leaves a result.
    page.goto("/generations/")
    page.locator("#wall article.card .frame").first.click()
    expect(page.locator(".result")).to_be_visible()
    page.locator("summary[aria-label^='Your account']").click()
    page.keyboard.press("Escape")
    expect(page.locator("details.menu[open]")).to_have_count(0)
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    expect(page.locator(".result")).to_be_visible()
    page.locator("#collection-name").fill("x")
    page.keyboard.press("Escape")
    expect(page.locator(".result")).to_be_visible()
