"""The security headers, the whole set on every answer, whatever gives it and whatever has gone wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from generations.sharing import links
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_result

WHOLE_SET = {
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Permissions-Policy",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
}
STATIC = "/static/base.css"


@contextmanager
def broken_view() -> Iterator[None]:
    def fail(*_: object) -> NoReturn:
        raise RuntimeError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generations.studio.views.render", fail)
        yield


def failing(browser: Client) -> Any:
    with broken_view():
        return browser.get("/")


def forged(browser: Client) -> Any:
    return Secure(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x"})


def unchanged(browser: Client) -> Any:
    since = browser.get(STATIC)
    b"".join(since)
    return browser.get(STATIC, headers={"If-Modified-Since": since["Last-Modified"]})


def page(url: str, **extra: Any) -> Callable[[Client], Any]:
    return lambda browser: browser.get(url, **extra)


ANSWERS: dict[str, tuple[int, Callable[[Client], Any]]] = {
    "a page": (200, page("/")),
    "a guest's page": (200, page("shared")),
    "a picture": (200, page("thumbnail")),
    "the admin": (302, page("/admin/")),
    "a static file": (200, page(STATIC)),
    "a static file that has not changed": (304, unchanged),
    "a file for robots": (200, page("/robots.txt")),
    "the tick": (200, lambda browser: browser.post("/tick/", {"tick": "x"})),
    "a tick that is none": (405, page("/tick/")),
    "a redirect to sign in": (302, lambda _: Secure().get("/")),
    "a redirect to https": (301, lambda _: Client().get("/")),
    "a host that is not ours": (400, page("/", headers={"Host": "evil.example"})),
    "a host that is not ours, by http": (400, lambda _: Client().get("/", headers={"Host": "evil.example"})),
    "half a form": (400, lambda browser: browser.post("/generations/", b"--x", "multipart/form-data; boundary=")),
    "a form that is too large": (400, lambda browser: browser.post("/generations/", {"prompt": "a" * 1_100_000})),
    "a request of somebody signed out": (401, lambda _: Secure().post(reverse("live"), headers={"HX-Request": "1"})),
    "a forged form": (403, forged),
    "nothing": (404, page("/nowhere/")),
    "no share link": (404, page("/s/nothing/")),
    "another method": (405, lambda browser: browser.delete(reverse("live"))),
    "another encoding": (415, lambda browser: browser.post("/", b"", "text/plain; charset=utf-16")),
    "a failure": (500, failing),
    "the probe": (200, page("/healthz")),
}  # fmt: skip


class Secure(Client):
    """A browser behind https."""

    def request(self, **request: Any) -> Any:
        return super().request(**request | {"wsgi.url_scheme": "https"})


@pytest.fixture
def addresses(settings: Settings, sandbox: FastSandbox, user: User) -> dict[str, str]:
    """Of a studio behind https: a link, and a picture of it."""
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 60
    row = make_generation(user, status="done")
    make_result(row)
    share = links.share(user, [row])
    return {"shared": reverse("shared", args=[share.secret]), "thumbnail": reverse("thumbnail", args=[row.pk, 0])}


@each("name", ANSWERS)
def test_no_answer_lacks_one(addresses: dict[str, str], user: User, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Secure(raise_request_exception=False)
    browser.force_login(user)
    get = browser.get
    monkeypatch.setattr(browser, "get", lambda url, **extra: get(addresses.get(url) or url, **extra))
    status, ask = ANSWERS[name]
    answer = ask(browser)
    b"".join(answer)
    wanted = WHOLE_SET if answer.request["wsgi.url_scheme"] == "https" else WHOLE_SET - {"Strict-Transport-Security"}
    assert answer.status_code == status
    assert {header for header in wanted if not answer.has_header(header)} == set()
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer.has_header("Cache-Control")
    assert not answer.has_header("Access-Control-Allow-Origin")
