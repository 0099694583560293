"""The page of presets, as its person uses it."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Studio, enter


def test_a_preset_is_renamed_and_deleted_with_the_keyboard_alone(studio: Studio, page: Page) -> None:
    name = studio.person()
    studio.python(f"""
from accounts.models import User
from generations.studio import presets
presets.save(User.objects.get(username={name!r}), "Foxes", {{"prompt": "a fox"}}, [], is_team=False)
""")
    enter(page, name)
    page.goto("/presets/")
    edit = page.locator("summary", has_text="Edit")
    edit.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Owls")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Name")).to_be_hidden()
    expect(edit).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_label("Name").press("Enter")
    expect(page.get_by_role("heading", name="Owls")).to_be_visible()
    expect(page.get_by_text("“Owls” saved.")).to_be_visible()

    edit.press("Enter")
    page.get_by_role("button", name="Delete…").press("Enter")
    question = page.get_by_role("dialog", name="Delete the preset Owls?")
    expect(question).to_be_visible()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    page.reload()
    edit.press("Enter")
    page.get_by_role("button", name="Delete…").press("Enter")
    question.get_by_role("button", name="Delete preset").press("Enter")
    expect(page.get_by_text("“Owls” deleted.")).to_be_visible()
    expect(page.get_by_role("heading", name="No presets yet")).to_be_visible()
