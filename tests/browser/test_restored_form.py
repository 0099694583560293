"""However the form came to hold what it holds, the button says what it costs, and no click costs more than that."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Studio, choose, enter
from tests.browser.test_form import picture

DEAR = "Generate · 120 credits"


@pytest.fixture
def name(studio: Studio, page: Page) -> str:
    name = studio.person()
    enter(page, name)
    return name


def button(page: Page) -> Locator:
    return page.locator("#generate button.primary")


def fill(page: Page) -> None:
    """A form in which everything differs from what a new one holds."""
    page.fill("[name=prompt]", "a patient heron")
    choose(page, "model_id", "gpt-image-2")
    choose(page, "quality", "high")
    choose(page, "aspect_ratio", "3:2")
    page.fill("[name=count]", "3")
    page.set_input_files("[name=reference_file]", [picture("cat.png", "peru")])
    expect(page.locator(".reference img")).to_have_count(1)
    with page.expect_response("**/studio/price/"):
        page.locator("[name=count]").dispatch_event("change")
    expect(button(page)).to_have_text(DEAR)


def is_filled(page: Page) -> None:
    expect(page.locator("[name=prompt]")).to_have_value("a patient heron")
    expect(page.locator("[name=model_id]")).to_have_value("gpt-image-2")
    expect(page.locator("[name=quality][value=high]")).to_be_checked()
    expect(page.locator("[name=aspect_ratio][value='3:2']")).to_be_checked()
    expect(page.locator("[name=count]")).to_have_value("3")
    expect(page.locator(".reference img")).to_have_count(1)
    expect(button(page)).to_have_text(DEAR)


def write(page: Page, prompt: str) -> None:
    choose(page, "model_id", "z-image-turbo")
    page.fill("[name=prompt]", prompt)
    expect(button(page)).to_have_text("Generate · 2 credits")


def charged(studio: Studio, name: str) -> int:
    return int(
        studio.python(f"""
from django.db.models import Sum
from generations.models import Generation
print(Generation.objects.filter(owner__username={name!r}).aggregate(sum=Sum("credits_estimated"))["sum"] or 0)
""")
    )


def test_after_a_reload_and_back_the_whole_form_and_its_price_are_there(studio: Studio, page: Page, name: str) -> None:
    fill(page)
    page.reload()
    is_filled(page)
    page.goto("/generations/")
    page.go_back()
    is_filled(page)
    page.get_by_role("link", name="Studio").first.click()
    is_filled(page)
    button(page).click()
    expect(page.locator("article.card")).to_have_count(3)
    assert charged(studio, name) == 120


def test_what_was_typed_in_the_last_moment_is_there_and_comes_back_by_a_key(page: Page, name: str) -> None:
    page.fill("[name=prompt]", "half a thought")
    page.fill("[name=count]", "2")
    page.reload()
    expect(page.locator("[name=prompt]")).to_have_value("half a thought")
    expect(page.locator("[name=count]")).to_have_value("2")
    expect(button(page)).to_have_text("Generate · 10 credits")

    # A prompt that an address replaced comes back with a key.
    page.goto("/?prompt=a+red+fox")
    page.locator("[name=prompt]").press("Alt+ArrowUp")
    expect(page.locator("[name=prompt]")).to_have_value("half a thought")


def test_a_new_tab_goes_on_where_the_other_is_and_each_keeps_its_own(page: Page, name: str) -> None:
    fill(page)
    other = page.context.new_page()
    other.goto("/")
    is_filled(other)
    choose(other, "model_id", "z-image-turbo")
    expect(button(other)).to_have_text("Generate · 6 credits")
    other.fill("[name=prompt]", "a red fox")
    with other.expect_response("**/studio/price/"):
        other.locator("[name=prompt]").blur()
    page.reload()
    is_filled(page)
    other.reload()
    expect(other.locator("[name=prompt]")).to_have_value("a red fox")
    expect(button(other)).to_have_text("Generate · 6 credits")


def test_neither_a_script_nor_fast_keys_cost_more_than_the_button_says(studio: Studio, page: Page, name: str) -> None:
    write(page, "a patient heron")
    page.locator("[name=count]").evaluate("field => { field.value = '8'; }")
    button(page).click()
    expect(page.locator("#generate .note.error")).to_have_text(
        "The price is now 16 credits. Nothing was sent; press Generate again to accept it."
    )
    assert charged(studio, name) == 0
    expect(button(page)).to_have_text("Generate · 16 credits")
    button(page).click()
    expect(page.locator("article.card")).to_have_count(8)
    assert charged(studio, name) == 16

    # Nor do keys that are faster than the price.
    page.fill("[name=count]", "1")
    write(page, "a patient heron")
    page.route("**/studio/price/", lambda _route: None)  # the price never arrives
    page.fill("[name=count]", "4")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#generate .note.error")).to_contain_text("The price is now 8 credits.")
    assert charged(studio, name) == 16


def test_a_price_that_changes_at_meigen_meanwhile_is_asked_about(studio: Studio, page: Page, name: str) -> None:
    # One that is asked for later would put the new price on the button.
    with page.expect_response(lambda answer: "price" in answer.url and "heron" in (answer.request.post_data or "")):
        write(page, "a patient heron")
    before = re.escape('"credits_per_generation": 2')
    change = f"""
import re
from django.utils import timezone
from generations.models import Catalogue
row = Catalogue.objects.get()
old = row.body
row.body = re.sub(r'{before}', '"credits_per_generation": 24', old.replace('":2,', '": 2,'))
assert row.body != old
row.fetched_at = timezone.now()  # an older one would be asked for anew before the click
row.save()
"""
    keep = studio.python("from generations.models import Catalogue; print(Catalogue.objects.get().body)")
    studio.python(change)
    try:
        button(page).click()
        expect(page.locator("#generate .note.error")).to_contain_text("The price is now 24 credits.")
        expect(button(page)).to_have_text("Generate · 24 credits")
        assert charged(studio, name) == 0
    finally:
        studio.python(f"from generations.models import Catalogue; Catalogue.objects.update(body={keep!r})")


def test_a_remix_that_was_changed_is_found_as_changed(page: Page, name: str) -> None:
    page.goto("/?model_id=gpt-image-2&prompt=a+red+fox&quality=high")
    expect(button(page)).to_have_text("Generate · 40 credits")
    page.fill("[name=count]", "2")
    expect(button(page)).to_have_text("Generate · 80 credits")
    page.goto("/generations/")
    page.go_back()
    expect(page.locator("[name=prompt]")).to_have_value("a red fox")
    expect(page.locator("[name=count]")).to_have_value("2")
    expect(button(page)).to_have_text("Generate · 80 credits")


def test_a_preset_brings_its_whole_form_and_signing_out_leaves_nothing_of_it(page: Page, name: str) -> None:
    fill(page)
    page.locator(".presets summary").click()
    page.fill("[name=preset_name]", "Dear")
    page.locator(".presets .save button").click()
    saved = page.get_by_role("link", name="Dear")
    expect(saved).to_contain_text("120 credits")
    page.keyboard.press("Escape")
    page.fill("[name=prompt]", "a red fox")
    choose(page, "model_id", "z-image-turbo")
    expect(button(page)).to_have_text("Generate · 6 credits")
    page.locator(".presets summary").click()
    saved.click()
    is_filled(page)

    # And nothing of it is left in the browser after signing out.
    page.locator("form[data-forget] button").evaluate("button => button.click()")
    page.wait_for_url("**/accounts/login/**")
    assert "heron" not in page.evaluate("JSON.stringify([{ ...sessionStorage }, { ...localStorage }])")
