"""Serving kept files: whole, in ranges, revalidated, and never as something a browser would run."""

import io
import json
import re
from datetime import datetime
from typing import Literal

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from pytest_django import Settings

from accounts.models import User
from generations.media import serving
from generations.models import Generation, Result
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user, picture

Small = Literal["thumbnail", "preview"]

DATA = bytes(range(256)) * 40


@pytest.fixture
def url(user: User) -> str:
    generation = make_generation(user, status="done", prompt='a "red" fox / ../..')
    make_result(generation, DATA)
    return reverse("result", args=[generation.pk, 0])


def test_the_whole_file(browser: Client, url: str) -> None:
    response = browser.get(url)
    assert response.getvalue() == DATA
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(len(DATA))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "private, no-cache"


@each(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=10000-", 10000, 10240),
        ("bytes=-40", 10200, 10240),
        ("bytes=0-99999999", 0, 10240),
    ],
)
def test_a_range_is_answered_exactly(browser: Client, url: str, asked: str, start: int, stop: int) -> None:
    response = browser.get(url, headers={"Range": asked})
    assert response.status_code == 206
    assert response.getvalue() == DATA[start:stop]
    assert response["Content-Range"] == f"bytes {start}-{stop - 1}/10240"
    assert response["Content-Length"] == str(stop - start)


@each("asked", ["bytes=10240-", "bytes=5-2", "bytes=-0"])
def test_a_range_past_the_end_is_416(browser: Client, url: str, asked: str) -> None:
    response = browser.get(url, headers={"Range": asked})
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */10240"


@each("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=-", "bytes=" + "9" * 5000 + "-"])
def test_a_range_we_do_not_speak_gets_the_whole_file(browser: Client, url: str, asked: str) -> None:
    response = browser.get(url, headers={"Range": asked})
    assert response.status_code == 200
    assert response.getvalue() == DATA


def test_an_unchanged_file_is_not_sent_again(browser: Client, url: str) -> None:
    etag = browser.get(url)["ETag"]
    response = browser.get(url, headers={"If-None-Match": etag})
    assert response.status_code == 304
    assert response.content == b""


def test_a_download_has_a_safe_name(browser: Client, url: str) -> None:
    assert browser.get(f"{url}?download")["Content-Disposition"] == 'attachment; filename="a-red-fox-1.png"'


@each("known", ["{}", "W/{}", '"other", {}'])
def test_whatever_way_a_browser_says_what_it_has(browser: Client, url: str, known: str) -> None:
    etag = browser.get(url)["ETag"]
    assert browser.get(url, headers={"If-None-Match": known.format(etag)}).status_code == 304


def test_a_range_of_a_file_that_changed_meanwhile_is_the_whole_new_one(browser: Client, url: str) -> None:
    etag = browser.get(url)["ETag"]
    assert browser.get(url, headers={"Range": "bytes=0-9", "If-Range": etag}).status_code == 206
    response = browser.get(url, headers={"Range": "bytes=0-9", "If-Range": '"an older one"'})
    assert (response.status_code, response.getvalue()) == (200, DATA)


def test_head_says_the_same_without_the_bytes(browser: Client, url: str) -> None:
    whole, head = browser.get(url), browser.head(url)
    assert head.getvalue() == b""
    for name in ["Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Cache-Control"]:
        assert head[name] == whole[name]
    assert browser.head(url, headers={"Range": "bytes=0-9"})["Content-Length"] == "10"


@each("kind", ["thumbnail", "preview"])
def test_a_small_picture_by_its_signed_address_may_be_kept_for_ever(browser: Client, url: str, kind: Small) -> None:
    result = Result.objects.get()
    signed = serving.small_url(result, kind)
    response = browser.get(signed)
    assert response["Content-Type"] == "image/webp"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    again = browser.get(signed, headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again["Cache-Control"]) == (304, response["Cache-Control"])


@each("query", ["", "?v=", "?v=0123456789abcdef", "?v={preview}", "?v={file}"])
def test_by_any_other_address_the_browser_asks_each_time(browser: Client, url: str, query: str) -> None:
    result = Result.objects.get()
    signatures = {kind: serving._version(result, kind) for kind in ("preview", "file")}
    plain = reverse("thumbnail", args=[result.generation_id, 0])
    assert browser.get(plain + query.format(**signatures))["Cache-Control"] == "private, no-cache"
    assert browser.get(f"{url}?v={signatures['file']}")["Cache-Control"] == "private, no-cache"


def test_another_file_has_another_address(url: str) -> None:
    result = Result.objects.get()
    before = serving.small_url(result, "thumbnail")
    result.sha256 = "0" * 64
    assert serving.small_url(result, "thumbnail") != before


def test_a_signed_address_lets_nobody_in(browser: Client, url: str) -> None:
    signed = serving.small_url(Result.objects.get(), "thumbnail")
    stranger = Client()
    assert stranger.get(signed)["Location"].startswith("/accounts/login/")
    stranger.force_login(make_user())
    assert stranger.get(signed).status_code == 404
    Generation.objects.update(team_at=timezone.now())
    assert stranger.get(signed).status_code == 200
    Generation.objects.update(team_at=None)
    assert stranger.get(signed).status_code == 404


def test_cards_of_all_kinds_show_signed_addresses(browser: Client, url: str) -> None:
    result = Result.objects.get()
    Result.objects.update(width=3000, height=1500)
    card = browser.get("/").content.decode()
    assert f"{serving.small_url(result, 'thumbnail')} 640w, {serving.small_url(result, 'preview')} 1280w" in card
    assert (
        f'src="{serving.small_url(result, "thumbnail")}"' in browser.get(url.partition("results")[0]).content.decode()
    )


class TestBehindAProxyThatHandsOutTheFiles:
    @pytest.fixture(autouse=True)
    def _accel(self, settings: Settings) -> None:
        settings.MEDIA_ACCEL = "/kept/"

    @each("headers", [{}, {"Range": "bytes=0-9"}, {"If-None-Match": "*"}])
    def test_it_is_told_where_the_file_is(self, browser: Client, url: str, headers: dict[str, str]) -> None:
        response = browser.get(f"{url}?download", headers=headers)
        assert (response.status_code, response.content) == (200, b"")
        assert response["X-Accel-Redirect"] == f"/kept/{Result.objects.get().file.name}"
        assert response["Content-Type"] == "image/png"
        assert response["Content-Disposition"] == 'attachment; filename="a-red-fox-1.png"'
        assert "sandbox" in response["Content-Security-Policy"]
        assert "ETag" not in response

    def test_small_pictures_may_still_be_kept_for_ever(self, browser: Client, url: str) -> None:
        response = browser.get(serving.small_url(Result.objects.get(), "thumbnail"))
        assert response["Cache-Control"].endswith("immutable")
        assert response["X-Accel-Redirect"].endswith(".thumb.webp")

    def test_nobody_else_is_told(self, url: str) -> None:
        stranger = Client()
        stranger.force_login(make_user())
        response = stranger.get(url)
        assert response.status_code == 404
        assert "X-Accel-Redirect" not in response


def test_a_lost_file_is_a_404(browser: Client, user: User) -> None:
    generation = make_generation(user, status="done")
    make_result(generation).file.storage.delete(generation.results.get().file.name or "")
    assert browser.get(reverse("result", args=[generation.pk, 0])).status_code == 404
    assert Generation.objects.exists()


@pytest.mark.parametrize("what", ["size", "open"])
@pytest.mark.parametrize("query", ["", "?download", "?text"])
def test_while_the_disk_fails_it_is_asked_for_again(
    browser: Client, url: str, monkeypatch: pytest.MonkeyPatch, query: str, what: str
) -> None:
    def fails(name: str) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(default_storage, what, fails)
    response = browser.get(url + query)
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert response["Cache-Control"] == "private, no-cache"


class TestWordsInAPng:
    @pytest.fixture
    def png(self, user: User) -> Result:
        prompt = "“a fox”\nim Schnee, 狐狸 🦊"
        generation = make_generation(user, status="done", prompt=prompt, fields={"aspectRatio": "16:9"})
        return make_result(generation, picture("PNG", (600, 400)))

    @pytest.fixture
    def url(self, png: Result) -> str:
        return reverse("result", args=[png.generation_id, 0])

    def test_the_prompt_is_in_it_when_asked_for(self, browser: Client, png: Result, url: str) -> None:
        response = browser.get(f"{url}?text")
        data = response.getvalue()
        assert response["Content-Length"] == str(len(data))
        assert response["Content-Disposition"].startswith("attachment; ")
        assert response["X-Content-Type-Options"] == "nosniff"
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            assert isinstance(image, PngImageFile)
            assert image.text["Description"] == png.generation.prompt
            asked = json.loads(image.text["Comment"])
        assert asked == {"model": "Z Image Turbo", "settings": {"aspectRatio": "16:9"}}

    def test_every_byte_of_the_kept_file_is_in_it_unchanged(self, browser: Client, url: str) -> None:
        kept, given = browser.get(url).getvalue(), browser.get(f"{url}?text").getvalue()
        added = len(given) - len(kept)
        assert given[:33] + given[33 + added :] == kept

    def test_otherwise_nothing_is_in_it(self, browser: Client, url: str) -> None:
        for address in [url, f"{url}?download"]:
            assert b"iTXt" not in browser.get(address).getvalue()
        with default_storage.open(Result.objects.get().file.name or "") as kept:
            assert b"iTXt" not in kept.read()

    def test_head_and_a_lost_file(self, browser: Client, url: str) -> None:
        whole, head = browser.get(f"{url}?text"), browser.head(f"{url}?text")
        assert (head.getvalue(), head["Content-Length"]) == (b"", whole["Content-Length"])
        default_storage.delete(Result.objects.get().file.name or "")
        assert browser.get(f"{url}?text").status_code == 404

    def test_only_those_who_may_see_it_get_it(self, url: str) -> None:
        stranger = Client()
        stranger.force_login(make_user())
        assert stranger.get(f"{url}?text").status_code == 404

    def test_the_page_offers_it_for_png_alone(self, browser: Client, url: str) -> None:
        page = url.partition("results")[0]
        assert f'href="{url}?text"' in browser.get(page).content.decode()
        Result.objects.update(content_type="image/jpeg")
        assert "?text" not in browser.get(page).content.decode()
        assert "attachment" not in browser.get(f"{url}?text")["Content-Disposition"]


@pytest.mark.parametrize("gone_at", [None, timezone.now()])
def test_small_pictures_are_seen_while_their_original_is_lost(
    browser: Client, user: User, gone_at: datetime | None
) -> None:
    row = make_generation(user, status="done")
    result = make_result(row)
    Result.objects.filter(pk=result.pk).update(kept_at=None, gone_at=gone_at)
    shown = re.findall(r'<img src="(/generations/[^"?]+)', browser.get(reverse("generations")).content.decode())
    assert [browser.get(address).status_code for address in shown] == [200]
    assert browser.get(reverse("result", args=[row.pk, 0])).status_code == 404
    stranger = Client()
    stranger.force_login(make_user())
    assert stranger.get(shown[0]).status_code == 404
