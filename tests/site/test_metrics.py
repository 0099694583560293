"""/metrics is for whoever has its token, says what the rows say in few queries, and counts over all processes."""

import os
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Token, User
from generations.dispatch import rate
from generations.models import Attempt
from meigen_api.secret import Secret
from meigen_site import counters
from tests.cases import each
from tests.helpers import make_generation
from tests.watching import METRICS_TOKEN, metrics

pytestmark = pytest.mark.django_db


@each("given", ["", f"Bearer {METRICS_TOKEN}x", "Bearer ", f"Basic {METRICS_TOKEN}", METRICS_TOKEN])
def test_without_its_token_nobody_learns_anything(settings: Settings, given: str) -> None:
    settings.METRICS_TOKEN = None
    assert Client().get("/metrics", headers={"Authorization": given}).status_code == 404
    settings.METRICS_TOKEN = Secret(METRICS_TOKEN)
    answer = Client().get("/metrics", headers={"Authorization": given})
    assert (answer.status_code, answer.content) == (401, b"")


def test_it_says_what_the_rows_say(
    settings: Settings, user: User, token: Token, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    settings.METRICS_TOKEN = Secret(METRICS_TOKEN)
    settings.SECURE_SSL_REDIRECT = True  # Prometheus may ask the web server itself
    hour = timezone.now() - timedelta(hours=1)
    make_generation(user, created_at=hour, queued_at=hour)
    done = make_generation(user, status="done", credits_used=2)
    rate.locked_window(token.fingerprint, timezone.now())
    for number, outcome in enumerate(["accepted", "refused"]):
        Attempt.objects.create(
            generation=done,
            number=number,
            token_fingerprint=token.fingerprint,
            token_revision=1,
            sent_at=timezone.now(),
            outcome=outcome,
        )
    with django_assert_max_num_queries(11):
        found = metrics()
    assert (found["studio_generations[queued]"], found["studio_generations[running]"]) == (1, 0)
    assert 3600 <= found["studio_oldest_seconds[queued]"] < 3700
    assert 3600 <= found["studio_dispatch_lag_seconds"] < 3700
    assert (found["studio_attempts_recent[accepted]"], found["studio_attempts_recent[limited]"]) == (1, 0)
    assert found["studio_credits_today[charged]"] == 2
    assert found["studio_disk_free_bytes[results]"] > 0
    assert (found["studio_database_up"], found["studio_tokens_refused"]) == (1, 0)


def test_requests_are_counted_over_all_processes_and_their_ends(settings: Settings) -> None:
    settings.METRICS_TOKEN = Secret(METRICS_TOKEN)
    before = metrics()["studio_requests_total[page][4xx]"]
    Client().get("/nowhere/")
    if not (child := os.fork()):
        for _ in range(500):
            counters.count("page", 404, 0.1, is_slow=False)
        os._exit(0)
    for _ in range(500):
        counters.count("page", 404, 0.1, is_slow=False)
    os.waitpid(child, 0)
    assert metrics()["studio_requests_total[page][4xx]"] == before + 1001
