"""Switching an account off stops all that could spend, whoever does it and however; back on, people are asked."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Token, User
from generations.dispatch import line, recovery, submit, sweep, wake
from generations.models import Attempt, Generation
from generations.models.sentences import Sentence
from meigen_api import errors
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_token, make_user

pytestmark = pytest.mark.django_db
S = Generation.Status


def by_the_admin_form(person: User) -> None:
    boss = Client()
    boss.force_login(make_user(is_staff=True, is_superuser=True))
    page = reverse("admin:accounts_user_change", args=[person.pk])
    data = {"username": person.username, "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    assert boss.post(page, data).status_code == 302


def by_saving(person: User) -> None:
    person.is_active = False
    person.save()


def by_sql(person: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET is_active = %s WHERE id = %s", [False, person.pk])


def switch(person: User, *, on: bool) -> None:
    User.objects.filter(pk=person.pk).update(is_active=on)


def states(user: User) -> list[str]:
    return [*Generation.objects.filter(owner=user).order_by("created_at").values_list("status", flat=True)]


class TestALeaverWithTwelveInTheQueue:
    @pytest.mark.parametrize("switch_off", [by_the_admin_form, by_saving, by_sql])
    def test_sends_none_of_them_but_the_one_in_hand(
        self, sandbox: FastSandbox, user: User, token: Token, switch_off: Callable[[User], None]
    ) -> None:
        rows = [make_generation(user) for _ in range(12)]
        in_hand = submit.claim(rows[0].pk)
        assert in_hand is not None
        switch_off(user)
        assert [submit.claim(row.pk) for row in rows] == [None] * 12
        assert line.turns(timezone.now(), 16) == []
        assert wake.waiting()  # to be put away

        submit.record(in_hand.attempt, errors.NoAnswer("Lost."))
        Generation.objects.update(lease_until=None, not_before=None)
        recovery.recover()
        assert sandbox.ledger.charges() == []
        assert states(user) == [S.STALLED, *[S.CANCELLED] * 11]
        assert Attempt.objects.count() == 1
        assert not wake.waiting()

    @pytest.mark.slow
    @pytest.mark.django_db(transaction=True)
    def test_gets_the_result_of_what_was_sent_before_and_keeps_nobody_else_waiting(
        self, sandbox: FastSandbox, looks_often: None, user: User, token: Token
    ) -> None:
        colleague = make_user()
        make_token(colleague, token.secret().reveal())
        paid = make_generation(user)
        submit.send(paid.pk)
        for owner in [user] * 12 + [colleague]:
            make_generation(owner)
        switch(user, on=False)
        sweep.run_slice(seconds=20)
        assert states(user) == [S.DONE, *[S.CANCELLED] * 12]
        assert paid.results.count() == 1
        assert states(colleague) == [S.DONE]
        assert len(sandbox.ledger.charges()) == 2


class TestComingBack:
    @pytest.fixture
    def waited(self, user: User, token: Token) -> list[Generation]:
        """Two that nobody has put away yet, for no worker ran meanwhile, and one refused for its token."""
        rows = [make_generation(user), make_generation(user)]
        rows.append(make_generation(user, status=S.REJECTED, answer_status=401))
        switch(user, on=False)
        switch(user, on=True)
        return rows

    def test_sends_nothing_by_itself(self, sandbox: FastSandbox, user: User, waited: list[Generation]) -> None:
        assert line.turns(timezone.now(), 16) == []
        for row in waited:
            submit.send(row.pk)
        recovery.recover()
        assert states(user) == [S.CANCELLED, S.CANCELLED, S.REJECTED]
        assert not Attempt.objects.exists()

    def test_asks_and_then_sends_what_waited_once(
        self, sandbox: FastSandbox, user: User, waited: list[Generation]
    ) -> None:
        recovery.recover()
        back = Client()
        back.force_login(User.objects.get(pk=user.pk))
        assert "Send what waited · 4 credits" in back.get("/").content.decode()
        for _ in range(2):
            back.post(reverse("what_waited"), {"answer": "send"})
        assert states(user) == [S.QUEUED, S.QUEUED, S.REJECTED]
        assert OrmQ.objects.exists()
        for row in waited * 2:
            submit.send(row.pk)
        assert len(sandbox.ledger.charges()) == 2
        assert "Send what waited" not in back.get("/").content.decode()

    def test_or_leaves_it(self, user: User, waited: list[Generation]) -> None:
        recovery.recover()
        back = Client()
        back.force_login(User.objects.get(pk=user.pk))
        back.post(reverse("what_waited"), {"answer": "leave"})
        assert states(user) == [S.CANCELLED, S.CANCELLED, S.REJECTED]
        assert "Send what waited" not in back.get("/").content.decode()

    def test_works_again_at_once(self, sandbox: FastSandbox, user: User, waited: list[Generation]) -> None:
        fresh = make_generation(user, queued_at=timezone.now() + timedelta(seconds=1))
        submit.send(fresh.pk)
        assert len(sandbox.ledger.charges()) == 1

    def test_brings_no_old_session_back(self, browser: Client, user: User) -> None:
        assert browser.get("/").status_code == 200
        switch(user, on=False)
        switch(user, on=True)
        assert browser.get("/").status_code == 302

    def test_is_noted_by_the_database_alone(self, user: User) -> None:
        """A stale copy of the row takes nothing back."""
        stale = User.objects.get(pk=user.pk)
        switch(user, on=False)
        switch(user, on=True)
        noted = User.objects.get(pk=user.pk).active_since
        assert noted is not None
        stale.save()
        assert User.objects.get(pk=user.pk).active_since == noted


def test_an_admin_cannot_send_again_for_somebody_who_is_switched_off(user: User, token: Token) -> None:
    row = make_generation(user, status=S.CANCELLED)
    assert row.can_send_again
    switch(user, on=False)
    assert not Generation.objects.get(pk=row.pk).can_send_again


def test_nobodys_token_pays_for_the_work_of_another(sandbox: FastSandbox, user: User, token: Token) -> None:
    heir = make_user()
    row = make_generation(heir, token=token)
    assert not row.can_send_again
    submit.send(row.pk)
    recovery.recover()
    assert states(heir) == [S.CANCELLED]
    assert sandbox.ledger.charges() == []


def test_a_card_says_why_it_was_not_sent(user: User, token: Token) -> None:
    row = make_generation(user)
    switch(user, on=False)
    recovery.recover()
    row.refresh_from_db()
    assert row.message == Sentence.SWITCHED_OFF.stored()
