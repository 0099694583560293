"""After signing out the browser shows nothing of it: not by Back, not from its stores. The language stays."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio, sign_in


def test_back_shows_nothing_and_the_language_stays(page: Page, studio: Studio) -> None:
    name = studio.person()
    sign_in(page, name)
    page.get_by_label("Prompt", exact=True).fill("a secret fox")
    page.goto(f"{studio.url}/accounts/time-zone/")
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.evaluate("document.querySelector('form[action$=\"/i18n/setlang/\"] [value=zh-hans]').click()")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.evaluate("document.querySelector('form[action$=\"/accounts/logout/\"]').requestSubmit()")
    expect(page.locator("[name=login]")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    assert page.evaluate("localStorage.getItem('theme')") is None
    page.go_back()
    expect(page.locator("[name=login]")).to_be_visible()
    assert name not in page.content()
    assert "a secret fox" not in page.content()
