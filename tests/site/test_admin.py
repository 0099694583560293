"""The admin: who asked for what, and why a submission failed; no secret, and no way to run code."""

import pytest
from django.test import Client
from django_q.models import Schedule

from accounts.models import Token, User
from generations.dispatch import submit
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_user


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    return client


@each(("switch", "status"), [("402", 402), ("400", 400)])
def test_the_answer_of_a_failed_submission_is_there_whole(
    sandbox: FastSandbox, admin: Client, user: User, token: Token, switch: str, status: int
) -> None:
    generation = make_generation(user, prompt=f"a fox sandbox:{switch}")
    submit.send(generation.pk)
    listed = admin.get("/admin/generations/generation/", {"status__exact": "rejected", "answer_status": str(status)})
    assert "a fox" in listed.content.decode()
    page = admin.get(f"/admin/generations/generation/{generation.pk}/change/").content.decode()
    generation.refresh_from_db()
    for name, value in generation.answer_fields.items():
        assert name in page
        for part in value if isinstance(value, list) else [value]:
            assert str(part).lower() in page.lower()


def test_search_finds_by_prompt_and_person(admin: Client, user: User) -> None:
    make_generation(user, prompt="a patient heron")
    for words in ["heron", user.username]:
        assert "patient" in admin.get("/admin/generations/generation/", {"q": words}).content.decode()


def test_nothing_of_a_token_shows_but_its_end(admin: Client, token: Token) -> None:
    plain = token.secret().reveal()
    for url in ["/admin/accounts/token/", f"/admin/accounts/token/{token.pk}/change/"]:
        body = admin.get(url).content.decode()
        assert token.last4 in body
        assert plain[:-4] not in body
        assert token.ciphertext not in body
        assert token.fingerprint not in body


def test_a_token_is_neither_added_nor_changed_here(admin: Client, token: Token) -> None:
    before = Token.objects.values().get()
    for url in ["/admin/accounts/token/add/", f"/admin/accounts/token/{token.pk}/change/"]:
        assert admin.post(url, {"label": "Mine now", "owner": token.owner_id}).status_code == 403
    assert Token.objects.values().get() == before


def test_rows_of_dispatch_cannot_be_edited(admin: Client, user: User) -> None:
    generation = make_generation(user)
    url = f"/admin/generations/generation/{generation.pk}"
    assert admin.post(f"{url}/change/", {"status": "done"}).status_code == 403
    assert admin.post(f"{url}/delete/", {"post": "yes"}).status_code == 403


def test_schedules_that_could_run_any_function_are_not_in_the_admin(admin: Client) -> None:
    from django.contrib import admin as registry

    assert not registry.site.is_registered(Schedule)
    assert "django_q" not in admin.get("/admin/").content.decode()


def test_members_do_not_get_in(browser: Client) -> None:
    assert browser.get("/admin/").status_code in {302, 403}


def test_the_admin_signs_in_on_the_studios_page(db: None) -> None:
    assert Client().get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
