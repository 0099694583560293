"""axe-core finds nothing on any page, on a laptop in light and on a phone in dark."""

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import Studio, choose, enter

LAPTOP: ViewportSize = {"width": 1366, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 740}
PAGES = [
    "/",
    "/generations/",
    "/generations/?q=nothing-like-this",
    "/gallery/",
    "/generations/?state=deleted",
    "/generations/?model=gone&period=last-7-days&day=2026-01-01",
    "/generations/views/?state=done",
    "/collections/",
    "/presets/",
    "/usage/",
    "/shares/",
    "/inspiration/",
    "/accounts/tokens/",
    "/accounts/tokens/at-meigen/",
    "/accounts/time-zone/",
    "/accounts/password/change/",
    "/accounts/security/",
    "/accounts/sessions/",
    "/nowhere/",
]


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{page.url}: {entry['id']}: {node['html'][:200]}: {node['failureSummary'][:200]}"
        for entry in found
        for node in entry["nodes"]
    ]


@pytest.mark.parametrize(("size", "scheme"), [(LAPTOP, "light"), (PHONE, "dark")], ids=["laptop", "phone"])
def test_no_page_has_a_violation(
    studio: Studio, chromium: Browser, size: ViewportSize, scheme: Literal["light", "dark"]
) -> None:
    # axe is a script of its own, which the pages' policy would rightly refuse.
    with chromium.new_context(
        base_url=studio.url, viewport=size, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        page.goto("/accounts/login/")
        found = violations(page)
        enter(page, studio.person())
        found += violations(page)  # the first run
        page.locator("[name=prompt]").click()
        choose(page, "model_id", "z-image-turbo")
        for prompt in [
            "a fox",
            "poor sandbox:402",
            "wrong sandbox:400",
            "broken sandbox:fail",
            "endless sandbox:stuck",
        ]:
            page.locator("[name=prompt]").click()
            page.fill("[name=prompt]", prompt)
            page.click("#generate button.primary")
            expect(page.locator("article.card", has_text=prompt.partition(" sandbox")[0]).first).to_be_visible()
        expect(page.locator("article.card[data-status=done] img")).to_be_visible(timeout=30_000)
        result = page.locator("article.card[data-status=done] a.frame").get_attribute("href")
        assert result
        for path in [*PAGES, result, f"{result}compare/"]:
            page.goto(path)
            found += violations(page)
        page.goto("/")
        page.locator("[name=prompt]").click()
        for pill in ["model_id", "aspect_ratio"]:
            page.locator(f"#pill-{pill}").click()
            found += violations(page)
        page.get_by_text("Presets", exact=True).click()
        expect(page.get_by_text("No presets yet")).to_be_visible()
        found += violations(page)
        page.fill("[name=preset_name]", "Foxes")
        page.click(".presets .save button")
        expect(page.locator("#presets .preset")).to_have_count(1)
        page.goto("/presets/")
        page.get_by_text("Edit", exact=True).click()
        found += violations(page)
        page.get_by_role("button", name="Delete…").click()
        found += violations(page)
        page.goto("/generations/?state=done")
        for pill in ["model", "period", "collection", "day", "views"]:
            page.locator(f"#chip-{pill}").click()
            found += violations(page)
            page.keyboard.press("Escape")
        page.locator("#wall article.card .frame").first.click()
        expect(page.locator("#viewer .side")).to_be_visible()
        for menu in page.locator("#viewer summary").filter(visible=True).all():
            menu.click()
            found += violations(page)
            menu.click()
        page.keyboard.press("Escape")
        expect(page.locator("#viewer")).to_be_hidden()
        page.locator(".pick").first.check(force=True)
        page.get_by_role("button", name="Select all").click()
        expect(page.locator("#found")).to_contain_text("1 result")
        found += violations(page)
        page.goto(result)
        page.fill("#collection-name", "Foxes")
        page.click("#collections button[value=collect]")
        page.click("#collections .collected a")
        page.wait_for_url("**/collections/**")
        collection = page.url
        found += violations(page)
        page.locator(".pick").first.check(force=True)
        found += violations(page)
        for path in [
            "/collections/",
            "/?into=",
            *(f"{collection}{name}/" for name in ["settings", "arrange", "delete"]),
        ]:
            page.goto(path)
            found += violations(page)
        page.goto(result)
        page.click("[data-zoom]")
        found += violations(page)
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        found += violations(page)
        page.keyboard.press("Control+k")
        expect(page.locator("#palette .marked")).to_have_count(1)
        found += violations(page)
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.goto(result)
        page.click("summary[title=Share]")
        found += violations(page)
        page.click("text=Create link")
        page.goto(page.locator("input.share-link").first.input_value())
        found += violations(page)
        page.locator("[data-lightbox]").first.click()
        found += violations(page)
    assert not found, "\n".join(found)
