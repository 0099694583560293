"""A forgotten password is renewed by mail, where the studio sends mail."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User

pytestmark = pytest.mark.django_db
ASK = "/accounts/password/forgotten/"
NEW = {"password1": "a-patient-heron", "password2": "a-patient-heron"}


@pytest.fixture
def _mail(settings: Settings) -> None:
    settings.HAS_MAIL = True


def letter_link() -> str:
    found = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


@pytest.mark.usefixtures("_mail")
class TestWithMail:
    def test_a_link_by_mail_leads_to_a_new_password_once(self, user: User) -> None:
        client = Client()
        assert "Forgot your password?" in client.get(reverse("account_login")).content.decode()
        assert client.post(ASK, {"email": user.email.upper()}).status_code == 302
        [letter] = mail.outbox
        assert (letter.to, user.username in letter.body) == ([user.email], True)
        form = client.get(letter_link())["Location"]
        assert "Choose a new password" in client.get(form).content.decode()
        assert "not the same" in client.post(form, {**NEW, "password2": "another-one"}).content.decode()
        assert client.post(form, NEW).status_code == 302
        user.refresh_from_db()
        assert user.check_password("a-patient-heron")
        assert "This link no longer works" in Client().get(letter_link(), follow=True).content.decode()

    def test_nobody_learns_who_has_an_account(self, user: User) -> None:
        answers = [Client().post(ASK, {"email": address}) for address in [user.email, "nobody@example.com"]]
        assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1
        assert len(mail.outbox) == 1

    def test_who_is_switched_off_gets_no_mail(self, user: User) -> None:
        User.objects.update(is_active=False)
        Client().post(ASK, {"email": user.email})
        assert mail.outbox == []

    def test_a_mailbox_is_not_filled(self, user: User) -> None:
        answers = [Client().post(ASK, {"email": user.email}).status_code for _ in range(4)]
        assert answers == [302, 302, 302, 429]
        assert len(mail.outbox) == 3


def test_without_mail_there_is_no_such_page(user: User) -> None:
    assert Client().post(ASK, {"email": user.email}).status_code == 404
    page = Client().get(reverse("account_login")).content.decode()
    assert "Ask an admin" in page
    assert ASK not in page


@pytest.mark.parametrize("page", ["/accounts/password/change/", "/accounts/reauthenticate/"])
def test_a_forgotten_password_is_offered_only_where_a_mail_can_be_sent(
    browser: Client, settings: Settings, page: str
) -> None:
    settings.HAS_MAIL = False
    assert "/password/forgotten/" not in browser.get(page).content.decode()
    settings.HAS_MAIL = True
    assert "/password/forgotten/" in browser.get(page).content.decode()
