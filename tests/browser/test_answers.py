"""Every way in which a request can fail has its own true sentence and a way on, and nothing is sent twice."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Studio, Watch, choose, sign_in


@pytest.fixture
def told(page: Page, watch: Watch) -> Page:
    """The page. What htmx and the browser write to the console about requests that fail is not looked at."""
    watch.hears_failures = False
    return page


def answering(status: int) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status)


def generate(page: Page, prompt: str) -> None:
    page.fill("[name=prompt]", prompt)
    page.click("#generate button.primary")


def answered_generates(page: Page) -> list[int]:
    """The statuses of the clicks on Generate from now on."""
    found: list[int] = []
    page.on(
        "response",
        lambda answer: (
            found.append(answer.status)
            if answer.request.method == "POST" and answer.url.endswith("/generations/")
            else None
        ),
    )
    return found


def sign_in_anew(page: Page, name: str) -> Page:
    """In another tab, as a page advises whose session is over."""
    page.context.clear_cookies(name="sessionid")
    other = page.context.new_page()
    sign_in(other, name)
    return other


def test_after_a_new_sign_in_in_another_tab_the_click_goes_on_and_is_sent_once(studio: Studio, told: Page) -> None:
    person = studio.person()
    sign_in(told, person)
    # A page that heard nothing of it, as after a sleep.
    told.evaluate("addEventListener('storage', (event) => event.stopImmediatePropagation(), true)")
    told.fill("[name=prompt]", "a patient heron")
    sign_in_anew(told, person)
    statuses = answered_generates(told)
    told.click("#generate button.primary")
    expect(told.locator("article.card")).to_have_count(1)
    expect(told.locator("[name=prompt]")).to_have_value("a patient heron")
    assert statuses in ([200], [403, 200])
    expect(told.locator("#messages .note")).to_have_count(0)
    assert (
        studio.python(
            f"from generations.models import *; print(Generation.objects.filter(owner__username={person!r}).count())"
        )
        == "1"
    )


def test_a_click_that_the_server_finds_stale_is_repeated_as_it_was_sent(studio: Studio, told: Page) -> None:
    sign_in(told, studio.person())
    told.fill("[name=prompt]", "a patient heron")
    told.evaluate(
        "for (const field of document.querySelectorAll('[name=csrfmiddlewaretoken]')) field.value = 'a'.repeat(64)"
    )
    held: list[Route] = []
    told.route("**/studio/price/", lambda route: route.fulfill(status=204))  # it would ask for a fresh one, too
    told.route("**/fresh-token/", lambda route: held.append(route))  # noqa: PLW0108 Playwright wants a function
    statuses = answered_generates(told)
    with told.expect_request("**/fresh-token/"):
        told.click("#generate button.primary")
    told.fill("[name=prompt]", "the next thought")
    told.click("#generate button.primary")  # nobody wants the first one twice, nor half of the next
    held[0].continue_()
    expect(told.locator("article.card")).to_have_count(1)
    expect(told.locator("article.card")).to_contain_text("a patient heron")
    expect(told.locator("[name=prompt]")).to_have_value("the next thought")
    assert statuses == [403, 200]


def test_a_button_of_a_form_is_repeated_with_what_it_says(studio: Studio, told: Page) -> None:
    person = studio.person()
    code = f"""
from accounts.models import User
from generations.library import collecting
from tests.helpers import make_generation, make_result
user = User.objects.get(username={person!r})
rows = [make_generation(user, prompt=words, status="done") for words in ["an owl", "a fox"]]
for row in rows: make_result(row)
collection, _ = collecting.create(user, "Birds")
collecting.add(user, collection.pk, [row.pk for row in rows])
print(collection.pk)
"""
    sign_in(told, person)
    told.goto(f"/collections/{studio.python(code)}/arrange/")
    first = told.locator(".arrange li .cut").first
    before = first.inner_text()
    told.evaluate(
        "for (const field of document.querySelectorAll('[name=csrfmiddlewaretoken]')) field.value = 'a'.repeat(64)"
    )
    told.locator("[aria-label^='Move later']").first.click()
    expect(first).not_to_have_text(before)
    told.route("**/arrange/", lambda route: route.fulfill(status=502))
    told.locator("[aria-label^='Move later']").first.click()
    told.unroute("**/arrange/")
    told.get_by_role("button", name="Try again").click()
    expect(first).to_have_text(before)


def test_a_page_tells_that_its_session_is_over_and_goes_on_when_its_person_is_back(studio: Studio, told: Page) -> None:
    person = studio.person()
    sign_in(told, person)
    told.fill("[name=prompt]", "a patient heron")
    told.context.clear_cookies(name="sessionid")
    choose(told, "model_id", "gpt-image-2")
    expect(told.locator("#messages")).to_contain_text("You are signed out")
    with told.context.expect_page() as opened:
        told.get_by_role("link", name="Sign in again").click()
    sign_in(opened.value, person)
    expect(told.locator("#messages")).to_contain_text("You are signed in again")
    told.get_by_role("button", name="Try again").click()
    expect(told.locator("[name=quality]")).to_have_count(4)
    expect(told.locator("[name=prompt]")).to_have_value("a patient heron")


def test_when_somebody_else_signs_in_nothing_of_the_page_is_sent_or_shown(studio: Studio, told: Page) -> None:
    first, second = studio.person(), studio.person()
    sign_in(told, first)
    generate(told, "a slow owl sandbox:seconds=300")
    expect(told.locator("article.card[data-status=running]")).to_have_count(1)
    told.fill("[name=prompt]", "a patient heron")
    other = sign_in_anew(told, second)
    expect(told.locator("#messages")).to_contain_text("Somebody else is signed in")
    told.click("#generate button.primary")
    choose(told, "model_id", "gpt-image-2")
    expect(told.locator("#messages")).to_contain_text("Somebody else is signed in")
    expect(told.locator("[name=quality]")).to_have_count(0)
    other.reload()
    expect(other.locator("article.card")).to_have_count(0)
    expect(other.locator("[name=prompt]")).to_have_value("")
    told.get_by_role("button", name="Reload").click()
    expect(told.locator("article.card")).to_have_count(0)
    expect(told.locator("[name=prompt]")).to_have_value("")


ANSWERS = {
    400: ("did not understand", "Reload"),
    403: ("You are not allowed", ""),
    404: ("no longer here", "Reload"),
    413: ("too large for this server", ""),
    429: ("Too many requests", "Try again"),
    500: ("Something went wrong in the studio", "Try again"),
    502: ("is not running at the moment", "Try again"),
    503: ("is not running at the moment", "Try again"),
    504: ("is not running at the moment", "Try again"),
}


def test_every_status_has_its_own_sentence_and_a_way_on(studio: Studio, told: Page) -> None:
    sign_in(told, studio.person())
    for status, (words, way) in ANSWERS.items():
        told.route("**/generations/", answering(status))
        generate(told, "a patient heron")
        expect(told.locator("#messages")).to_contain_text(words)
        assert told.locator("#messages button:not(.tool)").all_inner_texts() == ([way] if way else []), status
        told.unroute("**/generations/")
    told.route("**/generations/", lambda route: route.abort())
    told.click("#generate button.primary")
    expect(told.locator("#messages")).to_contain_text("this may not have arrived")
    told.unroute("**/generations/")
    told.fill("[name=prompt]", "a patient heron at night")
    told.get_by_role("button", name="Try again").click()
    expect(told.locator("article.card")).to_have_count(1)
    expect(told.locator("article.card")).to_contain_text("a patient heron at night")
    expect(told.locator("#messages .note")).to_have_count(0)


def test_a_silent_studio_and_a_stopped_request_are_told_as_what_they_are(studio: Studio, told: Page) -> None:
    sign_in(told, studio.person())
    told.evaluate("document.addEventListener('htmx:configRequest', ({ detail }) => { detail.timeout = 400 })")
    told.route("**/generations/", lambda route: None)
    generate(told, "a patient heron")
    expect(told.locator("#messages")).to_contain_text("did not respond in time")
    told.reload()
    with told.expect_request("**/generations/"):
        told.click("#generate button.primary")
    told.evaluate("htmx.trigger('#generate', 'htmx:abort')")
    expect(told.locator("#messages")).to_contain_text("was stopped before the studio answered")
    expect(told.locator("[name=prompt]")).to_have_value("a patient heron")


def test_offline_the_page_says_so_the_tick_pauses_and_all_goes_on_by_itself(studio: Studio, told: Page) -> None:
    sign_in(told, studio.person())
    generate(told, "a slow owl sandbox:seconds=9")
    expect(told.locator("article.card[data-status=running]")).to_have_count(1)
    told.context.set_offline(True)
    expect(told.locator("#connection")).to_contain_text("You are offline")
    asked: list[str] = []
    told.on("request", lambda request: asked.append(request.url))
    generate(told, "a patient heron")
    expect(told.locator("#messages")).to_contain_text("You are offline. What you typed is still here.")
    told.wait_for_timeout(2_500)
    assert [url for url in asked if "/tick/" in url or "/live/" in url] == []
    told.context.set_offline(False)
    expect(told.locator("#connection")).to_be_hidden()
    expect(told.locator("article.card[data-status=done]")).to_have_count(1, timeout=30_000)
    told.get_by_role("button", name="Try again").click()
    expect(told.locator("article.card")).to_have_count(2)


def test_a_server_that_is_gone_for_a_while_is_waited_for(studio: Studio, told: Page) -> None:
    sign_in(told, studio.person())
    generate(told, "a slow owl sandbox:seconds=300")
    expect(told.locator("article.card[data-status=running]")).to_have_count(1)
    told.route("**/*", lambda route: route.abort())
    expect(told.locator("#connection")).to_contain_text("The studio cannot be reached")
    told.unroute("**/*")
    with told.expect_response("**/tick/") as answer:
        pass
    assert answer.value.ok
    expect(told.locator("#connection")).to_be_hidden()


def test_a_guest_whose_heart_does_not_arrive_reads_why(studio: Studio, told: Page) -> None:
    person = studio.person()
    code = f"""
from accounts.models import User
from generations.sharing import links
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={person!r})
row = make_generation(user, status="done")
make_result(row, data=picture())
print(links.share(user, [row], allows_hearts=True).secret)
"""
    told.goto(f"/s/{studio.python(code)}/")
    told.get_by_label("Your name").fill("Ada")
    heart = told.get_by_role("button", name="Heart")
    for status, words in {
        404: "no longer shared",
        429: "Too many requests",
        500: "went wrong",
        502: "not running",
    }.items():
        told.route("**/heart/", answering(status))
        heart.click()
        expect(told.locator("#messages")).to_contain_text(words)
        told.unroute("**/heart/")
    told.context.set_offline(True)
    heart.click()
    expect(told.locator("#messages")).to_contain_text("You are offline")
    told.context.set_offline(False)
    told.get_by_role("button", name="Try again").click()
    expect(heart).to_have_attribute("aria-pressed", "true")
    expect(told.locator("#messages .note")).to_have_count(0)
