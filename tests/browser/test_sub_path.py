"""A studio below a path of a host that another studio uses too: everything stays below the path."""

import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Studio, Watch, choose
from tests.browser.running import PASSWORD, throw_away

BASE = "/teams/studio"


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("below")
    options = {"BASE_PATH": BASE, "COOKIE_PREFIX": "two-", "BIND": "[::]"}
    with throw_away(folder, SANDBOX_SPEED="6", MEIGEN_POLL_SECONDS="1", **options) as running:
        yield running


def sign_in(page: Page, studio: Studio, name: str) -> None:
    page.goto(f"{studio.url}/")
    assert page.url == f"{studio.url}/accounts/login/?next={studio.environment['BASE_PATH']}/"
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.primary")
    page.wait_for_url(f"{studio.url}/")


def test_the_story_below_a_path(below: Studio, page: Page, watch: Watch) -> None:
    watch.origin = below.url  # nothing above the path may be asked for
    sign_in(page, below, below.person())
    page.fill("[name=prompt]", "a patient heron")
    choose(page, "model_id", "gpt-image-2")
    expect(page.locator("[name=quality]")).to_have_count(4)
    page.click("#generate button.primary")
    picture = page.locator("article.card[data-status=done] img")
    expect(picture).to_be_visible(timeout=30_000)
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert page.locator("link[rel=manifest]").get_attribute("href") == f"{BASE}/site.webmanifest"

    page.locator("article.card .star").click()
    expect(page.locator("article.card .star")).to_have_attribute("aria-pressed", "true")
    page.locator("article.card a.frame").click()
    page.wait_for_url(f"{below.url}/generations/*/*list=studio")
    expect(page.locator("img.large, .large img").first).to_be_visible()
    page.locator(".top details.menu summary").click()
    page.get_by_role("button", name="简体中文").click()
    page.wait_for_url(f"{below.url}/generations/*/*list=studio")
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    page.locator(".top details.menu summary").click()
    page.get_by_role("button", name="English").click()

    page.click("summary[title=Share]")
    page.get_by_text("Expiry, password, hearts").click()
    page.check("[name=allows_hearts]")
    page.get_by_role("button", name="Create link with these settings").click()
    address = page.locator("#link").input_value()
    assert address.startswith(f"{below.url}/s/")
    page.goto(address)
    expect(page.locator("figure img").first).to_be_visible()
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Heart").click()
    expect(page.get_by_role("button", name="Heart")).to_have_attribute("aria-pressed", "true")

    names = {cookie["name"] for cookie in page.context.cookies()}
    assert names
    assert all(name.startswith("two-") for name in names)
    paths = {cookie["path"] for cookie in page.context.cookies() if "messages" not in cookie["name"]}
    assert all(path.startswith(f"{BASE}/") for path in paths)

    # It answers on IPv6, and probes by any name.
    address = f"http://[::1]:{below.environment['PORT']}{BASE}"
    with urllib.request.urlopen(f"{address}/accounts/login/", timeout=5) as answer:
        assert b"<form" in answer.read()
    probe = urllib.request.Request(f"{address}/healthz", headers={"Host": "web-1"})
    with urllib.request.urlopen(probe, timeout=5) as answer:
        assert b'"ok": true' in answer.read()


def test_two_studios_on_one_host_do_not_sign_each_other_out(
    studio: Studio, below: Studio, context: BrowserContext, watch: Watch
) -> None:
    watch._look = lambda url: None  # type: ignore[method-assign]  # two origins
    page = context.new_page()
    for one in (studio, below):
        sign_in(page, one, one.person())
    for one in (studio, below):
        page.goto(f"{one.url}/")
        expect(page.locator("#generate")).to_be_visible()
    page.locator(".top details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/")
    page.goto(f"{studio.url}/")
    expect(page.locator("#generate")).to_be_visible()
