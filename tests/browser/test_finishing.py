"""What a client likes is finished by a double click, once; and each result leads to what was made of it and back."""

import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.conftest import Studio, enter
from tests.browser.test_accessible import LAPTOP, PHONE, violations


@pytest.mark.parametrize(("size", "scheme"), [(LAPTOP, "light"), (PHONE, "dark")], ids=["laptop", "phone"])
def test_what_guests_like_is_finished_once(
    studio: Studio, chromium: Browser, size: ViewportSize, scheme: Literal["light", "dark"]
) -> None:
    name = studio.person()
    code = f"""
from accounts.models import User
from generations.sharing import links
from tests.helpers import make_generation, make_result
user = User.objects.get(username={name!r})
models = ["nanobanana-2", "gpt-image-2", "z-image-turbo"]
rows = [make_generation(user, prompt=f"a heron by {{model}}", status="done", model_id=model) for model in models]
share = links.share(user, rows, allows_hearts=True)
for row in rows: links.heart(share, make_result(row), "guest", "Ada")
print(share.pk)
"""
    share = studio.python(code).strip()
    with chromium.new_context(
        base_url=studio.url, viewport=size, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        enter(page, name)
        page.goto(f"/shares/{share}/")
        hearts = page.locator("#hearts")
        expect(hearts).to_contain_text("Z Image Turbo offers nothing above these settings.")
        found = violations(page)
        boxes = hearts.get_by_role("checkbox")
        boxes.first.uncheck()
        expect(hearts.get_by_role("button", name="Finish this 1")).to_be_visible()
        boxes.last.uncheck()
        expect(hearts.get_by_role("button", name="Select what to finish")).to_be_disabled()
        for box in boxes.all():
            box.check()
        hearts.get_by_role("button", name="Finish these 2 · 15 credits").dblclick()
        page.wait_for_url(f"{studio.url}/")
        expect(page.locator("article.card")).to_have_count(5)
        page.goto(f"/shares/{share}/")
        expect(hearts.get_by_role("button")).to_have_count(0)
        hearts.get_by_role("link", name=re.compile("gpt-image-2: 4K")).click()
        page.get_by_role("navigation", name="Made from").get_by_role("link").click()
        led_to = page.get_by_role("navigation", name="Led to").get_by_role("link")
        expect(led_to).to_have_count(1)
        found += violations(page)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert not found, "\n".join(found)
