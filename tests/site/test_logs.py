"""What the log says of requests and starts: one line for each event, with whom and what it is about, and no secret."""

import json
import logging
from collections.abc import Iterator

import pytest
from django.conf import settings as configured
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts.models import Token, User
from meigen_site import middleware, starting
from meigen_site.about import about
from tests.helpers import make_generation
from tests.watching import Lines, events, written


@pytest.fixture
def lines() -> Iterator[Lines]:
    with written() as lines:
        yield lines


def test_a_start_says_its_version_and_settings_and_no_secret(lines: Lines) -> None:
    starting.tell("The workers")
    (line,) = lines()
    told = json.loads(line)
    assert (told["event"], told["version"], told["meigen"]) == ("started", "0.1.0", configured.MEIGEN_BASE_URL)
    assert not [secret for secret in configured.ENV.secrets if len(secret.reveal()) > 3 and secret.reveal() in line]


def test_a_slow_request_is_a_line_with_its_id_its_person_and_its_route(
    lines: Lines, browser: Client, user: User, settings: Settings
) -> None:
    generation = make_generation(user)
    settings.SLOW_SECONDS = 0.0
    answer = browser.get(f"/generations/{generation.pk}/", headers={"X-Request-ID": "somebody-elses"})
    (told,) = events(lines, "slow_request")
    assert told["request"] == answer["X-Request-ID"] != "somebody-elses"
    assert (told["person"], told["generation"]) == (str(user.pk), str(generation.pk))
    assert "GET /generations/<uuid:pk>/ took" in told["message"]


def test_a_proxy_may_name_the_request_but_not_write_into_the_log(settings: Settings, db: None) -> None:
    settings.TRUSTED_PROXIES = 1

    def answered(given: str) -> str:
        return Client().get("/healthz", headers={"X-Request-ID": given, "X-Forwarded-For": "192.0.2.1"})["X-Request-ID"]

    assert answered("proxy-0123456789") == "proxy-0123456789"
    assert len(answered("two words")) == 32


def test_a_refused_host_is_one_line_at_info_without_a_traceback(lines: Lines, db: None) -> None:
    assert Client().get("/", headers={"Host": "evil.example"}).status_code == 400
    (told,) = events(lines)
    assert (told["level"], told["event"]) == ("INFO", "refused_host")
    assert "traceback" not in told


def test_a_refused_token_is_one_line_however_often_meigen_says_so(lines: Lines, token: Token) -> None:
    for _ in range(3):
        token.note_refusal(token.owner.date_joined, token.revision)
    (told,) = events(lines, "token_refused")
    assert (told["token"], told["person"]) == (token.pk, token.owner_id)
    assert token.last4 not in told["message"]


def test_a_database_that_is_away_is_one_line_a_minute(lines: Lines, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    moment = 1000.0
    monkeypatch.setattr("meigen_site.logs.time.monotonic", lambda: moment)
    away = OperationalError("connection refused")
    away.__cause__ = type("Psycopg", (Exception,), {"sqlstate": None})()

    def fail() -> None:
        try:
            raise away
        except OperationalError:
            logging.getLogger("generations").exception("It failed")

    for _ in range(40):
        fail()
    logging.getLogger("django-q").critical("reincarnated pusher after sudden death")
    (told,) = events(lines)
    assert told["message"] == "The database is away: connection refused"
    moment += 61
    fail()
    (told,) = events(lines)
    assert told["left_out"] == 39


def test_a_statement_that_the_database_refuses_is_told_whole(lines: Lines, db: None) -> None:
    for _ in range(2):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT nonsense FROM nowhere")
        except Exception:
            logging.getLogger("generations").exception("It failed")
    assert ["nowhere" in told["traceback"] for told in events(lines)] == [True, True]


def test_no_line_holds_a_token_a_link_or_a_key(lines: Lines) -> None:
    with about(generation=7):
        logging.getLogger("anything").warning(
            "%s %s %s", "/s/abcdef/", "meigen_sk_abc123", configured.TOKEN_KEYS[0][1].reveal()
        )
    (line,) = lines()
    assert json.loads(line)["generation"] == "7"
    assert not [secret for secret in ["abcdef", "abc123", configured.TOKEN_KEYS[0][1].reveal()] if secret in line]


def test_a_plain_line_ends_with_what_it_is_about() -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        logging.getLogger("anything").warning("Something happened")
        return HttpResponse()

    with written("plain") as lines:
        response = middleware.followed(answer)(HttpRequest())
        (line,) = lines()
    assert line.endswith(f"WARNING anything: Something happened request={response['X-Request-ID']}")
