"""Every cookie the studio sets: no script reads it, no other site sends it along, and it is small."""

from http.cookies import Morsel
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from generations.sharing import links
from tests.helpers import make_generation, make_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def cookies(user: User, settings: Settings) -> dict[str, "Morsel[Any]"]:
    """What a person and a guest collect in one browser under https."""
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.LANGUAGE_COOKIE_SECURE = True
    client = Client()
    client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/"}, secure=True)
    client.post("/shares/new/", secure=True)  # leaves a message
    client.post("/accounts/login/", {"login": user.username, "password": "a-long-password"}, secure=True)
    row = make_generation(user, status="done")
    make_result(row)
    share = links.share(user, [row], password="open sesame", allows_hearts=True)
    page = f"/s/{share.secret}/"
    client.post(f"{page}unlock/", {"password": "open sesame"}, secure=True)
    client.get(page, headers={"User-Agent": "Firefox"}, secure=True)
    client.post(f"{page}{row.results.get().pk}/heart/", {"name": "Ada"}, secure=True)
    return dict(client.cookies)


def test_all_are_met(cookies: dict[str, "Morsel[Any]"]) -> None:
    kinds = {"sessionid", "csrftoken", "django_language", "messages", "known", "guest", "share", "seen"}
    assert {name.partition("-")[0] for name in cookies} == kinds


def test_no_script_reads_them_and_no_other_site_sends_them(cookies: dict[str, "Morsel[Any]"]) -> None:
    for name, cookie in cookies.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
        assert cookie["secure"], name
        assert not cookie["domain"], name


def test_they_are_small(cookies: dict[str, "Morsel[Any]"]) -> None:
    for name, cookie in cookies.items():
        assert len(cookie.OutputString()) < 4096, name
