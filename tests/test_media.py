"""Serving kept files: whole, in ranges, revalidated, and never as something a browser would run."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations.models import Generation
from tests.helpers import make_generation, make_result

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


@pytest.mark.parametrize(
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


@pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=5-2", "bytes=-0"])
def test_a_range_past_the_end_is_416(browser: Client, url: str, asked: str) -> None:
    response = browser.get(url, headers={"Range": asked})
    assert response.status_code == 416
    assert response["Content-Range"] == "bytes */10240"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=-", "bytes=" + "9" * 5000 + "-"])
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


def test_a_lost_file_is_a_404(browser: Client, user: User) -> None:
    generation = make_generation(user, status="done")
    make_result(generation).file.storage.delete(generation.results.get().file.name or "")
    assert browser.get(reverse("result", args=[generation.pk, 0])).status_code == 404
    assert Generation.objects.exists()
