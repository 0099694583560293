"""CPU of pages in multiples of an empty signed-in page, in process, without a network."""

import logging
import statistics
import time
from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from generations.models import Generation
from tests.helpers import make_generation, make_result, make_token, make_user

ROUNDS = 30
CARDS = 24


def main() -> None:
    logging.disable(logging.WARNING)  # the empty page is a 404
    cache.clear()
    user = make_user()
    make_token(user)
    live = [make_generation(user, status="running") for _ in range(4)]
    for _ in range(CARDS + 1):
        make_result(make_generation(user, status="done"))
    client = Client()
    client.force_login(user)
    tick = {"live": [f"{row.pk}:{row.version}" for row in live]}
    views: dict[str, Callable[[], object]] = {
        "an empty signed-in page (404)": lambda: client.get("/nowhere/signed-in/"),
        "the tick with nothing new": lambda: client.post("/generations/live/", tick, headers={"HX-Request": "true"}),
        f"the history, {CARDS} cards": lambda: client.get("/generations/"),
        "the token page": lambda: client.get("/accounts/tokens/"),
    }
    times: dict[str, list[float]] = {name: [] for name in views}
    for _ in range(ROUNDS):  # interleaved, so that a slow moment hits all alike
        for name, view in views.items():
            begun = time.process_time()
            view()
            times[name].append(time.process_time() - begun)
    base = statistics.median(next(iter(times.values())))
    print(f"Pages ({connection.vendor}), median of {ROUNDS}, {Generation.objects.count()} rows")
    for name, view in views.items():
        with CaptureQueriesContext(connection) as queries:
            view()
        median = statistics.median(times[name])
        print(f"  {name:34} {median * 1000:7.2f} ms  {median / base:5.1f} x  {len(queries)} queries")
