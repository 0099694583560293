"""The refresh tick in a real browser: one small request while nothing changes, whatever happened to the page before."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio, Watch, enter


def test_a_waiting_page_sends_single_ticks_and_survives_a_stale_token_and_a_lost_server(
    studio: Studio, page: Page, watch: Watch
) -> None:
    enter(page, studio.person())
    for words in ["a slow fox", "a slow whale"]:  # each answer replaces the form that ticks
        page.fill("[name=prompt]", f"{words} sandbox:seconds=300")
        page.click("#generate button.primary")
        expect(page.locator("article.card[data-status=running]", has_text=words)).to_have_count(1)
    # After what was sent the page asks for places in line too, until it hears that nobody waits.
    expect(page.locator("#live")).to_have_attribute("hx-trigger", "changed", timeout=10_000)

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(studio.url)))
    page.wait_for_timeout(7_000)
    assert set(asked) == {"/tick/"}
    assert 2 <= len(asked) <= 4

    # A token that is no good is renewed, and then it is quiet again.
    field = page.locator("#live [name=tick]")
    field.evaluate("field => { field.value = 'expired' }")
    with page.expect_response("**/generations/live/") as renewal:
        pass
    assert renewal.value.status == 200
    expect(field).not_to_have_value("expired")
    asked.clear()
    page.wait_for_timeout(5_000)
    assert set(asked) == {"/tick/"}
    assert 2 <= len(asked) <= 3

    # The page says nothing about a tick that fails, and goes on.
    page.route("**/tick/", lambda route: route.fulfill(status=502))
    with page.expect_response("**/tick/"):
        pass
    page.unroute("**/tick/")
    with page.expect_response("**/tick/") as answer:
        pass
    assert answer.value.status == 204
    assert page.locator("#messages").inner_text() == ""
    assert [complaint for complaint in watch.complaints if "502 from /tick/" not in complaint] == []
    watch.complaints.clear()  # htmx writes the failure to the console
