"""Twelve posts a minute, whoever sends them."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.models import Token, User
from generations.dispatch import rate, submit
from generations.models import Generation
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_token, make_user

pytestmark = pytest.mark.django_db


def test_the_thirteenth_post_waits_for_the_first_to_leave_the_window(
    sandbox: FastSandbox, user: User, token: Token
) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        rows = [make_generation(user) for _ in range(13)]
        for row in rows:
            submit.send(row.pk)
        assert Generation.objects.filter(status="running").count() == 12
        last = Generation.objects.get(status="queued")
        assert last.not_before is not None
        assert timedelta(seconds=60) <= last.not_before - start <= timedelta(seconds=61)
        clock.move_to(start + timedelta(seconds=59))
        submit.send(last.pk)
        assert Generation.objects.filter(status="queued").exists()
        clock.move_to(last.not_before + timedelta(milliseconds=1))
        submit.send(last.pk)
    assert not Generation.objects.filter(status="queued").exists()
    assert len(sandbox.ledger.charges()) == 13


def test_two_people_with_one_token_share_its_places(sandbox: FastSandbox, user: User) -> None:
    other = make_user()
    for person in (user, other):
        make_token(person, "meigen_sk_shared")
    rows = [make_generation(person) for _ in range(7) for person in (user, other)]
    for row in rows:
        submit.send(row.pk)
    assert Generation.objects.filter(status="running").count() == 12
    assert Generation.objects.filter(status="queued").count() == 2


def test_a_block_never_gets_shorter(db: None) -> None:
    now = timezone.now()
    rate.block("print", now + timedelta(seconds=60))
    rate.block("print", now + timedelta(seconds=5))
    with transaction.atomic():
        assert rate.next_place("print", now) == now + timedelta(seconds=60)
