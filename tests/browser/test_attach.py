"""What is pasted or dropped: text goes where somebody writes, pictures to the references, and the rest is named."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Studio, choose, enter
from tests.cases import each

# An event with the texts and files that the test names. Says whether the page took it from the browser.
GIVE = """async (element, {event, texts, files}) => {
  const given = new DataTransfer();
  for (const [type, text] of Object.entries(texts)) given.setData(type, text);
  for (const [name, type] of files) {
    const canvas = new OffscreenCanvas(40, 40);
    canvas.getContext("2d").fillRect(0, 0, 20, 20);
    const body = name.endsWith(".png") ? await canvas.convertToBlob() : "neither picture nor sound";
    given.items.add(new File([body], name, {type}));
  }
  const init = {bubbles: true, cancelable: true, clipboardData: given, dataTransfer: given};
  const Kind = event === "paste" ? ClipboardEvent : DragEvent;
  return !element.dispatchEvent(new Kind(event, init));
}"""
PNG = ["image.png", "image/png"]
OFFICE = {"text/plain": "a fox in the snow", "text/html": "<p>a <b>fox</b> in the snow</p>"}
WEB_PICTURE = {
    "text/uri-list": "https://pictures.example/a.png",
    "text/plain": "https://pictures.example/a.png",
    "text/html": '<img src="https://pictures.example/a.png?a=1&amp;b=2" onerror="alert(1)">',
}


def opened(studio: Studio, page: Page) -> Page:
    """The form of somebody new."""
    enter(page, studio.person())
    choose(page, "model_id", "nanobanana-2")
    expect(page.locator("#references")).to_contain_text("at most 14")
    return page


@pytest.fixture
def form(studio: Studio, page: Page) -> Page:
    return opened(studio, page)


def give(page: Page, event: str, texts: dict[str, str], *files: list[str], into: str = "textarea[name=prompt]") -> bool:
    """Whether the page acted on it, rather than the browser."""
    given = {"event": event, "texts": texts, "files": files}
    return bool(page.locator(into).first.evaluate(GIVE, given))


def test_text_with_a_picture_is_pasted_as_text_and_the_picture_offered(form: Page, context: BrowserContext) -> None:
    """With the browser's real clipboard, as office programs fill it."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    form.evaluate(
        """async () => {
             const canvas = new OffscreenCanvas(40, 40); canvas.getContext("2d").fillRect(0, 0, 20, 20);
             const text = (kind, words) => [kind, new Blob([words], {type: kind})];
             await navigator.clipboard.write([new ClipboardItem(Object.fromEntries([
               text("text/plain", "a fox in the snow"),
               text("text/html", "<p>a <b>fox</b> in the snow</p>"),
               ["image/png", await canvas.convertToBlob()],
             ]))]);
           }"""
    )
    form.focus("textarea[name=prompt]")
    form.keyboard.press("Control+V")
    expect(form.locator("textarea[name=prompt]")).to_have_value("a fox in the snow")
    expect(form.locator(".reference")).to_have_count(0)
    form.get_by_role("button", name="Add the pasted picture").click()
    expect(form.locator(".reference img")).to_have_count(1)
    expect(form.get_by_role("button", name="Add the pasted picture")).to_be_hidden()
    # Into another field too.
    form.focus("[name=reference_url]")
    form.keyboard.press("Control+V")
    expect(form.locator("[name=reference_url]")).to_have_value("a fox in the snow")


@each("field", ["textarea[name=prompt]", "[name=reference_url]", "[name=preset_name]", "[name=count]"])
def test_the_text_is_pasted_by_the_browser_in_every_field(form: Page, field: str) -> None:
    assert not give(form, "paste", OFFICE, PNG, into=field)
    expect(form.locator(".reference")).to_have_count(0)
    expect(form.get_by_role("button", name="Add the pasted picture")).to_be_visible()
    # What is pasted next is about something else.
    assert not give(form, "paste", {"text/plain": "words"}, into=field)
    expect(form.get_by_role("button", name="Add the pasted picture")).to_be_hidden()


@each(
    "texts",
    [
        {},
        {"text/html": '<img src="https://pictures.example/a.png">'},  # "Copy image" of a browser
        {"text/plain": "image.png"},  # a file copied in a file manager
        {"text/plain": "file:///home/me/image.png", "text/uri-list": "file:///home/me/image.png"},
    ],
)
def test_a_picture_alone_is_a_reference(studio: Studio, page: Page, texts: dict[str, str]) -> None:
    form = opened(studio, page)
    assert give(form, "paste", texts, PNG)
    expect(form.locator(".reference img")).to_have_count(1)
    expect(form.get_by_role("button", name="Add the pasted picture")).to_be_hidden()
    expect(form.locator("textarea[name=prompt]")).to_have_value("")


def test_where_nothing_can_be_written_and_dragged_from_a_page_a_picture_is_a_reference(form: Page) -> None:
    assert give(form, "paste", OFFICE, PNG, into="#generate button.primary")
    expect(form.locator(".reference img")).to_have_count(1)

    # Dragged from a page it is one by its file, or else by its address.
    assert give(form, "dragover", WEB_PICTURE, PNG)
    expect(form.locator(".references.over")).to_have_count(1)
    assert give(form, "drop", WEB_PICTURE, PNG)
    expect(form.locator(".reference img")).to_have_count(2)
    expect(form.locator(".references.over")).to_have_count(0)
    with form.expect_request("**/references/") as asked:
        assert give(form, "drop", WEB_PICTURE)
    assert "https://pictures.example/a.png?a=1&b=2\r\n" in (asked.value.post_data or "")
    expect(form.locator(".reference .linked")).to_have_text("pictures.example")
    expect(form.locator("textarea[name=prompt]")).to_have_value("")


@each("event", ["paste", "drop"])
def test_several_files_at_once_and_the_one_that_is_no_picture_is_named(studio: Studio, page: Page, event: str) -> None:
    form = opened(studio, page)
    others = [["notes.pdf", "application/pdf"], ["unknown.bin", ""], ["second.png", "image/png"]]
    assert give(form, event, {}, PNG, *others)
    expect(form.locator(".reference img")).to_have_count(2)
    problems = form.locator("#reference-problems")
    expect(problems).to_contain_text("notes.pdf is not a picture, video or sound.")
    expect(problems).to_contain_text("unknown.bin: The file is not a readable PNG")


@each("event", ["paste", "drop"])
def test_a_file_alone_that_is_no_picture_is_named(studio: Studio, page: Page, event: str) -> None:
    form = opened(studio, page)
    assert give(form, event, {}, ["<b>notes</b>.pdf", "application/pdf"])
    expect(form.locator("#reference-problems")).to_have_text("<b>notes</b>.pdf is not a picture, video or sound.")
    assert give(form, event, {}, PNG)
    expect(form.locator(".reference img")).to_have_count(1)
    expect(form.locator("#reference-problems")).to_have_text("")


@each("texts", [OFFICE, {**OFFICE, "text/html": "<p>a fox</p><img src='https://pictures.example/a.png'>"}])
def test_selected_text_is_dropped_by_the_browser(form: Page, texts: dict[str, str]) -> None:
    for event in ("dragover", "drop"):
        assert not give(form, event, texts)
    expect(form.locator(".reference")).to_have_count(0)


def test_text_dropped_with_a_picture_is_inserted_and_the_picture_offered(form: Page) -> None:
    form.fill("textarea[name=prompt]", "tomorrow: ")
    assert give(form, "dragover", OFFICE, PNG)
    assert give(form, "drop", OFFICE, PNG)
    expect(form.locator("textarea[name=prompt]")).to_have_value("tomorrow: a fox in the snow")
    form.get_by_role("button", name="Add the pasted picture").click()
    expect(form.locator(".reference img")).to_have_count(1)


def test_text_is_really_dragged_into_the_prompt_and_a_card_to_the_references(form: Page) -> None:
    form.evaluate("getSelection().selectAllChildren(document.querySelector('#guide h2'))")
    form.locator("#guide h2").hover()
    form.mouse.down()
    form.locator("textarea[name=prompt]").hover()
    form.locator("textarea[name=prompt]").hover(position={"x": 30, "y": 20})
    form.mouse.up()
    expect(form.locator("textarea[name=prompt]")).to_have_value("First steps")

    # A card is a reference in its full size.
    form.fill("textarea[name=prompt]", "a fox")
    form.click("#generate button.primary")
    expect(form.locator("article.card[data-status=done] img")).to_have_count(1, timeout=30_000)
    with form.expect_request(re.compile("/results/0/use/")):
        form.locator("article.card img").drag_to(form.locator("#references"))
    expect(form.locator(".reference img")).to_have_count(1)
