"""Twelve posts a minute, whoever sends them."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from accounts.models import Token, User
from generations.dispatch import line, rate, submit
from generations.models import Generation
from tests.conftest import FastSandbox
from tests.helpers import make_generation

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
        place = line.places([last], start)[last.pk]
        assert place.number == 1
        assert timedelta(seconds=60) <= place.starts_at - start <= timedelta(seconds=61)
        clock.move_to(start + timedelta(seconds=59))
        submit.send(last.pk)
        assert Generation.objects.filter(status="queued").exists()
        clock.move_to(place.starts_at + timedelta(milliseconds=1))
        submit.send(last.pk)
    assert not Generation.objects.filter(status="queued").exists()
    assert len(sandbox.ledger.charges()) == 13


def test_a_block_never_gets_shorter(db: None) -> None:
    now = timezone.now()
    rate.block("print", now + timedelta(seconds=60))
    rate.block("print", now + timedelta(seconds=5))
    with transaction.atomic():
        window = rate.locked_window("print", now)
    assert window.free(now) == 0
    assert window.starts(now, 1, window.posts) == [now + timedelta(seconds=60)]
