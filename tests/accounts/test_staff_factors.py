"""Where staff need a second factor, and what the admin shows of other people's."""

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.accounts.test_second_factors import (
    APP,
    PASSWORD,
    SECOND_STEP,
    SECURITY,
    code_of,
    held,
    set_up_app,
    sign_in,
    wrong,
)
from tests.cases import each
from tests.helpers import make_user


@pytest.fixture(autouse=True)
def _held() -> Iterator[None]:
    with held():
        yield


@pytest.fixture
def person(user: User) -> Client:
    return sign_in(user.username)


class TestStaffWhoNeedASecondFactor:
    @pytest.fixture(autouse=True)
    def _needed(self, settings: Settings) -> None:
        settings.STAFF_NEED_MFA = True

    @pytest.fixture
    def boss(self, db: None) -> Client:
        return sign_in(make_user("boss", is_staff=True, is_superuser=True).username)

    PAGES = ["/admin/", "/admin/accounts/user/", "/admin/password_change/", "/admin/jsi18n/", "/admin/nowhere/"]

    def way_in(self, client: Client, page: str) -> str:
        return str(client.get(page, follow=True).redirect_chain[-1][0])

    @each("page", PAGES)
    def test_are_led_to_set_one_up(self, boss: Client, page: str) -> None:
        assert self.way_in(boss, page) == SECURITY
        assert "The administration needs a second factor." in boss.get(page, follow=True).content.decode()

    @pytest.mark.slow
    @each("page", PAGES)
    def test_and_have_one_are_asked_for_it_and_get_on(self, boss: Client, page: str) -> None:
        secret = set_up_app(boss)
        asked = self.way_in(boss, page)
        assert asked.startswith("/accounts/reauthenticate/code/?next=")
        assert boss.post(asked, {"code": wrong(code_of(secret)), "next": page}).status_code == 422
        assert self.way_in(boss, page) == asked
        assert boss.post(asked, {"code": code_of(secret), "next": page})["Location"] == page
        assert boss.get(page).status_code in {200, 302, 404}

    def test_and_signed_in_with_one_are_not_asked_again(self, boss: Client) -> None:
        secret = set_up_app(boss)
        other = sign_in("boss")
        other.post(SECOND_STEP, {"code": code_of(secret)})
        assert other.get("/admin/").status_code == 200

    def test_are_out_as_soon_as_they_remove_it(self, boss: Client) -> None:
        secret = set_up_app(boss)
        boss.post("/accounts/reauthenticate/code/", {"code": code_of(secret)})
        assert boss.get("/admin/").status_code == 200
        boss.post(f"{APP}remove/")
        assert self.way_in(boss, "/admin/") == SECURITY

    def test_change_nothing_without_it(self, boss: Client, user: User) -> None:
        assert boss.post(f"/admin/accounts/user/{user.pk}/delete/", {"post": "yes"}).status_code == 302
        assert User.objects.filter(pk=user.pk).exists()

    def test_do_not_come_in_by_djangos_own_form(self, boss: Client) -> None:
        form = {"username": "boss", "password": PASSWORD, "next": "/admin/"}
        for client in (boss, Client()):
            answer = client.post("/admin/login/", form)
            assert answer.status_code == 302
            assert answer["Location"] != "/admin/"
            assert client.get("/admin/").status_code == 302

    def test_are_not_led_to_another_site(self, boss: Client) -> None:
        secret = set_up_app(boss)
        boss.post("/accounts/reauthenticate/code/", {"code": code_of(secret)})
        assert boss.get("/admin/login/?next=https://evil.example/")["Location"] == "/admin/"

    def test_leave_members_alone(self, person: Client) -> None:
        assert person.get("/").status_code == 200
        assert person.get("/admin/", follow=True).status_code == 403


def test_staff_do_not_need_one_unless_the_studio_says_so(db: None) -> None:
    boss = sign_in(make_user("boss", is_staff=True, is_superuser=True).username)
    assert boss.get("/admin/").status_code == 200


@each("page", ["/admin/login/", "/admin/login/?next=/admin/accounts/user/"])
def test_a_member_of_staff_cannot_try_passwords_of_others_in_the_admin(db: None, page: str) -> None:
    make_user("boss", is_staff=True, is_superuser=True)
    clerk = sign_in(make_user("clerk", is_staff=True).username)
    clerk.post(page, {"username": "boss", "password": PASSWORD})
    assert clerk.get("/admin/accounts/user/").status_code == 403


class TestTheAdmin:
    def test_shows_who_has_which_factor_and_no_secret(self, person: Client, user: User) -> None:
        set_up_app(person)
        boss = Client()
        boss.force_login(make_user("boss", is_staff=True, is_superuser=True))
        app = Authenticator.objects.get(type="totp")
        pages = ["/admin/mfa/authenticator/", f"/admin/mfa/authenticator/{app.pk}/change/"]
        for page in pages:
            body = boss.get(page).content.decode()
            assert user.username in body
            assert app.data["secret"] not in body
        assert boss.post(f"/admin/mfa/authenticator/{app.pk}/delete/", {"post": "yes"}).status_code == 302
        assert not Authenticator.objects.filter(pk=app.pk).exists()

    def test_lets_only_superusers_take_one_away(self, person: Client) -> None:
        set_up_app(person)
        clerk = make_user("clerk", is_staff=True)
        clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="mfa"))
        client = Client()
        client.force_login(clerk)
        app = Authenticator.objects.get(type="totp")
        assert client.get("/admin/mfa/authenticator/").status_code == 200
        assert client.post(f"/admin/mfa/authenticator/{app.pk}/delete/", {"post": "yes"}).status_code == 403

    @each("page", ["socialaccount/socialapp", "socialaccount/socialtoken", "usersessions/usersession"])
    def test_has_no_pages_of_libraries_about_signing_in(self, db: None, page: str) -> None:
        boss = Client()
        boss.force_login(make_user("boss", is_staff=True, is_superuser=True))
        assert boss.get(f"/admin/{page}/").status_code == 404
