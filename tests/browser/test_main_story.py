"""The main job, done by a person in a real browser against the running web server, worker and sandbox."""

import re

from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import Studio, Watch, choose, sign_in

TOKEN = "meigen_sk_c0ffee00c0ffee00c0ffee00c0ffee00"


def card(page: Page, status: str = "") -> str:
    return f"article.card[data-status='{status}']" if status else "article.card"


def test_from_sign_in_to_a_shared_picture_and_a_video(
    studio: Studio, page: Page, chromium: Browser, watch: Watch
) -> None:
    sign_in(page, studio.person(token=False))

    # Without a token: to the token page and back, with the prompt intact.
    page.fill("[name=prompt]", "a lighthouse at night, teal sea")
    choose(page, "model_id", "z-image-turbo")
    choose(page, "aspect_ratio", "16:9")
    page.click("#generate button.primary")
    page.wait_for_url("**/accounts/tokens/**")
    page.fill("form:not([action*=replace]) [name=token]", TOKEN)
    page.fill("[name=label]", "Work")
    page.click("text=Save token")
    page.wait_for_url("**/")
    expect(page.locator("[name=prompt]")).to_have_value("a lighthouse at night, teal sea")
    expect(page.locator("[name=aspect_ratio][value='16:9']")).to_be_checked()

    # The card appears at once and finishes without a reload.
    page.click("#generate button.primary")
    expect(page.locator(card(page))).to_have_count(1)
    expect(page.locator(card(page))).to_have_attribute("id", re.compile("^generation-[0-9a-f-]{36}$"))
    expect(page.locator(card(page, "running"))).to_contain_text(re.compile(r"00:0\d"))
    expect(page.locator(card(page, "done")).locator("img")).to_be_visible(timeout=20_000)
    assert "/thumbnail/" in page.locator("article.card img").evaluate("image => image.naturalWidth && image.currentSrc")
    expect(page.locator("#credits")).to_have_text(re.compile("998 credits"))

    # Its page, and a link for somebody outside.
    page.click("article.card a.frame")
    expect(page.locator(".large img")).to_be_visible()
    page.click("summary[title=Share]")
    page.click("text=Create link")
    link = page.locator(".share-link").input_value()
    with chromium.new_context(viewport={"width": 390, "height": 800}) as outside:
        visitor = outside.new_page()
        watch.over(visitor)
        visitor.goto(link)
        expect(visitor.locator(".pictures img")).to_be_visible()
        expect(visitor.locator("body")).not_to_contain_text("credits")
        page.get_by_text("Revoke…").click()
        page.get_by_role("button", name="Revoke link").click()
        expect(page.locator(".share-link")).to_have_count(0)
        gone = visitor.goto(link)
        assert gone is not None
        assert gone.status == 404
        expect(visitor.locator("body")).to_contain_text("Nothing here")

    # A video, played.
    page.goto("/?model_id=seedance-2-0")
    page.fill("[name=prompt]", "waves at sunset sandbox:seconds=2")
    choose(page, "duration", "4")
    expect(page.locator("#generate button.primary")).to_have_text("Generate · 36 to 64 credits")
    choose(page, "resolution", "480p")
    expect(page.locator("#generate button.primary")).to_have_text("Generate · 36 credits")
    page.click("#generate button.primary")
    expect(page.locator(card(page, "done"))).to_have_count(2, timeout=40_000)
    expect(page.locator("article.card svg.play")).to_be_visible(timeout=20_000)
    page.locator("article.card:has(svg.play) a.frame").click()
    video = page.locator(".mat video")
    expect(video).to_be_visible()
    played = video.evaluate(
        """video => { video.muted = true; return video.play().then(() => new Promise(done => {
             const look = () => video.currentTime > 0.3 ? done(video.videoWidth) : setTimeout(look, 50);
             look(); })) }"""
    )
    assert played == 640


def test_a_card_goes_on_after_closing_and_reopening_the_page(studio: Studio, context: BrowserContext) -> None:
    page = context.new_page()
    sign_in(page, studio.person())
    page.fill("[name=prompt]", "a green forest sandbox:seconds=4")
    choose(page, "model_id", "flux2-klein")
    page.click("#generate button.primary")
    expect(page.locator(card(page, "running"))).to_have_count(1)
    page.close()
    page = context.new_page()
    page.goto("/")
    expect(page.locator(card(page, "running"))).to_have_count(1)
    expect(page.locator(card(page, "done")).locator("img")).to_be_visible(timeout=20_000)
    expect(page.locator("#live")).not_to_have_attribute("hx-get", re.compile(".*"))


def test_it_works_without_javascript(studio: Studio, chromium: Browser, watch: Watch) -> None:
    with chromium.new_context(base_url=studio.url, java_script_enabled=False) as plain:
        page = plain.new_page()
        watch.over(page)
        sign_in(page, studio.person(token=False))
        page.goto("/accounts/tokens/")
        page.fill("form:not([action*=replace]) [name=token]", "meigen_sk_plain0000plain0000plain0000plai")
        page.click("text=Save token")
        expect(page.locator("body")).to_contain_text("Meigen accepts this token")
        page.goto("/?model_id=z-image-turbo")
        page.fill("[name=prompt]", "a snowy mountain")
        page.click("#generate button.primary")
        page.wait_for_url("**/")
        expect(page.locator("article.card")).to_have_count(1)
        for _ in range(40):
            page.reload()
            if page.locator("article.card img").count():
                break
            page.wait_for_timeout(500)
        expect(page.locator(card(page, "done"))).to_have_count(1)


def test_nothing_is_wider_than_a_small_phone(studio: Studio, page: Page) -> None:
    sign_in(page, studio.person())
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/?model_id=seedance-2-0")
    page.fill("[name=prompt]", "Donaudampfschifffahrtsgesellschaftskapitänskajütentürschloss" * 2)
    page.click("#generate button.primary")
    expect(page.locator("article.card")).to_have_count(1)
    address = page.locator("article.card a.frame").get_attribute("href")
    for url in [
        "/",
        "/generations/",
        "/gallery/",
        "/collections/",
        "/accounts/tokens/",
        "/accounts/password/change/",
        address or "",
    ]:
        page.goto(url)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, url
        assert page.locator(".top").evaluate("top => top.offsetHeight") < 60, url  # one line
