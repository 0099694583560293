"""An invitation makes one account, once, and nothing more than whoever gave it may give."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts import invitations, reviewers
from accounts.models import Invitation, User
from audit.models import Action, Entry
from meigen_site.logs import without_share_links
from tests.helpers import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/invitation/"
CHOICE = {"username": "ana", "password1": "a-patient-heron", "password2": "a-patient-heron"}


@pytest.fixture
def boss() -> User:
    return make_user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def clerk() -> User:
    """Staff who may invite, and nothing else."""
    person = make_user("clerk", is_staff=True)
    codes = [f"{may}_invitation" for may in ["view", "add", "change"]]
    person.user_permissions.add(*Permission.objects.filter(codename__in=codes))
    return person


def at_desk(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def link(invitation: Invitation) -> str:
    return reverse("join", args=[invitation.secret])


def use(invitation: Invitation, **choice: str) -> tuple[Client, Any]:
    client = Client()
    return client, client.post(link(invitation), {**CHOICE, **choice})


class TestWhoeverOpensTheLink:
    def test_chooses_a_name_and_a_password_and_is_signed_in(self, boss: User) -> None:
        invitation = invitations.invite(boss, email="ana@example.com", name="ana", budget=300)
        page = Client().get(link(invitation)).content.decode()
        assert 'value="ana"' in page
        assert "ana@example.com" in page
        assert page.count("Times in UTC") == 1  # by which the end of the invitation is told
        client, answer = use(invitation)
        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert client.get("/").status_code == 200
        person = User.objects.get(username="ana")
        assert (person.email, person.is_staff, person.is_superuser) == ("ana@example.com", False, False)
        assert person.check_password("a-patient-heron")
        invitation.refresh_from_db()
        assert (invitation.person, invitation.budget) == (person, 300)

    def test_becomes_what_it_says(self, boss: User) -> None:
        for role, is_staff, is_superuser in [("reviewer", True, False), ("admin", True, True)]:
            use(invitations.invite(boss, role=role), username=role)
            person = User.objects.get(username=role)
            assert (person.is_staff, person.is_superuser) == (is_staff, is_superuser)
        assert [*Group.objects.get(name=reviewers.NAME).user_set.values_list("username", flat=True)] == ["reviewer"]

    def test_hears_what_is_wrong_with_the_choice_and_may_choose_again(self, boss: User) -> None:
        invitation = invitations.invite(boss)
        for wrong in [{"username": "BOSS"}, {"username": "a b"}, {"password1": "short"}, {"password2": "another"}]:
            assert use(invitation, **wrong)[1].status_code == 422, wrong
        assert use(invitation)[1].status_code == 302

    def test_of_two_at_once_one_gets_it(self, boss: User) -> None:
        """Both have found it open, as if both had pressed the button at the same moment."""
        first, second = (invitations.find(invitations.invite(boss).secret or "") for _ in range(2))
        assert first is not None
        assert second is not None
        again = Invitation.objects.get(pk=first.pk)
        invitations.accept(first, "ana", "a-patient-heron")
        with pytest.raises(invitations.Over):
            invitations.accept(again, "bea", "a-patient-heron")
        assert not User.objects.filter(username="bea").exists()

    def test_finds_nothing_once_it_is_over(self, boss: User) -> None:
        over: dict[str, Callable[[Invitation], object]] = {
            "used": use,
            "revoked": invitations.revoke,
            "expired": lambda one: Invitation.objects.filter(pk=one.pk).update(expires_at=timezone.now()),
        }
        for how, end in over.items():
            invitation = invitations.invite(boss)
            assert Client().get(link(invitation)).status_code == 200
            end(invitation)
            answer = Client().get(link(invitation))
            assert (answer.status_code, "no longer works" in answer.content.decode()) == (404, True), how
            assert use(invitation, username="late")[1].status_code == 404
        assert not User.objects.filter(username="late").exists()

    def test_finds_nothing_when_who_invited_has_left_or_is_no_admin_any_more(self, boss: User) -> None:
        invitation = invitations.invite(boss, role="admin")
        for columns in [{"is_active": False}, {"is_active": True, "is_superuser": False}]:
            User.objects.filter(pk=boss.pk).update(**columns)
            assert use(invitation)[1].status_code == 404
        assert User.objects.count() == 1

    def test_who_has_an_account_is_told_so(self, boss: User, browser: Client) -> None:
        page = browser.get(link(invitations.invite(boss))).content.decode()
        assert "You already have an account" in page
        assert "password1" not in page

    def test_guesses_are_slowed_down_and_hits_are_not_counted(self, boss: User) -> None:
        good = link(invitations.invite(boss))
        answers = [Client().get(reverse("join", args=[f"guess-{number}"])).status_code for number in range(31)]
        assert answers == [404] * 30 + [429]
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            assert Client().get(good).status_code == 200


class TestTheAdmin:
    def test_shows_the_link_to_who_may_make_such_a_one(self, boss: User, clerk: User) -> None:
        answer = at_desk(boss).post(f"{LIST}add/", {"role": "admin", "days": "7"}, follow=True)
        invitation = Invitation.objects.get()
        assert invitation.secret is not None
        assert invitation.secret in answer.content.decode()
        assert invitation.secret not in at_desk(clerk).get(f"{LIST}{invitation.pk}/change/").content.decode()
        member = invitations.invite(boss)
        assert str(member.secret) in at_desk(clerk).get(f"{LIST}{member.pk}/change/").content.decode()

    def test_lets_nobody_invite_somebody_who_is_more_than_they_are(self, clerk: User) -> None:
        desk = at_desk(clerk)
        for role in ["admin", "reviewer"]:
            assert desk.post(f"{LIST}add/", {"role": role, "days": "7"}).status_code == 200
        assert not Invitation.objects.exists()
        assert desk.post(f"{LIST}add/", {"role": "member", "days": "7"}).status_code == 302

    def test_lists_them_and_takes_them_back(self, boss: User) -> None:
        invitation = invitations.invite(boss, email="ana@example.com")
        desk = at_desk(boss)
        assert "ana@example.com" in desk.get(LIST).content.decode()
        desk.post(LIST, {"action": "take_back", "_selected_action": [invitation.pk]})
        assert Client().get(link(invitation)).status_code == 404
        assert "taken back" in desk.get(LIST).content.decode()
        logged = [*Entry.objects.filter(object_kind="accounts.invitation").values_list("action", flat=True)]
        assert {Action.INVITED, Action.INVITATION_REVOKED} <= set(logged)

    def test_sends_it_by_mail_where_there_is_mail(self, boss: User, settings: Settings) -> None:
        data = {"role": "member", "days": "7", "email": "ana@example.com", "by_mail": "on"}
        at_desk(boss).post(f"{LIST}add/", data)
        assert mail.outbox == []
        settings.HAS_MAIL = True
        at_desk(boss).post(f"{LIST}add/", data)
        [letter] = mail.outbox
        assert letter.to == ["ana@example.com"]
        assert link(Invitation.objects.latest("created_at")) in letter.body

    def test_keeps_nothing_that_opens_the_link(self, boss: User) -> None:
        invitation = invitations.invite(boss)
        row = Invitation.objects.filter(pk=invitation.pk).values().get()
        assert str(invitation.secret) not in map(str, row.values())
        assert str(invitation.secret) not in without_share_links(f"GET {link(invitation)} 200")
