"""The page where expensive clicks are decided."""

import unicodedata

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import Settings

from accounts.models import Token, User
from generations.models import Approval, Budget, Generation
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_user

S = Generation.Status


@pytest.fixture
def asked(settings: Settings, sandbox: FastSandbox, browser: Client, token: Token) -> Approval:
    settings.APPROVAL_ABOVE = 5
    browser.post("/generations/", form_data(count="3", reason="For <the> fair"))
    return Approval.objects.get()


@pytest.fixture
def boss() -> Client:
    user = make_user("boss")
    user.user_permissions.add(Permission.objects.get(codename="decide_approval"))
    client = Client()
    client.force_login(user)
    return client


def states() -> set[str]:
    return {*Generation.objects.values_list("status", flat=True)}


def test_what_waits_is_shown_with_its_price_and_reason_and_approved_once(asked: Approval, boss: Client) -> None:
    page = boss.get("/approvals/").content.decode()
    assert "6 credits" in page
    assert "For &lt;the&gt; fair" in page
    assert boss.post(f"/approvals/{asked.pk}/", {"approve": "1"}).status_code == 302
    assert states() == {S.QUEUED}
    page = boss.post(f"/approvals/{asked.pk}/", {"answer": "No"}, follow=True).content.decode()
    assert "decided or cancelled already" in page
    assert states() == {S.QUEUED}


def test_rejected_the_card_says_why(asked: Approval, boss: Client, browser: Client) -> None:
    boss.post(f"/approvals/{asked.pk}/", {"answer": "Use the small model"})
    assert states() == {S.CANCELLED}
    assert "boss did not approve this: Use the small model" in browser.get("/").content.decode().replace(
        "\N{FIRST STRONG ISOLATE}", ""
    ).replace("\N{POP DIRECTIONAL ISOLATE}", "")


def test_a_reason_is_refused_rather_than_cut_and_has_one_spelling(asked: Approval, boss: Client) -> None:
    assert "maxlength" not in boss.get("/approvals/").content.decode()
    answer = boss.post(f"/approvals/{asked.pk}/", {"answer": "x" * 503})
    assert answer.status_code == 422
    assert "3 characters too many: at most 500 are allowed" in answer.content.decode()
    assert "x" * 503 in answer.content.decode()
    assert states() == {S.HELD}
    boss.post(f"/approvals/{asked.pk}/", {"answer": unicodedata.normalize("NFD", "trop cher, ma chérie")})
    asked.refresh_from_db()
    assert asked.answer == "trop cher, ma chérie"


def test_over_budget_it_is_not_approved_and_still_waits(asked: Approval, boss: Client, user: User) -> None:
    Budget.objects.create(scope="person", person=user, credits=5)
    page = boss.post(f"/approvals/{asked.pk}/", {"approve": "1"}, follow=True).content.decode()
    assert "Not approved:" in page
    assert states() == {S.HELD}


def test_who_may_not_decide_sees_and_decides_nothing(asked: Approval, browser: Client) -> None:
    assert browser.get("/approvals/").status_code == 403
    assert browser.post(f"/approvals/{asked.pk}/", {"approve": "1"}).status_code == 403
    assert states() == {S.HELD}
