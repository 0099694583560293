"""A video from everything a model can look at and listen to, made by a person in a real browser."""

import io
import json

from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import Studio, choose, enter
from tests.helpers import film, tone


def picture(name: str, colour: str) -> FilePayload:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 180), colour).save(buffer, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def test_two_frames_three_pictures_two_clips_and_a_sound_with_tokens_in_the_prompt(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    button = page.locator("#generate button.primary")

    # A video of one's own, to be looked at by the next.
    choose(page, "model_id", "agnes-video-2.0")
    page.fill("[name=prompt]", "a sailing boat sandbox:seconds=1")
    expect(button).to_have_text("Generate · 10 credits")
    button.click()
    card = page.locator("article.card[data-status=done]")
    expect(card.locator("svg.play")).to_be_visible(timeout=20_000)

    choose(page, "model_id", "seedance-2-0")
    expect(page.locator("#references-legend")).to_contain_text("at most 9 content pictures, and first and last frame")
    expect(page.locator("[name=aspect_ratio][value='16:9']")).to_be_checked()
    colours = ["red", "orange", "green", "teal", "navy"]
    page.set_input_files("[name=reference_file]", [picture(f"{colour}.png", colour) for colour in colours])
    expect(page.locator("#reference-list .reference")).to_have_count(5)
    expect(page.locator("[name=aspect_ratio][value=adaptive]")).to_be_checked()
    sound: FilePayload = {"name": "rain.wav", "mimeType": "audio/wav", "buffer": tone(4)}
    clip: FilePayload = {"name": "walk.mp4", "mimeType": "video/mp4", "buffer": film(3)}
    page.set_input_files("[name=reference_file]", [clip, sound])
    expect(page.locator("#reference-list .reference")).to_have_count(7)
    expect(page.locator("#reference-list")).to_contain_text("walk.mp4")
    card.hover()
    card.get_by_role("button", name="Use as reference").click()
    expect(page.locator("#reference-list .reference")).to_have_count(8)

    # The last two pictures are the frames, the others content.
    values = [box.get_attribute("value") for box in page.locator("#reference-list input[data-kind=image]").all()]
    choose(page, "first_frame", values[3] or "")
    choose(page, "last_frame", values[4] or "")
    choose(page, "tier", "fast")
    expect(page.locator("[name=resolution][value='1080p']")).to_have_count(0)
    choose(page, "resolution", "480p")
    choose(page, "duration", "5")
    # 8 credits for each of 3 + 4 seconds of clips and 5 of the video.
    expect(button).to_have_text("Generate · 96 credits")

    # Typing [ or @ offers what is attached; a name of nothing is said before the click.
    prompt = page.locator("[name=prompt]")
    prompt.fill("")
    prompt.press_sequentially("from [")
    expect(page.locator(".mentions li")).to_have_count(8)
    prompt.press("Enter")
    expect(prompt).to_have_value("from [image1]")
    prompt.press_sequentially(" like @vid")
    expect(page.locator(".mentions li")).to_have_count(2)
    prompt.press("ArrowDown")
    prompt.press("Tab")
    expect(prompt).to_have_value("from [image1] like [video2]")
    prompt.press_sequentially(" @")
    prompt.press("Escape")
    expect(page.locator(".mentions")).to_have_count(0)
    prompt.fill("from [image1] like [video2] to [audio1] and [image6]")
    expect(page.locator("#price-help")).to_contain_text("The prompt mentions [image6], but there is no such reference")
    button.click()
    expect(page.locator(".prompt-field")).to_contain_text("but there is no such reference")
    expect(page.locator("article.card")).to_have_count(1)
    page.fill("[name=prompt]", "from [image1] like [video2] to [audio1] sandbox:seconds=1")
    expect(page.locator("#price-help")).not_to_contain_text("no such reference")
    expect(button).to_have_text("Generate · 96 credits")
    button.click()
    expect(page.locator("article.card")).to_have_count(2)
    expect(page.locator("article.card[data-status=done]")).to_have_count(2, timeout=30_000)
    expect(page.locator("article.card").first).to_contain_text("96 cr")
    expect(page.locator("article.card").first).not_to_contain_text("Announced")

    page.locator("article.card a.frame").first.click()
    page.click("text=The request as sent")
    sent = json.loads(page.locator("details pre").first.inner_text())
    media = {name: len(sent.pop(name)) for name in list(sent) if isinstance(sent[name], list)}
    assert media == {
        "frameReferenceImages": 2,
        "contentReferenceImages": 3,
        "referenceVideos": 2,
        "referenceAudios": 1,
    }
    assert sent == {
        "prompt": "from [image1] like [video2] to [audio1] sandbox:seconds=1",
        "modelId": "seedance-2-0",
        "aspectRatio": "adaptive",
        "tier": "fast",
        "resolution": "480p",
        "duration": 5,
    }

    # And all of it comes back, each in its place.
    page.get_by_text("Remix", exact=True).click()  # while a file is being saved the card is shown, with a button too
    expect(page.locator("#reference-list .reference")).to_have_count(8)
    expect(page.locator(f"[name=first_frame][value='{values[3]}']")).to_be_checked()
    expect(page.locator(f"[name=last_frame][value='{values[4]}']")).to_be_checked()
    expect(button).to_have_text("Generate · 96 credits")
