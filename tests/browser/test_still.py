"""Nothing moves that the person did not scroll: not by messages, a selection, a remix or a new link."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Studio, Watch, enter
from tests.browser.stillness import comes_to, is_seen, moved, remember
from tests.cases import each

HEIGHTS = [650, 768, 860]
PEOPLE = """
from accounts.models import User
from generations.library import collecting
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={name!r})
for n in range(40):
    make_generation(user, prompt=f"an owl {{n}}", status="done", credits_used=2)
for n in range(2):
    make_result(make_generation(user, prompt="a red fox", status="done", credits_used=2))
collecting.create(user, "Foxes")
"""


@pytest.fixture(scope="module")
def person(studio: Studio) -> str:
    """Somebody with a long history, on top of it twice the same red fox."""
    name = studio.person()
    studio.python(PEOPLE.format(name=name))
    return name


def choose(page: Page, *numbers: int) -> None:
    for number in numbers:
        page.locator("#wall article.card .frame").nth(number).click(modifiers=["ControlOrMeta"])


def said(page: Page, words: str):  # type: ignore[no-untyped-def]
    return page.locator("#messages .note", has_text=words)


@each("height", HEIGHTS)
def test_a_message_lies_over_the_page_and_goes_by_itself(person: str, page: Page, height: int) -> None:
    page.set_viewport_size({"width": 1366, "height": height})
    page.clock.install()
    enter(page, person)
    page.goto("/generations/?pages=2")
    page.evaluate("scrollTo(0, 300)")
    choose(page, 4, 5)
    remember(page)
    page.get_by_role("button", name="Star", exact=True).last.click()
    message = said(page, "2 starred.")
    expect(message).to_be_visible()
    assert moved(page) == []
    assert is_seen(message)
    message.hover()
    page.clock.run_for(60_000)
    expect(message).to_be_visible()
    page.mouse.move(5, 300)
    message.get_by_role("button", name="Close").focus()
    page.clock.run_for(60_000)
    expect(message).to_be_visible()
    page.locator(".top a").first.focus()
    page.clock.run_for(10_000)
    expect(message).to_have_count(0)
    assert moved(page) == []


def test_an_error_stays_until_it_is_closed(person: str, page: Page, watch: Watch) -> None:
    page.clock.install()
    enter(page, person)
    page.goto("/generations/?pages=2")
    page.route("**/generations/*/star/", lambda route: route.fulfill(status=500))
    card = page.locator("#wall article.card").nth(1)
    card.hover()
    remember(page)
    card.get_by_role("button", name="Star").click()
    error = said(page, "Something went wrong in the studio.")
    expect(error).to_be_visible()
    watch.complaints.clear()
    expect(error).to_be_visible()
    page.clock.run_for(600_000)
    expect(error).to_be_visible()
    error.get_by_role("button", name="Close").press("Enter")
    expect(error).to_have_count(0)
    assert moved(page) == []


@each("height", [*HEIGHTS, 844])
def test_typing_a_collection_for_what_is_selected_moves_nothing(person: str, page: Page, height: int) -> None:
    page.set_viewport_size({"width": 390 if height == 844 else 1366, "height": height})
    enter(page, person)
    page.goto("/generations/?pages=2")
    page.evaluate("scrollTo(0, 700)")
    remember(page)
    page.locator("#wall article.card .pick").nth(9).evaluate("pick => pick.click()")
    expect(page.get_by_text("1 selected")).to_be_visible()
    assert moved(page) == []
    if height == 844:
        page.get_by_role("button", name="Add to collection").click()
    page.get_by_placeholder("New or existing collection").focus()
    remember(page)
    for key in "Foxes":
        page.keyboard.press(key)
        assert moved(page) == []
    expect(page.get_by_text("The team sees everything in team collections.")).to_be_visible()
    page.keyboard.press("Enter")
    expect(said(page, "1 added to Foxes.")).to_be_visible()
    assert moved(page) == []


@each("height", HEIGHTS)
def test_what_was_made_before_covers_and_moves_no_field_of_a_remix(person: str, page: Page, height: int) -> None:
    page.set_viewport_size({"width": 1366, "height": height})
    enter(page, person)
    page.goto("/generations/?pages=2")
    card = page.locator("#wall article.card", has_text="a red fox").first
    card.hover()
    card.get_by_role("link", name="Remix").click()
    made = page.get_by_text("for 0 credits")
    expect(made).to_be_visible()
    fields = [page.locator("[name=count]"), page.locator("#pill-into"), page.locator("#generate .button.primary")]
    before = [is_seen(field) for field in fields]
    if height == 860:
        assert before == [True, True, True]
    words = page.locator("[name=prompt]").input_value()
    remember(page)
    page.fill("[name=prompt]", "a fox that nobody made")
    expect(made).to_have_count(0)
    assert moved(page) == []
    page.fill("[name=prompt]", words)
    expect(made).to_be_visible()
    assert moved(page) == []
    assert [is_seen(field) for field in fields] == before
    assert is_seen(made)
    page.fill("[name=count]", "3")
    for field in fields:
        field.focus()
        assert is_seen(field)


@each("size", [(1366, 650), (1366, 768), (1366, 860), (390, 844)])
def test_a_new_link_is_seen_at_once_and_its_button_stays_where_it_is(
    studio: Studio, page: Page, size: tuple[int, int]
) -> None:
    name = studio.person()
    studio.python(PEOPLE.format(name=name))
    page.set_viewport_size({"width": size[0], "height": size[1]})
    enter(page, name)
    page.goto("/generations/?pages=2")
    page.locator("#wall article.card .frame").first.click()
    page.locator("summary[title=Share]").click()
    create = page.get_by_role("button", name="Create link", exact=True)
    place, top = create.bounding_box(), page.evaluate("scrollY")
    remember(page)
    create.click()
    link = page.locator(".share-link")
    expect(link).to_be_visible()
    message = said(page, "The link is ready.")
    expect(message).to_be_visible()
    assert is_seen(link)
    assert is_seen(message)
    assert (create.bounding_box(), page.evaluate("scrollY")) == (place, top)
    assert moved(page) == []
    remember(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert moved(page) == []


def test_deleting_and_undoing_moves_nothing(person: str, page: Page) -> None:
    enter(page, person)
    page.goto("/generations/?pages=2")
    choose(page, 6, 7)
    page.locator("#selection").get_by_role("button", name="Delete").click()
    message = said(page, "2 deleted.")
    expect(message).to_be_visible()
    expect(page.locator("article.card.deleted")).to_have_count(2)
    remember(page)
    message.get_by_role("button", name="Undo").click()
    expect(said(page, "2 restored.")).to_be_visible()
    expect(page.locator("article.card.deleted")).to_have_count(0)
    assert moved(page) == []

    # Beside the result neither its words nor its picture move.
    page.goto("/generations/?q=owl")
    page.locator("#wall article.card .frame").nth(3).click()
    words, picture = page.locator("#prompt-text"), page.get_by_role("button", name="Copy prompt")
    before = words.bounding_box(), picture.bounding_box()
    page.locator("summary[title=More]").click()
    page.locator("#viewer").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("This result is deleted.")).to_be_visible()
    assert (words.bounding_box(), picture.bounding_box()) == before
    page.locator("#viewer").get_by_role("button", name="Undo").click()
    star = page.locator("#viewer").get_by_role("button", name="Star", exact=True)
    expect(star).to_be_focused()
    place = star.bounding_box()
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    comes_to(page, "star", place)


def test_what_can_still_be_undone_stays_while_more_is_done(studio: Studio, page: Page) -> None:
    name = studio.person()
    studio.python(PEOPLE.format(name=name))
    enter(page, name)
    page.goto("/generations/")
    remember(page)
    bar = page.locator("#selection")
    for number in range(2):
        choose(page, 2 * number, 2 * number + 1)
        bar.get_by_role("button", name="Delete").click()
        expect(page.locator("#messages .note", has=page.get_by_role("button", name="Undo"))).to_have_count(number + 1)
        page.keyboard.press("Escape")
    assert moved(page) == []
    notes = page.locator("#messages .note")
    tops = [note.evaluate("note => note.getBoundingClientRect().top") for note in notes.all()]
    bottoms = [note.evaluate("note => note.getBoundingClientRect().bottom") for note in notes.all()]
    assert bottoms[1] <= tops[0], "one lies over the other"  # the next one comes in above
    choose(page, 8)
    bar.get_by_role("button", name="Star", exact=True).click()
    expect(said(page, "1 starred.")).to_be_visible()
    expect(notes).to_have_count(3)
    page.locator("[role=status]#messages").get_by_role("button", name="Undo").first.click()
    expect(said(page, "2 restored.")).to_be_visible()
    expect(said(page, "2 deleted.")).to_have_count(1)
    expect(said(page, "1 starred.")).to_have_count(1)  # what a message does is not the next thing
    expect(page.locator("article.card.deleted")).to_have_count(2)
    choose(page, 9)
    bar.get_by_role("button", name="Star", exact=True).click()
    expect(said(page, "2 restored.")).to_have_count(0)
    expect(said(page, "2 deleted.")).to_have_count(1)


def test_the_keyboard_in_the_form_and_in_the_bar_leaves_the_page_where_it_is(person: str, page: Page) -> None:
    enter(page, person)
    top = page.evaluate("scrollTo(0, 600); scrollY")
    assert top > 200
    page.keyboard.press("p")
    expect(page.locator("[name=prompt]")).to_be_focused()
    wall = page.locator("#wall")
    place = wall.bounding_box()
    page.keyboard.type("a patient heron")
    page.locator("[name=count]").click()
    page.keyboard.type("1")
    pills = page.locator(".stepper ~ * summary").count()  # one more where the team has projects
    for _ in range(pills + 1):
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Generate")).to_be_focused()
    assert wall.bounding_box() == place
    assert page.evaluate("scrollY") == top

    # And so does going through the bar.
    page.goto("/generations/?pages=2")
    page.evaluate("scrollTo(0, 900)")
    remember(page)
    page.locator(".top nav a").first.focus()
    for _ in range(5):
        page.keyboard.press("Tab")
        assert moved(page) == []


def test_what_waits_for_credits_comes_and_goes_without_moving_the_wall(studio: Studio, page: Page) -> None:
    name = studio.person()
    studio.python(f"""
from accounts.models import User
from django.utils import timezone
from tests.helpers import make_generation
user = User.objects.get(username={name!r})
refused = dict(status="rejected", answer_status=402, answer_body="{{}}", finished_at=timezone.now())
for n in range(14):
    make_generation(user, prompt=f"an owl {{n}}", **(refused if n > 11 else dict(status="done")))
""")
    enter(page, name)
    expect(page.get_by_text("2 are waiting for credits.")).to_be_visible()
    assert is_seen(page.get_by_text("2 are waiting for credits."))
    last = page.locator("#wall article.card").nth(8)
    first = page.locator("#wall article.card").first
    before = page.locator("#wall").bounding_box()
    assert before
    first.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("are waiting for credits.")).to_have_count(0)
    after = page.locator("#wall").bounding_box()
    assert after
    assert after["y"] == before["y"]
    expect(last).to_be_visible()


def test_without_javascript_a_message_is_part_of_the_page_and_can_be_undone(
    studio: Studio, person: str, chromium: Browser
) -> None:
    with chromium.new_context(base_url=studio.url, java_script_enabled=False) as context:
        page = context.new_page()
        enter(page, person)
        page.goto("/generations/?q=owl")
        cards = page.locator("#wall article.card .card-prompt").all_inner_texts()
        page.locator("#wall article.card").first.hover()
        page.locator("#wall article.card").first.get_by_role("button", name="Delete").click()
        message = said(page, "Deleted.")
        expect(message).to_be_visible()
        assert page.locator("#wall article.card .card-prompt").first.inner_text() == cards[1]
        box, main = message.bounding_box(), page.locator("main").bounding_box()
        assert box
        assert main
        assert box["y"] + box["height"] <= main["y"]
        message.get_by_role("button", name="Undo").click()
        expect(said(page, "1 restored.")).to_be_visible()
        assert page.locator("#wall article.card .card-prompt").first.inner_text() == cards[0]


def test_a_new_click_is_a_row_of_its_own_and_changes_no_card_that_stands(person: str, page: Page) -> None:
    enter(page, person)
    places = """() => [...document.querySelectorAll('#wall article.card')].map(card => {
      const box = card.getBoundingClientRect();
      return [card.id, box.x, box.width, box.height].join(' ');
    })"""
    before = page.evaluate(places)
    page.fill("[name=prompt]", "two herons sandbox:seconds=60")
    page.fill("[name=count]", "2")
    expect(page.locator("#generate .button.primary")).to_contain_text("4 credits")
    page.click("#generate .button.primary")
    group = page.locator("#wall > .click").first
    expect(group.locator("article.card")).to_have_count(2)
    expect(group).to_contain_text("0 of 2 done")
    assert page.evaluate(places)[2:] == before
