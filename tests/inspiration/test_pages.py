"""The vendor's gallery: search it, open an image, take its prompt or its picture."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from accounts.models import Token, User
from generations.inspiration import gallery as asked_gallery
from generations.models import Reference
from meigen_api.calls import search
from meigen_api.errors import Answer
from sandbox import gallery
from sandbox.answers import Request, Response, answer, html, refusal
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_token, make_user

ITEM = next(iter(gallery.items().values()))
STRUCTURED = next(item for item in gallery.items().values() if item["text"].startswith("{"))


def test_a_search_shows_what_is_found(sandbox: FastSandbox, browser: Client) -> None:
    body = browser.get("/inspiration/", {"q": "lighthouse"}).content.decode()
    assert body.count("<article") == 4
    assert "lighthouse" in body
    assert "Nothing found" in browser.get("/inspiration/", {"q": "no such thing"}).content.decode()


def test_more_come_page_by_page(sandbox: FastSandbox, browser: Client) -> None:
    first = browser.get("/inspiration/").content.decode()
    assert first.count("<article") == 24
    assert "offset=24" in first
    second = browser.get("/inspiration/", {"offset": "24"}, headers={"HX-Request": "true"}).content.decode()
    assert second.count("<article") == 24
    assert "<html" not in second


def test_who_comes_back_finds_all_pages_that_were_loaded_without_another_search(
    sandbox: FastSandbox, browser: Client
) -> None:
    for offset in (0, 24):
        browser.get("/inspiration/", {"offset": offset})
    sandbox.fail_next("/api/search", html(502))
    body = browser.get("/inspiration/", {"pages": "2"}).content.decode()
    assert body.count("<article") == 48
    assert "offset=48" in body
    body = browser.get("/inspiration/", {"pages": "3"}).content.decode()  # the third is searched for, in vain
    assert body.count("<article") == 48
    assert "Try again in a minute" in body


def test_a_pasted_link_or_id_opens_the_image(sandbox: FastSandbox, browser: Client) -> None:
    for pasted in [
        ITEM["id"],
        f"https://www.meigen.ai/image/{ITEM['id']}/?ref=x",
        f"https://images.meigen.ai/{ITEM['id']}.jpg",
    ]:
        assert browser.get("/inspiration/", {"q": pasted})["Location"] == f"/inspiration/{ITEM['id']}/"


def test_one_image_is_asked_once_an_hour(sandbox: FastSandbox, browser: Client) -> None:
    assert ITEM["text"] in browser.get(f"/inspiration/{ITEM['id']}/").content.decode()
    sandbox.fail_next("/api/images", html(502))
    assert ITEM["text"] in browser.get(f"/inspiration/{ITEM['id']}/").content.decode()


def test_a_structured_prompt_is_readable(sandbox: FastSandbox, browser: Client) -> None:
    body = browser.get(f"/inspiration/{STRUCTURED['id']}/").content.decode()
    assert "subject: " in body
    assert "lens: 50mm" in body


def test_its_prompt_fills_the_studio(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    assert ITEM["text"] in browser.get("/", {"inspiration": ITEM["id"]}).content.decode()


def test_its_picture_becomes_a_reference_by_its_link(sandbox: FastSandbox, browser: Client, user: User) -> None:
    response = browser.post(f"/inspiration/{ITEM['id']}/use/")
    row = Reference.objects.get(owner=user)
    assert (row.public_url, row.is_link) == (f"{sandbox.url}/gallery/{ITEM['id']}.jpg", True)
    assert response["Location"] == f"/?reference={row.pk}"


def test_images_that_cannot_be_named_in_an_address_are_left_out(sandbox: FastSandbox, browser: Client) -> None:
    odd = [{"id": "a/b", "text": "x"}, {"id": "c\ud800", "text": "x"}, {"id": "ok-1", "text": "lone \ud800"}]
    sandbox.fail_next("/api/search", answer(200, {"success": True, "data": odd}))
    assert browser.get("/inspiration/").content.decode().count("<article") == 1


def test_its_picture_is_shown_from_here(sandbox: FastSandbox, browser: Client) -> None:
    response = browser.get(f"/inspiration/{ITEM['id']}/picture/")
    assert response["Content-Type"] == "image/webp"
    assert response.content[:4] == b"RIFF"


def test_a_picture_on_a_host_that_is_not_allowed_is_not_fetched(sandbox: FastSandbox, browser: Client) -> None:
    data = {"id": "evil", "text": "x", "thumbnail_url": "http://169.254.169.254/latest"}
    sandbox.fail_next("/api/images", answer(200, {"success": True, "data": data}))
    assert browser.get("/inspiration/evil/picture/").status_code == 404


def test_failures_get_a_sentence(sandbox: FastSandbox, browser: Client) -> None:
    sandbox.fail_next("/api/search", html(502))
    assert "Could not reach Meigen" in browser.get("/inspiration/").content.decode()
    assert "no picture with this id" in browser.get("/inspiration/nothing/").content.decode()
    sandbox.fail_next("/api/images", Response(200, b"nonsense"))
    response = browser.get("/inspiration/nothing/")
    assert (response.status_code, "Could not reach Meigen" in response.content.decode()) == (503, True)
    sandbox.fail_next("/api/images", html(500))
    assert browser.get("/", {"inspiration": "nothing"}).status_code == 200


def test_strange_ids_and_offsets_are_harmless(sandbox: FastSandbox, browser: Client) -> None:
    for image_id in ["..%2f..%2fapi%2ftokens", "%00", "%F0%9F%A6%8A", "a" * 300]:
        assert browser.get(f"/inspiration/{image_id}/").status_code in {404, 503}
    assert browser.get("/inspiration/", {"q": "12345678-1234-1234-1234-1234/6789012"}).status_code == 200
    for offset in ["-5", "x", "99999999", "٣"]:
        assert browser.get("/inspiration/", {"offset": offset}).status_code == 200


Searches = list[dict[str, str]]


@pytest.fixture
def searches(sandbox: FastSandbox, monkeypatch: pytest.MonkeyPatch) -> Searches:
    """What arrives at Meigen for searches: the query of each, and its token as `token`, "" when it brings none."""
    arrived: Searches = []
    handle = sandbox.handle

    def listen(request: Request) -> Response:
        if request.path == "/api/search":
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            arrived.append({**request.query, "token": token})
        return handle(request)

    monkeypatch.setattr(sandbox, "handle", listen)
    return arrived


def tokens_of(searches: Searches) -> list[str]:
    return [search["token"] for search in searches]


class TestWhoseSearch:
    """A search is paid from the quota of the person's own token, while they have a good one."""

    def test_a_search_brings_the_persons_own_token(self, searches: Searches, browser: Client, token: Token) -> None:
        make_token(make_user())
        assert browser.get("/inspiration/", {"q": "lighthouse"}).content.decode().count("<article") == 4
        assert tokens_of(searches) == [token.secret().reveal()]

    def test_without_a_token_it_is_asked_without(self, searches: Searches, browser: Client) -> None:
        browser.get("/inspiration/")
        assert tokens_of(searches) == [""]

    def test_a_refused_token_stays_at_home(self, searches: Searches, browser: Client, token: Token) -> None:
        token.note_refusal(datetime.now(UTC), token.revision)
        browser.get("/inspiration/")
        assert tokens_of(searches) == [""]

    def test_so_does_one_that_no_key_opens(self, searches: Searches, browser: Client, token: Token) -> None:
        Token.objects.update(ciphertext="nonsense")
        assert "<article" in browser.get("/inspiration/").content.decode()
        assert tokens_of(searches) == [""]

    def test_after_a_401_the_search_goes_on_without_the_token_and_the_queue_with_it(
        self, sandbox: FastSandbox, searches: Searches, browser: Client, token: Token
    ) -> None:
        """What a search endpoint makes of a token says nothing about what it may pay for."""
        sandbox.fail_next("/api/search", refusal(401, "Token expired", code="token_expired"))
        assert "<article" in browser.get("/inspiration/").content.decode()
        assert tokens_of(searches) == [token.secret().reveal(), ""]
        token.refresh_from_db()
        assert token.refused_at is None

    def test_a_401_without_a_token_is_asked_once(
        self, sandbox: FastSandbox, searches: Searches, browser: Client
    ) -> None:
        sandbox.fail_next("/api/search", refusal(401, "Sign in first"), times=2)
        assert "Could not reach Meigen" in browser.get("/inspiration/").content.decode()
        assert tokens_of(searches) == [""]

    def test_single_images_are_asked_without_a_token(
        self, sandbox: FastSandbox, browser: Client, token: Token, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        arrived: list[Request] = []
        handle = sandbox.handle

        def listen(request: Request) -> Response:
            arrived.append(request)
            return handle(request)

        monkeypatch.setattr(sandbox, "handle", listen)
        browser.get(f"/inspiration/{ITEM['id']}/")
        assert [(one.path, "authorization" in one.headers) for one in arrived] == [(f"/api/images/{ITEM['id']}", False)]


class TestUsedUp:
    """A 429 to a search is a wait, said in words, and no failure of Meigen."""

    @pytest.fixture
    def limited(self, sandbox: FastSandbox, browser: Client, settings: Settings) -> Callable[..., str]:
        """The page of a search at 12:30 in Berlin that Meigen answers with 429."""
        settings.TIME_ZONE = "Europe/Berlin"

        def page(retry_after: object = None, code: str = "DAILY_LIMIT_REACHED", **query: str) -> str:
            headers = {} if retry_after is None else {"Retry-After": f"{retry_after}"}
            sandbox.fail_next("/api/search", refusal(429, "Too many searches", headers, code=code))
            with time_machine.travel(datetime(2026, 9, 14, 10, 30, tzinfo=UTC), tick=False):
                browser.force_login(User.objects.get())
                body = browser.get("/inspiration/", query, headers={"HX-Request": "true"}).content.decode()
            assert "Could not reach Meigen" not in body
            return re.sub(r"</?time[^>]*>", "", body)

        return page

    def test_the_page_says_when_the_accounts_quota_is_there_again(
        self, limited: Callable[..., str], token: Token
    ) -> None:
        body = limited(3600)
        assert "Your Meigen account has used up its searches for today. Search again after 13:30." in body
        assert "a search quota of your own" not in body

    @each(
        ("retry_after", "words"),
        [
            (1, "after 12:31."),
            (13 * 3600, "after 15 Sep, 01:30."),
            ("Mon, 14 Sep 2026 20:00:00 GMT", "after 22:00."),
            ("Tue, 15 Sep 2026 00:00:00 GMT", "after 15 Sep, 02:00."),
            (None, "Search again tomorrow."),
            ("soon", "Search again tomorrow."),
            (10**11, "Search again tomorrow."),
        ],
    )
    def test_the_day_is_said_when_it_is_another(
        self, limited: Callable[..., str], token: Token, retry_after: object, words: str
    ) -> None:
        assert words in limited(retry_after)

    @each(
        ("retry_after", "words"),
        [
            (60, "in 1 minute."),
            (61, "in 2 minutes."),
            (3600, "in 60 minutes."),
            (7200, "after 14:30."),
            (0, "in 1 minute."),
            (None, "in 1 minute."),
        ],
    )
    def test_another_429_says_in_how_many_minutes(
        self, limited: Callable[..., str], token: Token, retry_after: object, words: str
    ) -> None:
        body = limited(retry_after, code="rate_limited")
        assert f"This studio is searching Meigen&#x27;s gallery too often. Search again {words}" in body
        assert "a search quota of your own" not in body

    def test_without_a_token_it_says_that_ones_own_has_a_quota_of_its_own(self, limited: Callable[..., str]) -> None:
        body = limited(60, code="rate_limited")
        assert "a search quota of your own" in body
        assert 'href="/accounts/tokens/?next=/inspiration/">Add a token' in body

    def test_with_a_refused_one_it_says_the_same(self, limited: Callable[..., str], token: Token) -> None:
        token.note_refusal(datetime.now(UTC), token.revision)
        assert "Replace the token</a>" in limited(60, code="rate_limited")

    def test_without_a_token_no_account_is_blamed(self, limited: Callable[..., str]) -> None:
        body = limited(3600)
        assert "This studio has used up its searches for today. Search again after 13:30." in body
        assert "your Meigen account" not in body

    def test_in_the_middle_of_the_results_one_can_go_on_from_there(
        self, limited: Callable[..., str], token: Token
    ) -> None:
        assert 'href="/inspiration/?q=fox&amp;offset=48"' in limited(3600, q="fox", offset="48")

    def test_a_single_image_waits_in_the_same_words(self, sandbox: FastSandbox, browser: Client) -> None:
        sandbox.fail_next("/api/images", refusal(429, "Too many requests", {"Retry-After": "60"}, code="rate_limited"))
        response = browser.get(f"/inspiration/{ITEM['id']}/")
        assert response.status_code == 503
        assert "gallery too often. Search again in 1 minute." in response.content.decode()

    def test_the_whole_page_says_it_too_and_not_that_nothing_was_found(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        sandbox.fail_next("/api/search", refusal(429, "Too many", {"Retry-After": "60"}, code="DAILY_LIMIT_REACHED"))
        body = browser.get("/inspiration/").content.decode()
        assert "Your Meigen account has used up its searches for today. Search again after" in body
        assert "Nothing found" not in body


class TestTheMatchedPicture:
    """An image may have several pictures; the one that a search matched is the one shown, opened and used."""

    @pytest.fixture
    def found(self, sandbox: FastSandbox, browser: Client) -> str:
        """The page of a search that matched the second of an image's two pictures."""
        first, second = list(gallery.items())[:2]
        data = {
            "id": "pair",
            "text": "two pictures",
            "media_urls": [f"{sandbox.url}/gallery/{first}.jpg", f"{sandbox.url}/gallery/{second}.jpg"],
            "thumbnail_url": f"{sandbox.url}/gallery/{first}.jpg",
            "image_width": 640,
            "image_height": 480,
            "matched_media_index": 1,
        }
        sandbox.fail_next("/api/search", answer(200, {"success": True, "data": [data]}))
        return browser.get("/inspiration/", {"q": "pictures"}).content.decode()

    def test_a_search_asks_for_it(self, searches: Searches, browser: Client) -> None:
        browser.get("/inspiration/")
        assert searches[0]["media"] == "matched-v1"

    def test_the_results_show_and_open_it(self, found: str, browser: Client) -> None:
        assert 'src="/inspiration/pair/picture/?media=1"' in found
        assert found.count('href="/inspiration/pair/?media=1"') == 2
        opened = browser.get("/inspiration/pair/?media=1").content.decode()
        assert 'src="/inspiration/pair/picture/?media=1"' in opened
        assert 'action="/inspiration/pair/use/?media=1"' in opened
        assert "640" not in opened  # the size of the first

    def test_the_vendors_thumbnail_of_the_first_is_not_shown_for_it(self, found: str, browser: Client) -> None:
        first, second = (browser.get(f"/inspiration/{item}/picture/").content for item in list(gallery.items())[:2])
        assert first != second
        assert browser.get("/inspiration/pair/picture/?media=1").content == second
        assert browser.get("/inspiration/pair/picture/").content == first

    def test_it_is_the_one_that_becomes_a_reference(
        self, sandbox: FastSandbox, found: str, browser: Client, user: User
    ) -> None:
        browser.post("/inspiration/pair/use/?media=1")
        second = list(gallery.items())[1]
        assert Reference.objects.get(owner=user).public_url == f"{sandbox.url}/gallery/{second}.jpg"

    def test_one_persons_match_does_not_show_in_anothers_page(self, found: str) -> None:
        other = Client()
        other.force_login(make_user())
        opened = other.get("/inspiration/pair/").content.decode()
        assert "media=" not in opened
        assert "640" in opened
        assert asked_gallery.image("pair").matched == 0

    @pytest.mark.slow
    @each("media", ["2", "-1", "x", "1.0", "", "99999999", "\u0661"])
    def test_an_address_that_names_no_picture_means_the_first(self, found: str, browser: Client, media: str) -> None:
        opened = browser.get("/inspiration/pair/", {"media": media}).content.decode()
        assert 'src="/inspiration/pair/picture/"' in opened
        assert 'action="/inspiration/pair/use/"' in opened
        first = browser.get("/inspiration/pair/picture/").content
        assert browser.get("/inspiration/pair/picture/", {"media": media}).content == first

    def test_an_image_of_one_picture_has_no_second(self, sandbox: FastSandbox, browser: Client) -> None:
        opened = browser.get(f"/inspiration/{ITEM['id']}/", {"media": "1"}).content.decode()
        assert f'src="/inspiration/{ITEM["id"]}/picture/"' in opened

    @each("index", [2, -1, 10**12, "x", None, True, 1.5, [1], {}])
    def test_an_odd_index_means_the_first(self, index: Any) -> None:
        assert matched(["https://a.example/0.jpg", "https://a.example/1.jpg"], index) == 0

    def test_the_index_counts_in_the_vendors_own_list(self) -> None:
        listed = [None, "https://a.example/0.jpg", "https://a.example/0.jpg", "https://a.example/1.jpg"]
        assert [matched(listed, index) for index in range(4)] == [0, 0, 0, 1]
        assert matched("https://a.example/0.jpg", 1) == 0


def matched(media_urls: Any, index: Any) -> int:
    data = {"data": [{"id": "x", "media_urls": media_urls, "matched_media_index": index}]}
    [image] = search("").read(data, Answer(200))
    return image.matched
