"""Signing out: the browser is told to forget, but for the language."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User


@pytest.mark.parametrize(("base", "told"), [("", '"cache", "storage"'), ("/studio", '"cache"')])
@pytest.mark.parametrize("url", ["/accounts/logout/", "/admin/logout/"])
def test_the_browser_is_told_to_forget(
    user: User, browser: Client, settings: Settings, url: str, base: str, told: str
) -> None:
    settings.BASE_PATH = base
    User.objects.update(is_staff=True, is_superuser=True)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    answer = browser.post(url)
    assert answer["Clear-Site-Data"] == told
    assert browser.get("/").status_code == 302
    assert browser.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"


def test_looking_at_the_question_forgets_nothing(browser: Client) -> None:
    assert not browser.get("/accounts/logout/").has_header("Clear-Site-Data")
    assert browser.get("/").status_code == 200
