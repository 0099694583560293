"""The form in a real browser: models and their fields, prices, references, inspiration, tokens at Meigen."""

import io
import json

from PIL import Image
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.browser.conftest import Studio, Watch, choose, enter
from tests.browser.stillness import is_seen


def picture(name: str, colour: str) -> FilePayload:
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def test_models_change_fields_and_price_and_two_references_are_sent(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    button = page.locator("#generate button.primary")

    choose(page, "model_id", "gpt-image-2")
    expect(page.locator("[name=quality]")).to_have_count(4)
    expect(page.locator("[name=tier]")).to_have_count(0)
    expect(button).to_have_text("Generate · 5 credits")
    choose(page, "quality", "high")
    expect(button).to_have_text("Generate · 40 credits")
    choose(page, "aspect_ratio", "3:2")

    # A choice the next model has stays, one it lacks is dropped visibly.
    choose(page, "model_id", "seedance-2-0")
    expect(page.locator("#fields")).to_contain_text(
        "Dropped because Seedance 2.0 does not support it: aspect ratio 3:2"
    )
    expect(page.locator("#fields")).to_contain_text("quality high")
    choose(page, "tier", "pro")
    choose(page, "resolution", "720p")
    choose(page, "duration", "10")
    expect(button).to_have_text("Generate · 220 credits")
    choose(page, "model_id", "nanobanana-2")
    choose(page, "resolution", "2K")
    choose(page, "aspect_ratio", "4:3")
    page.fill("[name=count]", "2")
    page.locator("[name=count]").blur()
    expect(button).to_have_text("Generate · 10 credits")

    page.fill("[name=prompt]", "the cat of the first picture in the light of the second")
    page.set_input_files("[name=reference_file]", [picture("cat.png", "peru"), picture("light.png", "gold")])
    expect(page.locator(".reference img")).to_have_count(2)
    expect(page.locator("#references")).to_contain_text("at most 14")
    assert (
        page.locator(".reference img").first.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    )
    button.click()
    expect(page.locator("article.card")).to_have_count(2)

    page.locator("article.card a.frame").first.click()
    page.click("text=The request as sent")
    sent = json.loads(page.locator("details pre").first.inner_text())
    references = sent.pop("referenceImages")
    assert len(references) == 2
    assert all("/uploads/" in link for link in references)
    assert sent == {
        "prompt": "the cat of the first picture in the light of the second",
        "modelId": "nanobanana-2",
        "resolution": "2K",
        "aspectRatio": "4:3",
    }
    # And back into the form, references included.
    page.get_by_text("Remix", exact=True).click()
    expect(page.locator(".reference img")).to_have_count(2)
    expect(page.locator("[name=resolution][value='2K']")).to_be_checked()


def test_a_pasted_picture_and_one_taken_out_again(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    choose(page, "model_id", "nanobanana-2")
    page.locator("[name=prompt]").evaluate(
        """async (field) => {
             const canvas = new OffscreenCanvas(40, 40); canvas.getContext("2d").fillRect(0, 0, 20, 20);
             const clipboard = new DataTransfer();
             clipboard.items.add(new File([await canvas.convertToBlob()], "pasted.png", {type: "image/png"}));
             const init = {clipboardData: clipboard, bubbles: true, cancelable: true};
             field.dispatchEvent(new ClipboardEvent("paste", init));
           }"""
    )
    expect(page.locator(".reference img")).to_have_count(1)
    page.fill("[name=reference_url]", "https://pictures.example/a.png")
    page.locator("[name=reference_url]").blur()
    expect(page.locator(".reference")).to_have_count(2)
    page.get_by_role("button", name="Remove pasted.png").click()
    expect(page.locator(".reference")).to_have_count(1)
    page.fill("[name=prompt]", "as in the link")
    page.click("#generate button.primary")
    expect(page.locator("article.card")).to_have_count(1)
    page.locator("article.card a.frame").click()
    page.click("text=The request as sent")
    sent = json.loads(page.locator("details pre").first.inner_text())
    assert sent["referenceImages"] == ["https://pictures.example/a.png"]


def test_pictures_added_at_once_and_a_model_changed_meanwhile_lose_nothing(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    held: list[Route] = []
    page.route("**/references/", lambda route: held.append(route))  # noqa: PLW0108 Playwright wants a function
    with page.expect_request("**/references/"):
        page.set_input_files("[name=reference_file]", [picture("one.png", "peru")])
    page.set_input_files("[name=reference_file]", [picture("two.png", "gold")])
    choose(page, "model_id", "gpt-image-2")
    expect(page.locator("[name=quality]")).to_have_count(4)
    page.unroute("**/references/")  # lets the held one go on
    expect(page.locator(".reference img")).to_have_count(2)


def test_generate_waits_for_a_picture_on_its_way_and_stays_when_it_is_refused(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.fill("[name=prompt]", "as in the link")
    page.fill("[name=reference_url]", "http://pictures.example/a.png")
    page.click("#generate button.primary")
    expect(page.locator("#reference-problems")).to_contain_text("public https address")
    expect(page.locator("article.card")).to_have_count(0)

    # Also when that is said while the button is still down.
    page.fill("[name=reference_url]", "http://pictures.example/b.png")
    page.evaluate("document.getElementById('reference-problems').replaceChildren()")
    page.hover("#generate button.primary")
    page.mouse.down()
    expect(page.locator("#reference-problems")).to_contain_text("public https address")
    page.mouse.up()

    # It waits for a picture that is still on its way.
    held: list[Route] = []
    page.route("**/references/", lambda route: held.append(route))  # noqa: PLW0108 Playwright wants a function
    with page.expect_request("**/references/"):
        page.fill("[name=reference_url]", "https://pictures.example/a.png")
        page.click("#generate button.primary")
    page.unroute("**/references/")
    expect(page.locator("article.card")).to_have_count(1)
    page.locator("article.card a.frame").click()
    page.click("text=The request as sent")
    sent = json.loads(page.locator("details pre").first.inner_text())
    assert sent["referenceImages"] == ["https://pictures.example/a.png"]


def test_a_refused_field_is_marked_in_the_form(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.fill("[name=prompt]", "a fox sandbox:400")
    choose(page, "model_id", "z-image-turbo")
    page.click("#generate button.primary")
    expect(page.locator("#hint-aspect_ratio")).to_contain_text("Allowed for aspectRatio: 1:1")
    page.click("text=Meigen's response (400)")
    expect(page.locator(".answer")).to_contain_text("invalid")
    page.fill("[name=prompt]", "a fox")
    page.click("#generate button.primary")
    expect(page.locator("article.card")).to_have_count(2)
    expect(page.locator("#hint-aspect_ratio")).to_be_hidden()


def test_a_slow_finger_is_a_click_and_a_long_prompt_breaks_nothing(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    page.fill("[name=prompt]", "a patient heron")
    page.fill("[name=count]", "2")
    # Leaving the field asks for the new price, which arrives while the button is held down.
    page.locator("#generate button.primary").click(delay=600)
    expect(page.locator("article.card")).to_have_count(2)

    # Nor does a long prompt break the form.
    page.fill("[name=prompt]", "静かな台所の三毛猫" * 500)
    choose(page, "model_id", "gpt-image-2")
    expect(page.locator("[name=quality]")).to_have_count(4)
    choose(page, "model_id", "z-image-turbo")
    expect(page.locator("[name=quality]")).to_have_count(0)
    page.click("#generate button.primary")
    expect(page.locator("article.card")).to_have_count(4)


def test_a_studio_that_does_not_answer_says_so(studio: Studio, page: Page, watch: Watch) -> None:
    enter(page, studio.person())
    page.fill("[name=prompt]", "a patient heron")
    page.route("**/generations/", lambda route: route.fulfill(status=500, body="oops"))
    page.click("#generate button.primary")
    expect(page.locator("#messages")).to_contain_text("What you typed is still here")
    expect(page.locator("[name=prompt]")).to_have_value("a patient heron")
    page.unroute("**/generations/")
    page.context.clear_cookies(name="sessionid")
    page.evaluate("document.querySelector('[name=model_id]').dispatchEvent(new Event('change', {bubbles: true}))")
    expect(page.locator("#messages")).to_contain_text("You are signed out")
    page.goto("about:blank")
    watch.complaints.clear()  # htmx logs what the test provoked


def test_what_is_chosen_while_new_fields_are_on_their_way_stays(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    choose(page, "model_id", "seedance-2-0")
    expect(page.locator("[name=tier]")).to_have_count(4)

    held: list[Route] = []
    page.route("**/studio/fields/**", lambda route: held.append(route))  # noqa: PLW0108 Playwright wants a function
    with page.expect_request("**/studio/fields/**"):
        choose(page, "tier", "pro")
    choose(page, "duration", "10")
    choose(page, "aspect_ratio", "9:16")
    held[0].continue_()
    page.unroute_all()
    choose(page, "resolution", "720p")
    expect(page.locator("[name=resolution][value='1080p']")).to_have_count(1)
    expect(page.locator("[name=duration]")).to_have_value("10")
    expect(page.locator("[name=aspect_ratio][value='9:16']")).to_be_checked()
    expect(page.locator("#generate button.primary")).to_have_text("Generate · 220 credits")


def test_a_usual_click_needs_no_mouse_and_nothing_below_the_fold(studio: Studio, page: Page) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    enter(page, studio.person())
    button = page.locator("#generate button.primary")
    pills = [page.locator(f"#pill-{name}") for name in ("model_id", "aspect_ratio", "resolution")]
    needed = [page.locator("[name=prompt]"), *pills, page.locator("[name=count]"), button]
    assert all(is_seen(part) for part in needed)
    keys = page.keyboard

    # The model is found by a word of its name, of whoever makes it, or of what it does.
    pills[0].press("Enter")
    search = page.get_by_role("combobox", name="Search models")
    expect(search).to_be_focused()
    found = page.get_by_role("option")
    assert all(is_seen(found.nth(place)) for place in range(4))
    assert page.evaluate("scrollY") == 0
    keys.type("openai")
    expect(found).to_have_count(2)
    keys.press("ArrowDown")
    expect(search).to_have_attribute("aria-activedescendant", str(found.nth(1).get_attribute("id")))
    assert is_seen(button)
    assert is_seen(found.nth(1))
    search.fill("no such model")
    expect(page.get_by_text("No model is called that.")).to_be_visible()
    search.fill("gpt image 2.0")
    keys.press("Enter")
    expect(pills[0]).to_have_text("Model GPT Image 2.0")
    expect(pills[0]).to_be_focused()
    expect(page.locator("[name=quality]")).to_have_count(4)

    # Escape closes a pill and gives the keyboard back; a ratio is a step within it, and stands on it.
    pills[1].press("Enter")
    keys.press("Escape")
    expect(page.locator(".pill[open]")).to_have_count(0)
    expect(pills[1]).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    keys.press("ArrowDown")
    ratio = page.locator("[name=aspect_ratio]:checked")
    assert is_seen(button)
    keys.press("Enter")
    expect(pills[1]).to_have_text(f"Ratio {ratio.get_attribute('value')}")
    expect(pills[1]).to_be_focused()
    expect(pills[1].locator("svg")).to_have_count(1)
    page.locator("[name=count]").press("ArrowUp")
    expect(button).to_have_text("Generate · 10 credits")
    page.locator("[name=prompt]").press_sequentially("a heron in the reeds")
    assert all(is_seen(part) for part in needed)
    keys.press("Control+Enter")
    expect(page.locator("article.card")).to_have_count(2)

    # The model of the last click comes first.
    page.reload()
    pills[0].press("Enter")
    expect(found.first).to_contain_text("GPT Image 2.0")
    expect(found.first).to_contain_text("Recent")
