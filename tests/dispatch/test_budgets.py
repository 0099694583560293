"""Budgets and approvals: what does not fit is not sent, and what needs a yes waits for it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import approvals, catalogue, decisions, recovery
from generations.models import Approval, Budget, Generation, LedgerEntry, Project, Reference, ReferenceUse, budget
from generations.models.ledger import day_of
from generations.people import leaving
from generations.studio import submission
from generations.studio.form import GenerateForm
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation, make_token, make_user

S = Generation.Status


def limit(credits: int, **whose: Any) -> Budget:
    scope = "person" if "person" in whose else "project" if "project" in whose else "team"
    return Budget.objects.create(scope=scope, credits=credits, **whose)


def click(owner: User, token: Token, **values: str) -> list[Generation]:
    form = GenerateForm(catalogue.offer(), data=form_data(**values))
    assert form.is_valid(), form.errors
    return submission.create(owner, token, form)[0]


def approver(**overrides: Any) -> User:
    user = make_user(**overrides)
    user.user_permissions.add(Permission.objects.get(codename="decide_approval"))
    return User.objects.get(pk=user.pk)


def test_a_click_has_to_fit_into_each_of_its_budgets(sandbox: FastSandbox, user: User, token: Token) -> None:
    project = Project.objects.create(name="Spring")
    limit(10, person=user)
    limit(5, project=project)
    limit(100)
    click(user, token, count="2", project=str(project.pk))
    with pytest.raises(budget.Exceeded) as refused:
        click(user, token, project=str(project.pk))
    assert (refused.value.budget.project, refused.value.left) == (project, 1)
    click(user, token, count="3")
    with pytest.raises(budget.Exceeded) as refused:
        click(user, token)
    assert (refused.value.budget.person, refused.value.left) == (user, 0)
    assert Generation.objects.count() == 5


def test_a_budget_counts_the_calendar_month(sandbox: FastSandbox, user: User, token: Token) -> None:
    limit(2, person=user)
    with time_machine.travel(datetime(2026, 1, 31, 23, 59, tzinfo=UTC), tick=False) as clock:
        click(user, token)
        with pytest.raises(budget.Exceeded):
            click(user, token)
        clock.shift(60)
        click(user, token)


def test_a_double_click_is_not_refused_for_what_the_first_one_reserved(
    sandbox: FastSandbox, user: User, token: Token
) -> None:
    limit(2, person=user)
    assert click(user, token, nonce="same") == click(user, token, nonce="same")


def test_what_does_not_fit_is_not_sent_again(user: User, token: Token) -> None:
    row = make_generation(user, status=S.REJECTED, answer_status=402)
    limit(1, person=user)
    assert not decisions.send_again(row)
    assert decisions.send_all_again(user) == 0
    recovery.recover()
    row.refresh_from_db()
    assert row.status == S.REJECTED


def test_what_a_new_token_would_send_is_cancelled_rather_than_sent_when_the_next_month_begins(
    user: User, token: Token
) -> None:
    row = make_generation(user, status=S.REJECTED, answer_status=401)
    limit(1, person=user)
    recovery.recover()
    row.refresh_from_db()
    assert row.status == S.CANCELLED
    assert "over_budget" in row.message


def test_an_unknown_price_fits_into_no_budget(user: User) -> None:
    limit(1000, person=user)
    with pytest.raises(budget.Exceeded):
        budget.check(user.pk, None, None, day_of(timezone.now()))


def test_nothing_is_booked_on_a_closed_project(user: User, token: Token) -> None:
    project = Project.objects.create(name="Spring", closed_at=timezone.now())
    row = make_generation(user, status=S.CANCELLED, project=project)
    assert not decisions.send_again(row)


def test_a_budget_is_for_one_person_one_project_or_the_team(user: User) -> None:
    limit(5)
    for wrong in ({"scope": "team"}, {"scope": "person"}, {"scope": "project", "person": user}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Budget.objects.create(credits=1, **wrong)


def test_the_page_tells_before_the_click_and_the_click_is_refused(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    limit(10, person=user)
    make_generation(user, credits_estimated=7)
    page = browser.post("/studio/price/", form_data()).content.decode()
    assert "Your budget: 7 of 10 credits used this month." in page
    page = browser.post("/studio/price/", form_data(count="2")).content.decode()
    assert "Your budget has 3 of 10 credits left this month, and this needs 4." in page
    assert 'class="spending locked"' in page
    refused = browser.post("/generations/", form_data(count="2"), headers={"HX-Request": "true"})
    assert refused.status_code == 422
    assert "this needs 4" in refused.content.decode()
    assert Generation.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_200_clicks_at_once_exactly_the_affordable_ones_pass(sandbox: FastSandbox) -> None:
    user = make_user()
    token = make_token(user)
    limit(100, person=user)
    offer = catalogue.offer()
    ready = threading.Barrier(8)

    def some(clicks: int) -> int:
        passed = 0
        try:
            ready.wait()
            for _ in range(clicks):
                form = GenerateForm(offer, data=form_data())
                assert form.is_valid()
                try:
                    submission.create(user, token, form)
                    passed += 1
                except budget.Exceeded:
                    pass
        finally:
            connection.close()
        return passed

    with ThreadPoolExecutor(8) as threads:
        passed = sum(threads.map(some, [25] * 8))
    assert passed == 50  # at 2 credits each
    assert Generation.objects.count() == 50
    assert sum(LedgerEntry.objects.values_list("reserved", flat=True)) == 100


class TestApproval:
    @pytest.fixture(autouse=True)
    def _asked_above_five(self, settings: Settings, sandbox: FastSandbox) -> None:
        settings.APPROVAL_ABOVE = 5

    def test_a_click_above_the_limit_waits_and_is_sent_unchanged_once_approved(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        page = browser.post("/studio/price/", form_data(count="3")).content.decode()
        assert "Request approval" in page
        browser.post("/generations/", form_data(count="3", reason="For the fair"))
        asked = Approval.objects.get()
        assert (asked.owner, asked.credits, asked.reason) == (user, 6, "For the fair")
        rows = list(asked.rows)
        assert [row.status for row in rows] == [S.HELD] * 3
        assert not sandbox.ledger.charges()
        assert not LedgerEntry.objects.exists()
        boss = approver()
        assert approvals.approve(asked, boss) == 3
        assert approvals.approve(asked, boss) == 0
        decisions.send_now(rows)
        bodies = [row.body for row in rows]
        assert list(asked.rows.values_list("body", flat=True)) == bodies
        assert len(sandbox.ledger.charges()) == 3

    def test_rejected_it_says_who_and_why_and_costs_nothing(self, user: User, token: Token) -> None:
        click(user, token, count="4")
        asked = Approval.objects.get()
        assert approvals.reject(asked, approver(username="ann"), "Use the small model.") == 4
        assert approvals.approve(asked, approver()) == 0
        row = asked.rows[0]
        assert row.status == S.CANCELLED
        assert "Use the small model." in row.message
        assert not decisions.send_again(row)
        assert not LedgerEntry.objects.exists()

    def test_what_fits_no_budget_is_not_approved(self, user: User, token: Token) -> None:
        click(user, token, count="4")
        limit(7, person=user)
        asked = Approval.objects.get()
        with pytest.raises(budget.Exceeded):
            approvals.approve(asked, approver())
        asked.refresh_from_db()
        assert asked.decided_at is None

    def test_what_was_cancelled_meanwhile_is_not_sent(self, user: User, token: Token) -> None:
        rows = click(user, token, count="4")
        decisions.cancel(rows[0])
        assert not decisions.send_again(rows[0])
        assert approvals.approve(Approval.objects.get(), approver()) == 3

    def test_a_leavers_click_is_put_away_and_nobody_is_asked_any_more(self, user: User, token: Token) -> None:
        rows = click(user, token, count="4")
        leaving.switch(user, on=False)
        rows[0].refresh_from_db()
        assert rows[0].status == S.CANCELLED
        assert not Approval.objects.open().exists()

    def test_what_waited_longer_than_its_uploads_last_is_not_approved(self, user: User, token: Token) -> None:
        row = click(user, token, count="4")[0]
        picture = Reference.objects.create(
            owner=user, name="a", public_url="https://a.example/b", uploaded_at=timezone.now()
        )
        ReferenceUse.objects.create(generation=row, reference=picture, number=1)
        with time_machine.travel(timezone.now() + timedelta(hours=21)), pytest.raises(approvals.TooLate):
            approvals.approve(Approval.objects.get(), approver())

    def test_who_may_approve_need_not_ask_and_cheap_clicks_go_out(self, user: User, token: Token) -> None:
        assert click(user, token, count="2")[0].status == S.QUEUED
        boss = approver()
        assert click(boss, make_token(boss), count="8")[0].status == S.QUEUED
        assert not Approval.objects.exists()
