"""Sign-in at another host, as a browser with the pages' policy goes there and back."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.accounts.provider import CLIENT, SECRET, running
from tests.browser.running import throw_away


def test_a_browser_goes_to_the_provider_and_comes_back_signed_in(tmp_path: Path, chromium: Browser) -> None:
    with (
        running() as provider,
        throw_away(tmp_path, OIDC_URL=provider.url, OIDC_CLIENT_ID=CLIENT, OIDC_CLIENT_SECRET=SECRET) as studio,
        chromium.new_context(base_url=studio.url) as context,
    ):
        name = studio.person()
        provider.person["email"] = f"{name}@example.com"
        page = context.new_page()
        page.goto("/accounts/login/?next=/accounts/sessions/")
        page.get_by_role("button", name="Sign in with 127.0.0.1").click()
        expect(page.get_by_role("heading", name="Where you are signed in")).to_be_visible()
        expect(page.get_by_label(f"Your account: {name}")).to_be_visible()
