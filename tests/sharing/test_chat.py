"""What chat programs show with a link: a light JPEG of the first picture, and nothing of a link that is closed."""

import html
import io
import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts.models import User
from generations.library import curation
from generations.media import decode
from generations.media.formats import PREVIEW
from generations.models import Generation, Result, Share
from generations.sharing import links
from tests.cases import each
from tests.helpers import make_generation, make_result, solid
from tests.sharing.links import body, make_done, path

pytestmark = pytest.mark.django_db
EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\0"


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    caches["chat"].clear()


def noise(size: tuple[int, int]) -> bytes:
    """A WebP that hardly gets smaller."""
    buffer = io.BytesIO()
    Image.effect_noise(size, 120).convert("RGB").save(buffer, "WEBP", quality=80, exif=EXIF)
    return buffer.getvalue()


def shown(user: User, preview: bytes, size: tuple[int, int], **columns: Any) -> tuple[Share, Result]:
    """A link to a result of this size in pixels with this preview."""
    row = make_generation(user, status="done", prompt='a "CANARY" at dawn')
    width, height = size
    result = make_result(row, width=width, height=height, **columns)
    result.preview.name = default_storage.save(f"{result.pk}.webp", ContentFile(preview))
    result.save()
    return links.share(user, [row]), result


def told(page: str) -> dict[str, str]:
    """The page's Open Graph values, by name."""
    return {name: html.unescape(value) for name, value in re.findall(r'property="og:([\w:]+)" content="([^"]*)"', page)}


def looked_up(share: Share) -> tuple[dict[str, str], Image.Image, bytes]:
    """What a chat program learns from the page, and the picture it fetches."""
    about = told(Client().get(path(share)).content.decode())
    response = Client().get(about["image"].removeprefix("http://testserver"))
    assert response.status_code == 200
    assert response["Content-Type"] == about["image:type"] == "image/jpeg"
    data = body(response)
    return about, Image.open(io.BytesIO(data)), data


@each(
    ("of", "preview", "expected"),
    [
        ((4096, 2305), (PREVIEW, 720), (1200, 675)),
        ((1023, 4001), (327, PREVIEW), (307, 1200)),
        ((1280, 1280), (PREVIEW, PREVIEW), (1200, 1200)),
        ((640, 333), (640, 333), (640, 333)),
        ((8000, 2), (PREVIEW, 1), (1200, 1)),
    ],
)
@pytest.mark.slow
def test_it_is_a_light_jpeg_of_exactly_the_size_that_the_page_tells(
    user: User, of: tuple[int, int], preview: tuple[int, int], expected: tuple[int, int]
) -> None:
    share, _ = shown(user, noise(preview), of)
    about, picture, data = looked_up(share)
    assert picture.format == "JPEG"
    assert picture.size == expected == (int(about["image:width"]), int(about["image:height"]))
    assert len(data) <= 300_000


def test_it_carries_nothing_but_the_pixels(user: User) -> None:
    profile = b"\0" * 128 + b"CANARY profile"
    share, _ = shown(user, solid("WEBP", (64, 48), exif=EXIF, xmp=b"CANARY", icc_profile=profile), (64, 48))
    _, picture, data = looked_up(share)
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert b"CANARY" not in data
    assert b"Exif" not in data


def test_what_is_transparent_becomes_white(user: User) -> None:
    clear = io.BytesIO()
    Image.new("RGBA", (64, 48), (0, 0, 0, 0)).save(clear, "WEBP")
    share, _ = shown(user, clear.getvalue(), (64, 48))
    colour = looked_up(share)[1].convert("RGB").getpixel((10, 10))
    assert isinstance(colour, tuple)
    assert min(colour) > 250


def test_of_a_video_it_is_the_poster_and_without_one_there_is_no_picture(user: User) -> None:
    share, result = shown(user, noise((1280, 720)), (1920, 1080), content_type="video/mp4")
    assert looked_up(share)[1].size == (1200, 675)
    Result.objects.filter(pk=result.pk).update(thumbnail="", preview="")
    assert "image" not in told(Client().get(path(share)).content.decode())
    assert Client().get(f"{path(share)}{result.pk}/chat.jpg").status_code == 404


def test_it_is_described_by_the_prompt_only_if_the_page_shows_prompts(user: User, done: Generation) -> None:
    for shows, alt in [(True, "a heron at dawn"), (False, "Birds")]:
        share = links.share(user, [done], title="Birds", shows_prompts=shows)
        assert told(Client().get(path(share)).content.decode())["image:alt"] == alt


@each("how", ["password", "expired", "revoked", "deleted"])
def test_a_closed_link_shows_no_picture(user: User, done: Generation, how: str) -> None:
    share = links.share(user, [done], password="a secret" if how == "password" else "")
    other = links.share(user, [make_done(user, prompt="another")])
    result = done.results.get()
    address = f"{path(share)}{result.pk}/chat.jpg"
    if how != "password":
        assert Client().get(address).status_code == 200  # and is in memory from now on
    match how:
        case "expired":
            Share.objects.filter(pk=share.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        case "revoked":
            links.revoke(share)
        case "deleted":
            curation.delete(user, [done.pk])
    assert Client().get(address).status_code == 404
    assert b"og:image" not in Client().get(path(share)).content
    assert Client().get(f"{path(other)}{result.pk}/chat.jpg").status_code == 404


def test_it_is_made_once_and_not_sent_to_who_has_it(
    user: User, done: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = links.share(user, [done])
    address = f"{path(share)}{done.results.get().pk}/chat.jpg"
    first = Client().get(address)
    monkeypatch.setattr(decode, "for_chat", None)
    again = Client().get(address)
    assert again.content == first.content
    assert again["Cache-Control"] == "private, no-store"
    assert Client().get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_a_damaged_picture_is_no_picture(user: User) -> None:
    share, result = shown(user, b"nonsense", (64, 48))
    assert Client().get(f"{path(share)}{result.pk}/chat.jpg").status_code == 404


def test_a_missing_file_is_a_404(user: User, done: Generation) -> None:
    share = links.share(user, [done])
    result = done.results.get()
    default_storage.delete(result.preview.name or "")
    assert Client().get(f"{path(share)}{result.pk}/chat.jpg").status_code == 404


def test_many_who_ask_at_once_get_the_same(user: User) -> None:
    _, result = shown(user, noise((640, 480)), (640, 480))
    made: list[bytes] = []

    def ask() -> None:
        with default_storage.open(result.preview.name or "") as file:
            made.append(decode.for_chat(file, 640, 480))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == 1
