"""Finding by pills and acting on all that is found, with the mouse, the keyboard and a thumb."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Studio, enter

MADE = """
from datetime import timedelta
from accounts.models import User
from django.utils import timezone
from generations.library import collecting
from tests.helpers import make_generation
user = User.objects.get(username={name!r})
now = timezone.now()
for n in range(70):
    fox = n % 2 == 0
    make_generation(
        user, prompt=f"a fox {{n}}" if fox else f"an owl {{n}}", status="done", credits_used=5,
        model_id="z-image-turbo" if fox else "flux2-klein", model_name="Z Image Turbo" if fox else "FLUX.2 Klein",
        created_at=now - timedelta(days=n),
    )
collecting.create(user, "Client A")
"""


@pytest.fixture
def person(studio: Studio) -> str:
    """Somebody with seventy results, one a day: foxes and owls by turns, each of its own model."""
    name = studio.person()
    studio.python(MADE.format(name=name))
    return name


def cards(page: Page) -> Locator:
    return page.locator("#wall article.card")


def pill(page: Page, name: str) -> Locator:
    return page.locator(f"#chip-{name}")


def choose(page: Page, name: str, value: str) -> None:
    pill(page, name).click()
    page.locator(".pill[open] label.chip", has_text=value).click()


def test_a_pill_says_what_is_chosen_and_its_cross_clears_it(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/")
    choose(page, "model", "FLUX.2 Klein")
    expect(page).to_have_url(re.compile(r"/generations/\?model=flux2-klein$"))
    expect(pill(page, "model")).to_have_text(re.compile("Model FLUX.2 Klein"))
    expect(page.locator(".pill[open]")).to_have_count(0)
    expect(cards(page).first).to_contain_text("an owl 1")
    choose(page, "period", "Last 7 days")
    expect(cards(page)).to_have_count(3)
    expect(page.locator("#announcements")).to_have_text("Showing 3 results.")  # to whoever cannot see them
    page.get_by_role("link", name="Clear: Model").click()
    expect(page).to_have_url(re.compile(r"/generations/\?period=last-7-days$"))
    expect(cards(page)).to_have_count(7)
    expect(pill(page, "model")).to_be_focused()
    page.go_back()
    expect(cards(page)).to_have_count(3)
    expect(pill(page, "model")).to_contain_text("FLUX.2 Klein")


def test_filters_are_chosen_with_the_keyboard_alone(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/")
    pill(page, "period").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(cards(page)).to_have_count(1)
    page.keyboard.press("ArrowDown")  # the list stays open, on what is chosen
    expect(page.get_by_role("radio", name="Yesterday")).to_be_checked()
    expect(page.get_by_role("radio", name="Yesterday")).to_be_focused()
    expect(page).to_have_url(re.compile("period=yesterday"))
    expect(cards(page).first).to_contain_text("an owl 1")
    page.keyboard.press("Escape")
    expect(pill(page, "period")).to_be_focused()
    expect(page.locator(".pill[open]")).to_have_count(0)
    pill(page, "collection").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Client A")).to_be_visible()
    page.locator(".pill[open]").get_by_label("All").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Client A")).to_be_checked()
    expect(page.get_by_text("No results match.")).to_be_visible()


def test_dates_are_chosen_one_after_the_other(person: str, page: Page, studio: Studio) -> None:
    days = "from django.utils import timezone; from datetime import timedelta; d = timezone.localdate()\n"
    first, last = studio.python(f"{days}print(d - timedelta(days=9), d - timedelta(days=5))").split()
    enter(page, person)
    page.goto("/generations/")
    choose(page, "period", "Choose dates")
    expect(page).to_have_url(re.compile("period=days$"))
    page.get_by_label("From", exact=True).fill(first)
    expect(page).to_have_url(re.compile(f"since={first}$"))
    page.get_by_label("To", exact=True).fill(last)
    expect(cards(page)).to_have_count(5)
    page.locator(".pill[open] label.chip", has_text="Today").click()
    expect(cards(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?period=today$"))


def test_a_month_leads_to_its_last_day_and_back_to_where_one_was(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/")
    newest = cards(page).first.get_attribute("id")
    pill(page, "day").click()
    months = page.locator(".months a")
    expect(months.nth(1)).to_be_visible()
    months.nth(1).click()
    expect(page).to_have_url(re.compile(r"\?day="))
    first = cards(page).first
    expect(first).not_to_have_id(newest or "")
    day = page.locator(".day").first.inner_text()
    page.locator("[hx-trigger*=intersect]").scroll_into_view_if_needed()
    expect(cards(page).nth(24)).to_be_attached()
    page.reload()
    assert page.locator(".day").first.inner_text() == day
    page.get_by_role("link", name="Back to the newest").last.click()
    expect(cards(page).first).to_have_id(newest or "")


def test_a_filter_is_saved_and_opened_by_its_name(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/?q=fox&period=last-7-days")
    pill(page, "views").click()
    page.get_by_label("Save this filter as").fill("Fresh foxes")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“Fresh foxes” saved.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=fox&period=last-7-days$"))  # typing a name is no search
    page.goto("/generations/")
    pill(page, "views").click()
    page.get_by_role("link", name="Fresh foxes").click()
    expect(cards(page)).to_have_count(4)


def test_all_that_is_found_is_chosen_with_two_keys_deleted_and_brought_back(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/")
    page.locator("#find-q").fill("a fox")
    expect(page).to_have_url(re.compile("q=a"))
    page.keyboard.press("ControlOrMeta+a")  # while one writes, it is the field's
    expect(page.locator("#selection")).to_be_hidden()
    page.locator("h1").click()
    page.keyboard.press("ControlOrMeta+a")
    expect(page.locator("#found")).to_have_text("35 results · 175 credits charged")
    assert page.evaluate("getSelection().toString()") == ""
    page.locator("[hx-trigger*=intersect]").scroll_into_view_if_needed()
    expect(page.locator(".pick:checked")).to_have_count(35)  # what comes is among them
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()

    page.locator(".pick").first.check()
    page.get_by_role("button", name="Select all").click()
    expect(page.locator("#found")).to_have_text("35 results · 175 credits charged")
    page.locator(".pick").nth(2).uncheck()
    expect(page.get_by_text("34 selected")).to_be_visible()  # no more than is seen
    page.locator("h1").click()
    page.keyboard.press("ControlOrMeta+a")
    expect(page.locator("#found")).to_have_text(re.compile("35 results"))
    page.locator("#selection").get_by_role("button", name="Delete").click()
    message = page.locator("#messages .note", has_text="35 deleted.")
    expect(message).to_be_visible()
    expect(page.locator("article.card.deleted")).to_have_count(35)
    message.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("35 restored.")).to_be_visible()
    expect(cards(page)).to_have_count(35)
    expect(page.locator("article.card.deleted")).to_have_count(0)

    # What is not loaded is acted on all the same.
    page.goto("/generations/?q=a+fox")
    page.keyboard.press("ControlOrMeta+a")
    expect(page.locator("#found")).to_have_text(re.compile("35 results"))
    page.locator("#selection").get_by_role("button", name="Star").click()
    expect(page.get_by_text("35 starred.")).to_be_visible()
    page.goto("/generations/?starred=on&pages=2")
    expect(cards(page)).to_have_count(35)


def test_what_opens_at_the_edge_stays_in_the_window(person: str, page: Page) -> None:
    page.set_viewport_size({"width": 820, "height": 900})
    enter(page, person)
    page.goto("/generations/?state=done&kind=image&period=last-7-days&model=flux2-klein")
    for direction in ["ltr", "rtl"]:
        page.evaluate("direction => (document.documentElement.dir = direction)", direction)
        for each in ["collection", "period", "day", "views"]:
            pill(page, each).click()
            box = page.locator(".pill[open] .popover").bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 820
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_the_row_scrolls_and_a_pill_opens_a_sheet(person: str, page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    enter(page, person)
    page.goto("/generations/")
    row = page.locator("#chips")
    assert row.evaluate("row => row.scrollWidth > row.clientWidth && row.clientHeight < 60")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pill(page, "period").click()
    sheet = page.locator(".pill[open] .popover").bounding_box()
    bottom = page.locator(".top nav").bounding_box()
    assert sheet
    assert bottom
    assert (sheet["x"], sheet["width"]) == (0, bottom["width"])
    assert sheet["y"] + sheet["height"] == bottom["y"]
    page.locator(".pill[open] label.chip", has_text="Last 7 days").click()
    expect(cards(page)).to_have_count(7)
    expect(page.locator(".pill[open]")).to_have_count(0)

    # The bar for what is selected is two rows of thumbs' size, with its field behind a button.
    page.locator(".pick").first.check(force=True)
    bar = page.locator("#selection")
    box = bar.bounding_box()
    assert box
    assert box["height"] <= 100
    page.get_by_role("button", name="Add to collection").click()
    page.get_by_label("Collection", exact=True).fill("Client A")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("1 added to Client A.")).to_be_visible()


def test_without_scripts_the_filters_are_a_plain_form(studio: Studio, person: str, page: Page) -> None:
    assert page.context.browser
    with page.context.browser.new_context(base_url=studio.url, java_script_enabled=False) as plain:
        still = plain.new_page()
        enter(still, person)
        still.goto("/generations/")
        choose(still, "period", "Last 7 days")
        still.get_by_role("button", name="Search").click()
        expect(cards(still)).to_have_count(7)
        expect(pill(still, "period")).to_contain_text("Last 7 days")
        still.get_by_role("link", name="Clear: Period").click()
        expect(cards(still)).to_have_count(24)
        pill(still, "views").click()
        still.get_by_role("link", name="Saved views").click()
        expect(still.get_by_role("heading", name="Saved views")).to_be_visible()
