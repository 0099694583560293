"""A passkey, with Chromium's own virtual device: adding it, and signing in with it alone and after the password."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Studio, Watch, sign_in
from tests.browser.running import PASSWORD


@pytest.fixture
def watch(studio: Studio) -> Iterator[Watch]:
    watching = Watch(studio.url.replace("127.0.0.1", "localhost"))
    yield watching
    assert watching.complaints == []


@pytest.fixture
def context(chromium: Browser, watch: Watch) -> Iterator[BrowserContext]:
    """A fresh profile at a host with a name: a passkey belongs to a name, never to an address."""
    with chromium.new_context(base_url=watch.origin, viewport={"width": 1366, "height": 800}) as fresh:
        fresh.on("page", watch.over)
        yield fresh


def device(context: BrowserContext, page: Page) -> None:
    """A device that keeps passkeys and takes everybody for its owner."""
    tools = context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def add(page: Page, name: str, *, alone: bool) -> None:
    page.goto("/accounts/security/passkeys/add/")
    if "reauthenticate" in page.url:
        page.fill("[name=password]", PASSWORD)
        page.click("main button.primary")
    page.fill("[name=name]", name)
    page.set_checked("[name=passwordless]", alone)
    page.click("main button.primary")


def test_a_security_key_comes_after_the_password(studio: Studio, page: Page, context: BrowserContext) -> None:
    name = studio.person()
    sign_in(page, name)
    device(context, page)
    add(page, "A key", alone=False)
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    context.clear_cookies()
    page.goto("/accounts/login/")
    page.fill("[name=login]", name)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_label(f"Your account: {name}")).to_be_visible()
    page.goto("/accounts/reauthenticate/passkey/?next=/accounts/security/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Sign-in and security")).to_be_visible()
    page.get_by_role("link", name="Remove A key").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Passkey removed.")).to_be_visible()


def test_a_passkey_lets_its_person_in_alone_and_a_device_without_one_says_so(
    studio: Studio, page: Page, context: BrowserContext
) -> None:
    device(context, page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was used. Try again, or choose another way.")).to_be_visible()

    name = studio.person()
    sign_in(page, name)
    add(page, "My laptop", alone=True)
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/accounts/security/")
    expect(page.get_by_text("My laptop")).to_be_visible()
    context.clear_cookies()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_label(f"Your account: {name}")).to_be_visible()
