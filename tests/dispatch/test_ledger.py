"""The ledger: what a click reserves, what its answer charges, and what comes back."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from generations.dispatch import decisions, outcomes, recovery
from generations.models import DailyUsage, Generation, Project
from generations.models.ledger import SUMS, adding_to, day_of
from meigen_api.types import Status
from tests.helpers import make_generation, settle

S = Generation.Status


def entries(row: Generation) -> list[tuple[str, int, int]]:
    """Those after the click's own."""
    first, *others = row.entries.values_list("kind", "reserved", "charged")
    assert first == ("reserve", 2, 0)
    return others


def usage(user: User) -> dict[str, int]:
    names = ["generations", "done", "failed", "announced", "reserved", "charged", "refunded", "unrefunded"]
    sums = DailyUsage.objects.filter(owner=user).aggregate(**{name: Sum(name) for name in names})
    return {name: value for name, value in sums.items() if value}


def running(user: User, used: int | None = 2, **overrides: object) -> Generation:
    row = make_generation(user, **overrides)
    taken = Status("processing", "job", credits_used=used)
    assert outcomes.start(row, taken, expecting=S.QUEUED, token_revision=1, now=timezone.now())
    return row


def test_what_was_reserved_is_charged_as_the_answer_says(user: User) -> None:
    row = running(user, used=5)
    assert entries(row) == [("settle", -2, 5)]
    assert usage(user) == {"generations": 1, "announced": 2, "charged": 5}
    settle(row, Status("completed", "job", image_urls=("https://images.meigen.ai/a.png",), credits_used=5))
    assert usage(user) == {"generations": 1, "done": 1, "announced": 2, "charged": 5}
    assert len(entries(row)) == 1


@pytest.mark.parametrize("name", SUMS)
def test_a_list_and_a_sum_agree_on_what_adds_to_it(user: User, name: str) -> None:
    rows = [
        make_generation(user, status=status, credits_used=used, credits_status=word, credits_estimated=announced)
        for status, used, word, announced in product(S, [None, 0, 3], ["", "refunded"], [None, 0, 2])
    ]
    adding = {row.pk for row in rows if row.booking.standing[name]}
    assert adding == {row.pk for row in Generation.objects.filter(adding_to(name))}


def test_a_refund_gives_the_credits_back(user: User) -> None:
    row = running(user)
    settle(row, Status("failed", "job", credits_used=2, credits_status="refunded"))
    assert entries(row) == [("settle", -2, 2), ("release", 0, -2)]
    assert usage(user) == {"generations": 1, "failed": 1, "announced": 2, "refunded": 2}


def test_what_failed_and_was_not_refunded_is_counted_apart(user: User) -> None:
    settle(running(user), Status("failed", "job", credits_used=2, credits_status="confirmed"))
    assert usage(user) == {"generations": 1, "failed": 1, "announced": 2, "charged": 2, "unrefunded": 2}


def test_what_is_cancelled_is_released_and_reserved_again_on_the_day_it_is_sent_again(user: User) -> None:
    row = make_generation(user, created_at=timezone.now() - timedelta(days=40))
    decisions.cancel(row)
    assert entries(row) == [("release", -2, 0)]
    assert recovery.requeue(row, "")
    assert entries(row) == [("release", -2, 0), ("reserve", 2, 0)]
    today = DailyUsage.objects.get(owner=user, day=row.counted_on)
    assert (today.generations, today.reserved) == (1, 2)
    before = DailyUsage.objects.exclude(day=row.counted_on).get(owner=user)
    assert (before.generations, before.reserved) == (0, 0)


def test_what_meigen_took_without_naming_a_price_counts_as_announced(user: User) -> None:
    assert entries(running(user, used=None)) == [("settle", -2, 2)]


def test_a_hostile_price_books_nothing_below_zero(user: User) -> None:
    assert entries(running(user, used=-50)) == [("release", -2, 0)]


def test_the_ledger_starts_from_what_the_row_says_and_not_from_what_was_read(user: User) -> None:
    row = make_generation(user)
    read_before = Generation.objects.get(pk=row.pk)
    taken = Status("processing", "job", credits_used=7)
    outcomes.start(row, taken, expecting=S.QUEUED, token_revision=1, now=timezone.now())
    assert read_before.move(S.FAILED, expecting=[S.QUEUED, S.RUNNING])
    assert entries(row) == [("settle", -2, 7)]
    assert usage(user)["charged"] == 7


def test_the_database_itself_refuses_to_change_the_ledger(user: User) -> None:
    row = running(user)
    for statement in ("UPDATE generations_ledgerentry SET charged = 0", "DELETE FROM generations_ledgerentry"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert entries(row) == [("settle", -2, 2)]


def test_usage_is_kept_by_person_project_model_and_kind(user: User) -> None:
    project = Project.objects.create(name="Spring")
    for _ in range(2):
        make_generation(user, project=project)
    make_generation(user)
    make_generation(user, media_type="video", model_id="veo")
    rows = DailyUsage.objects.filter(owner=user).order_by("pk")
    found = [(row.project, row.media_type, row.generations, row.reserved) for row in rows]
    assert found == [(project, "image", 2, 4), (None, "image", 1, 2), (None, "video", 1, 2)]


def test_days_are_those_of_the_studios_time_zone(settings: Settings) -> None:
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert day_of(late) == date(2026, 3, 31)
    settings.TIME_ZONE = "Asia/Tokyo"
    assert day_of(late) == date(2026, 4, 1)
