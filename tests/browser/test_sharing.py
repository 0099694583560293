"""A collection goes out by a link, is looked at on a phone, loved, downloaded, and is gone when it is taken back."""

import zipfile

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
        expect(page.get_by_text("Ada: a fox")).to_be_visible()
        expect(page.get_by_text("1 view")).to_be_visible()
        page.get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("Link revoked")).to_be_visible()
        answer = phone.goto(address)
        assert answer
        assert answer.status == 404
        expect(phone.get_by_text("Autumn campaign")).to_have_count(0)


def test_a_shared_page_works_without_javascript(studio: Studio, page: Page, chromium: Browser) -> None:
    name = studio.person()
    code = f"""
from accounts.models import User
from generations.sharing import links as sharing
from tests.helpers import make_generation, make_result
user = User.objects.get(username={name!r})
row = make_generation(user, prompt="an owl", status="done")
make_result(row)
print(sharing.share(user, [row], password="open sesame", allows_hearts=True).secret)
"""
    secret = studio.python(code)
    with chromium.new_context(base_url=studio.url, java_script_enabled=False) as context:
        plain = context.new_page()
        plain.goto(f"/s/{secret}/")
        plain.fill("[name=password]", "open sesame")
        plain.get_by_role("button", name="Open").click()
        plain.get_by_label("Your name").fill("Bob")
        plain.get_by_role("button", name="Heart").click()
        expect(plain.get_by_role("button", name="Heart")).to_have_attribute("aria-pressed", "true")
        plain.locator("figure img").click()
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
