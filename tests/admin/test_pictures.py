"""Small pictures in the admin: off unless ADMINS_SEE_PICTURES is on, never the files, and each look is logged."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from audit.models import Entry
from generations.media import serving
from generations.models import Generation, Result
from tests.helpers import make_generation, make_result, make_user

LIST = "/admin/generations/generation/"


@pytest.fixture
def result(user: User) -> Result:
    return make_result(make_generation(user, status="done"))


@pytest.fixture
def seen(settings: Settings) -> None:
    settings.ADMINS_SEE_PICTURES = True


def address(result: Result) -> str:
    return reverse("admin:generations_generation_picture", args=[result.generation_id, result.number])


def pages(result: Result) -> list[str]:
    return [LIST, f"{LIST}{result.generation_id}/change/"]


def test_there_are_none_by_default(boss: Client, result: Result) -> None:
    assert boss.get(address(result)).status_code == 404
    assert not any("/picture/" in boss.get(page).content.decode() for page in pages(result))


def test_a_look_is_logged_each_time(boss: Client, result: Result, seen: None) -> None:
    assert all(address(result) in boss.get(page).content.decode() for page in pages(result))
    for query in ["", "?large"]:
        answer = boss.get(address(result) + query)
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        entry = Entry.objects.latest("pk")
        assert (entry.action, entry.object_id, entry.details) == (
            "admin-looked",
            str(result.generation_id),
            {"picture": 0},
        )


def test_files_and_what_is_erased_stay_private(boss: Client, result: Result, seen: None) -> None:
    admin = User.objects.get(username="boss")
    assert serving.readable("thumbnail", viewer=admin, as_admin=True).exists()
    assert not serving.readable("file", viewer=admin, as_admin=True).exists()
    assert not serving.readable("thumbnail", viewer=admin).exists()
    assert boss.get(reverse("thumbnail", args=[result.generation_id, 0])).status_code == 404
    Generation.objects.update(erased_at=result.kept_at)
    assert boss.get(address(result)).status_code == 404


def test_staff_who_may_not_look_at_generations_see_none(result: Result, seen: None) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))
    assert client.get(address(result)).status_code == 404
