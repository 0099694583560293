"""A collection goes out by a link, is looked at on a phone, loved, downloaded, and is gone when it is taken back."""

import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.browser.conftest import Studio, Watch, enter
from tests.cases import each


def test_a_collection_is_shared_with_a_password_loved_downloaded_and_taken_back(
    studio: Studio, page: Page, chromium: Browser, watch: Watch
) -> None:
    name = studio.person()
    code = f"""
from accounts.models import User
from generations.library import collecting
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={name!r})
rows = [make_generation(user, prompt=words, status="done", credits_used=2) for words in ["an owl", "a fox"]]
for row in rows: make_result(row, data=picture(size=(1200, 900)), width=1200, height=900)
collection, _ = collecting.create(user, "Campaign")
collecting.add(user, collection.pk, [row.pk for row in rows])
print(collection.pk)
"""
    collection = studio.python(code)
    enter(page, name)
    page.goto(f"/shares/new/?collection={collection}")
    page.fill("[name=title]", "Autumn campaign")
    page.fill("[name=note]", "Which one do you like?")
    page.select_option("[name=days]", "7")
    page.fill("[name=password]", "open sesame")
    page.fill("[name=hint]", "as in the tale")
    page.check("[name=allows_hearts]")
    page.get_by_role("button", name="Create link").click()
    address = page.locator("#link").input_value()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()

    with chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, user_agent="Mozilla/5.0 (iPhone)"
    ) as context:
        context.on("page", watch.over)
        phone = context.new_page()
        phone.goto(address)
        expect(phone.get_by_text("Autumn campaign")).to_have_count(0)
        expect(phone.get_by_text("as in the tale")).to_be_visible()
        phone.fill("[name=password]", "wrong one")
        phone.get_by_role("button", name="Open").click()
        expect(phone.get_by_text("Wrong password")).to_be_visible()
        phone.fill("[name=password]", "open sesame")
        phone.get_by_role("button", name="Open").click()
        expect(phone.get_by_role("heading", name="Autumn campaign")).to_be_visible()
        expect(phone.locator("figure img")).to_have_count(2)
        wide = phone.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert wide
        fox = phone.locator("figure", has_text="a fox")
        phone.get_by_label("Your name").fill("Ada")
        fox.get_by_role("button", name="Heart").click()
        expect(fox.get_by_role("button", name="Heart")).to_have_attribute("aria-pressed", "true")
        fox.locator("img").tap()
        expect(phone.locator("#lightbox img")).to_be_visible()
        phone.keyboard.press("ArrowRight")
        expect(phone.locator("#lightbox img")).to_have_attribute("alt", "an owl")
        phone.keyboard.press("Escape")
        with phone.expect_download() as download:
            phone.get_by_role("link", name="Download all").click()
        assert len(zipfile.ZipFile(download.value.path()).namelist()) == 3

        page.reload()
        expect(page.locator("#hearts li", has_text="Ada").get_by_role("link", name="a fox")).to_be_visible()
        expect(page.get_by_text("1 view")).to_be_visible()
        page.get_by_text("Revoke…").click()
        page.get_by_role("button", name="Revoke link").click()
        expect(page.get_by_text("Link revoked")).to_be_visible()
        answer = phone.goto(address)
        assert answer
        assert answer.status == 404
        expect(phone.get_by_text("Autumn campaign")).to_have_count(0)


NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
ALBUM = """
from accounts.models import User
from generations.sharing import links as sharing
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={name!r})
rows = [make_generation(user, prompt=f"owl {{number}}", status="done") for number in range(1, 6)]
for row in rows: make_result(row, data=picture(size=(1200, 900)), width=1200, height=900)
print(sharing.share(user, rows, title="Owls", allows_hearts=True).secret)
"""


@pytest.fixture
def album(studio: Studio) -> str:
    """The path of a link to five owls that may be given hearts."""
    return f"/s/{studio.python(ALBUM.format(name=studio.person()))}/"


class TestTheLightbox:
    def test_has_the_heart_and_the_download_of_the_picture_it_shows(self, page: Page, album: str) -> None:
        page.goto(album)
        page.get_by_label("Your name").fill("Ada")
        page.locator("figure a[data-lightbox]").first.click()
        box = page.get_by_role("dialog", name="Picture")
        box.get_by_role("button", name="Next").click()
        expect(box.locator("p")).to_have_text("2 / 5 · owl 2")
        box.get_by_role("button", name="Heart").click()
        expect(box.get_by_role("button", name="Heart")).to_have_attribute("aria-pressed", "true")
        expect(page.locator("figure [aria-pressed=true]")).to_have_count(1)
        page.keyboard.press("ArrowLeft")
        expect(box.get_by_role("button", name="Heart")).to_have_attribute("aria-pressed", "false")
        with page.expect_download() as download:
            box.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename.startswith("owl-1")

    def test_asks_for_a_name_once_and_enter_gives_the_heart_that_asked(self, page: Page, album: str) -> None:
        page.goto(album)
        page.locator("figure a[data-lightbox]").nth(2).click()
        page.get_by_role("dialog").get_by_role("button", name="Heart").click()
        field = page.get_by_label("Your name")
        expect(field).to_be_focused()
        expect(page.get_by_text("Type your name first")).to_be_visible()
        field.fill("Ada")
        field.press("Enter")
        third = page.locator("figure").nth(2).get_by_role("button", name="Heart")
        expect(third).to_have_attribute("aria-pressed", "true")
        expect(field).to_be_hidden()
        expect(page.locator("figure [aria-pressed=true]")).to_have_count(1)

    def test_zooms_with_the_wheel_to_where_the_pointer_is(self, page: Page, album: str) -> None:
        page.goto(album)
        page.locator("figure a[data-lightbox]").first.click()
        shown = page.locator("#lightbox img")
        before = shown.bounding_box()
        assert before
        page.mouse.move(300, 200)
        page.mouse.wheel(0, -200)
        expect(shown).to_have_css("scale", "2")
        after = shown.bounding_box()
        assert after
        assert (after["width"], round(after["x"]), round(after["y"])) == (before["width"] * 2, -300, -200)
        page.keyboard.press("ArrowRight")
        expect(shown).to_have_css("scale", "none")


class TestTheSlideshow:
    def test_goes_on_by_itself_pauses_and_ends_with_escape(self, page: Page, album: str) -> None:
        page.clock.install(time=NINE)
        page.clock.pause_at(NINE + timedelta(minutes=1))
        page.goto(album)
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Slideshow").click()
        told = page.locator("#lightbox p")
        expect(told).to_have_text("1 / 5 · owl 1")
        expect(told).to_have_attribute("aria-live", "off")
        page.clock.run_for(5_100)
        expect(told).to_have_text("2 / 5 · owl 2")
        page.keyboard.press("Space")
        expect(told).to_have_attribute("aria-live", "polite")
        page.clock.run_for(20_000)
        expect(told).to_have_text("2 / 5 · owl 2")
        page.keyboard.press("Enter")
        page.clock.run_for(5_100)
        expect(told).to_have_text("3 / 5 · owl 3")
        page.keyboard.press("Escape")
        page.clock.run_for(20_000)
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_shared_page_is_printed_with_its_pictures_in_rows_and_the_link_as_a_code(page: Page, album: str) -> None:
    page.goto(album)
    code = page.locator(".printed .qr")
    expect(code).to_be_hidden()
    page.emulate_media(media="print")
    expect(code).to_be_visible()
    expect(page.get_by_role("heading", name="Owls")).to_be_visible()
    tops = page.eval_on_selector_all("figure", "all => all.map(one => one.getBoundingClientRect().top)")
    assert len(set(tops)) < len(tops) == 5
    for hidden in ["Slideshow", "Heart", "Download all", "Your name"]:
        expect(
            page.locator("main").get_by_text(hidden).or_(page.locator(f"main [aria-label='{hidden}']")).first
        ).to_be_hidden()


def test_a_shared_page_works_without_javascript(studio: Studio, page: Page, chromium: Browser) -> None:
    name = studio.person()
    code = f"""
from accounts.models import User
from generations.sharing import links as sharing
from tests.helpers import make_generation, make_result
user = User.objects.get(username={name!r})
row, other = (make_generation(user, prompt="an owl", status="done") for _ in range(2))
make_result(row)
make_result(other)
print(sharing.share(user, [row, other], password="open sesame", allows_hearts=True).secret)
"""
    secret = studio.python(code)
    with chromium.new_context(base_url=studio.url, java_script_enabled=False) as context:
        plain = context.new_page()
        plain.goto(f"/s/{secret}/")
        plain.fill("[name=password]", "open sesame")
        plain.get_by_role("button", name="Open").click()
        expect(plain.get_by_role("button", name="Slideshow")).to_be_hidden()
        plain.get_by_label("Your name").fill("Bob")
        heart = plain.locator("figure").first.get_by_role("button", name="Heart")
        heart.click()
        expect(heart).to_have_attribute("aria-pressed", "true")
        plain.locator("figure img").first.click()
        plain.wait_for_url("**/s/**/*-*-*/")


LARGE = """
from accounts.models import User
from generations.sharing import links as sharing
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={name!r})
rows = [make_generation(user, prompt=f"an owl {{number}}", status="done") for number in range(4)]
for row in rows:
    made = make_result(row, data=picture(size=(1024, 768)), width=1024, height=768)
    for file in (made.thumbnail, made.preview):
        with file.storage.open(file.name, "wb") as target:
            target.write(picture("WEBP", (1024, 768)))
print(sharing.share(user, rows, allows_hearts=True).secret)
"""


@each("size", [{"width": 390, "height": 844}, {"width": 1366, "height": 600}])
def test_nothing_on_a_shared_page_moves_when_pictures_come_and_hearts_are_given(
    studio: Studio, chromium: Browser, size: ViewportSize
) -> None:
    code = LARGE.format(name=studio.person())
    secret = studio.python(code)
    with chromium.new_context(base_url=studio.url, viewport=size) as context:
        page, held = context.new_page(), list[Route]()

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/preview/", hold)
        page.goto(f"/s/{secret}/", wait_until="domcontentloaded")
        page.wait_for_function("() => document.querySelectorAll('figure').length === 4")
        places = "figures => figures.map(figure => JSON.stringify(figure.getBoundingClientRect()))"
        before = page.eval_on_selector_all("figure", places)
        page.route("**/preview/", lambda route: route.continue_())
        for route in held:
            route.continue_()
        page.wait_for_function("() => document.querySelector('figure img').naturalWidth > 0")
        assert page.eval_on_selector_all("figure", places) == before
        ratio = page.locator("figure img").first.evaluate("image => image.clientWidth / image.clientHeight")
        assert abs(ratio - 1024 / 768) < 0.02
        figure = page.locator("figure").nth(1)
        heart = figure.get_by_role("button", name="Heart")
        page.get_by_label("Your name").fill("Ada")
        heart.hover()
        place = heart.bounding_box()
        for pressed in ("true", "false", "true"):
            heart.click()
            expect(heart).to_have_attribute("aria-pressed", pressed)
        assert heart.bounding_box() == place
        other = page.locator("figure").nth(2).get_by_role("button", name="Heart")
        other.click()
        expect(other).to_have_attribute("aria-pressed", "true")
        page.reload()
        expect(page.locator("[aria-pressed=true]")).to_have_count(2)
