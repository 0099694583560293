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


class TestRepeated429s:
    """Each pause is at least what was asked, and the next in a row is longer."""

    def pauses(self, times: int, asked: float | None = 20) -> list[float]:
        """Seconds of quiet after each of so many in a row, each sent when the one before was over."""
        found = []
        with time_machine.travel(timezone.now(), tick=False) as clock:
            for _ in range(times):
                now = timezone.now()
                until = rate.note_limit("print", now, asked)
                found.append((until - now).total_seconds())
                clock.move_to(until + timedelta(seconds=1))
        return found

    def test_the_pause_grows(self, db: None) -> None:
        pauses = self.pauses(5)
        assert pauses[0] == 20
        assert pauses == sorted(set(pauses))
        assert pauses[3] >= 2 * pauses[0]

    def test_where_none_was_asked_it_is_the_windows(self, db: None) -> None:
        assert self.pauses(1, None) == [60]

    def test_it_never_passes_an_hour(self, db: None) -> None:
        assert max(self.pauses(40)) == 3600

    def test_posts_that_were_under_way_together_count_once(self, db: None) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            sent_at = timezone.now()
            clock.shift(1)
            for _ in range(12):
                until = rate.note_limit("print", sent_at, 20)
            assert (until - timezone.now()).total_seconds() == 20

    def test_another_answer_begins_anew(self, db: None) -> None:
        self.pauses(4)
        rate.clear_limits("print")
        assert self.pauses(1) == [20]

    def test_a_clock_that_was_set_back_does_not_stop_the_growing(self, db: None) -> None:
        with time_machine.travel(timezone.now() + timedelta(hours=3)):
            rate.note_limit("print", timezone.now(), 20)
        assert self.pauses(2) == [30, 45]

    def test_another_token_is_another_row(self, db: None) -> None:
        self.pauses(4)
        now = timezone.now()
        assert rate.note_limit("another", now, 20) <= timezone.now() + timedelta(seconds=20)

    def test_a_block_never_gets_shorter(self, db: None) -> None:
        now = timezone.now()
        until = rate.note_limit("print", now, 60)
        rate.note_limit("print", now, 5)
        with transaction.atomic():
            window = rate.locked_window("print", now)
        assert window.free(now) == 0
        assert window.starts(now, 1, window.posts) == [until]
