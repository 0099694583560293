"""CPU of pages in multiples of an empty signed-in page, and of the tick beside a trivial view; in process."""

import io
import logging
import statistics
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import path

from generations.library import tick
from generations.models import Generation
from meigen_site import urls
from tests.helpers import make_generation, make_result, make_token, make_user

ROUNDS = 30
CARDS = 24
REQUESTS = 40  # of the small ones in each round


@login_not_required
def trivial(_: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello, world")


urlpatterns = [path("trivial/", trivial), *urls.urlpatterns]


def main(*, small: bool) -> None:
    rounds = 2 if small else ROUNDS
    logging.disable(logging.WARNING)  # the empty page is a 404
    cache.clear()
    user = make_user()
    make_token(user)
    live = [make_generation(user, status="running") for _ in range(4)]
    for _ in range(CARDS + 1):
        make_result(make_generation(user, status="done"))
    client = Client()
    client.force_login(user)
    seen = {"live": [f"{row.pk}:{row.version}" for row in live], "tick": tick.token_for(user)}
    htmx = {"HX-Request": "true"}
    print(f"Pages ({connection.vendor}), median of {rounds}, {Generation.objects.count()} rows")
    compare(
        {
            "an empty signed-in page (404)": lambda: client.get("/nowhere/signed-in/"),
            "the tick with nothing new": lambda: client.post("/tick/", seen, headers=htmx),
            "the full request, nothing new": lambda: client.post("/generations/live/", seen, headers=htmx),
            f"the history, {CARDS} cards": lambda: client.get("/generations/"),
            "the token page": lambda: client.get("/accounts/tokens/"),
        },
        rounds,
    )
    print(f"The tick with nothing new beside a trivial view, {len(live)} live cards, without the test client")
    stack = settings.MIDDLEWARE
    before = stack[: stack.index("generations.library.tick.ticks_first")]
    with override_settings(ROOT_URLCONF=__name__):
        whole = WSGIHandler()
        with override_settings(MIDDLEWARE=before):
            short = WSGIHandler()
        body = urlencode(seen, doseq=True).encode()
        light: dict[str, Callable[[], object]] = {
            "the tick": lambda: answer(whole, "POST", "/tick/", 204, body),
            "trivial view, whole stack": lambda: answer(whole, "GET", "/trivial/", 200),
            "trivial view, the tick's own stack": lambda: answer(short, "GET", "/trivial/", 200),
        }
        ticking, *others = compare(light, rounds, REQUESTS).items()
    for name, median in others:
        print(f"  tick rate / rate of {name:34} {median / ticking[1]:5.2f}")


def compare(views: Mapping[str, Callable[[], object]], rounds: int, requests: int = 1) -> dict[str, float]:
    """Prints and returns the median CPU seconds of one request each; the first is the unit."""
    times: dict[str, list[float]] = {name: [] for name in views}
    for view in views.values():
        view()
    for _ in range(rounds):  # interleaved, so that a slow moment hits all alike
        for name, view in views.items():
            begun = time.process_time()
            for _ in range(requests):
                view()
            times[name].append((time.process_time() - begun) / requests)
    medians = {name: statistics.median(found) for name, found in times.items()}
    base = next(iter(medians.values()))
    for name, view in views.items():
        with CaptureQueriesContext(connection) as queries:
            view()
        print(f"  {name:34} {medians[name] * 1000:7.2f} ms  {medians[name] / base:5.1f} x  {len(queries)} queries")
    return medians


def answer(handler: WSGIHandler, method: str, where: str, status: int, body: bytes = b"") -> None:
    """One request as a WSGI server hands it over."""
    response = handler(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": where,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "HTTP_HX_REQUEST": "true",
            "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            "wsgi.url_scheme": "http",
        },
        lambda *_: io.BytesIO().write,
    )
    assert response.status_code == status, response.status_code
    response.close()
