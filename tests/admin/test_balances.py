"""The ledger beside the credits that Meigen says are left."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Token
from generations.usage import balances
from tests.conftest import FastSandbox
from tests.helpers import form_data


@pytest.mark.django_db
def test_what_was_spent_elsewhere_is_told_by_day(
    sandbox: FastSandbox, browser: Client, boss: Client, token: Token
) -> None:
    today = timezone.now().replace(hour=12)

    def click(days_ago: int, hour: int = 0) -> None:
        with time_machine.travel(today - timedelta(days=days_ago) + timedelta(hours=hour)):
            assert browser.post("/generations/", form_data()).status_code == 302

    def elsewhere(credits: int) -> None:
        account, _, _, purchased = sandbox.ledger.accounts()[0]
        sandbox.ledger.set_credits(account, purchased - credits)

    click(3)
    click(3, 1)
    elsewhere(7)
    click(2)
    elsewhere(-500)
    click(1)
    found = balances.checks(token)
    assert [check.elsewhere for check in found] == [0, 7, -500]
    assert all(check.charged == 2 for check in found)
    page = boss.get(f"/admin/accounts/token/{token.pk}/change/").content.decode()
    assert '<td class="trouble"><strong>7 spent</strong></td>' in page
    assert "500 added" in page


@pytest.mark.django_db
def test_a_session_token_whose_daily_credits_renew_is_not_checked(boss: Client, token: Token) -> None:
    Token.objects.filter(pk=token.pk).update(kind=Token.Kind.SESSION)
    assert "daily credits renew" in boss.get(f"/admin/accounts/token/{token.pk}/change/").content.decode()
