"""A report of an error says where it failed and whom and what it is about, and holds no secret and no prompt."""

import json
import logging
import os
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
import sentry_sdk
from django.conf import settings as configured
from django.db import DataError, IntegrityError
from django.test import Client
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from accounts.models import User
from meigen_site import logs, sentry
from tests.contract.scanner import finds
from tests.helpers import make_generation

pytestmark = pytest.mark.django_db

PROMPT = "canary of a prompt"
TOKEN = "meigen_sk_canary0123456789"


class Kept(Transport):
    """Sends nothing."""

    sent: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        if (event := envelope.get_event()) is not None:
            self.sent.append(dict(event))


@pytest.fixture
def reports() -> Iterator[list[dict[str, Any]]]:
    Kept.sent.clear()
    sentry.start("https://key@sentry.example.org/1", transport=Kept)
    handler = sentry.Handler(logging.ERROR)
    handler.addFilter(logs.DatabaseAway(slot=3, with_traceback=True))
    logging.getLogger().addHandler(handler)
    yield Kept.sent
    logging.getLogger().removeHandler(handler)
    sentry_sdk.get_global_scope().set_client(None)


def test_a_failed_request_is_one_report_without_secrets(
    reports: list[dict[str, Any]], browser: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> NoReturn:
        secret, prompt = TOKEN, PROMPT  # local variables of a frame
        row = f"Failing row contains ({prompt}, {secret})"
        raise IntegrityError(
            f"null value violates a constraint at /s/{'x' * 43}/\nDETAIL:  {row}\n{row}"
        ) from DataError(f"{configured.SECRET_KEY} {os.environ['TOKEN_KEYS']}")

    generation = make_generation(user, prompt=PROMPT)
    monkeypatch.setattr("generations.library.generation.render", fail)
    browser.raise_request_exception = False
    browser.cookies["guest"] = "canary-cookie"
    answer = browser.get(f"/generations/{generation.pk}/", {"q": PROMPT})
    session = browser.cookies[configured.SESSION_COOKIE_NAME].value
    assert answer.status_code == 500
    (report,) = reports
    assert report["tags"] == {
        "request": answer["X-Request-ID"],
        "person": str(user.pk),
        "generation": str(generation.pk),
    }
    values = report["exception"]["values"]
    assert [value["type"] for value in values] == ["DataError", "IntegrityError"]
    assert values[-1]["stacktrace"]["frames"][-1]["function"] == "fail"
    assert "vars" not in json.dumps(values)
    for frame in values[-1]["stacktrace"]["frames"]:
        for lines in ("context_line", "pre_context", "post_context"):
            frame.pop(lines, None)  # the source of this test
    whole = json.dumps(report)
    secrets = [TOKEN, PROMPT, "x" * 43, str(session), "canary-cookie", str(configured.SECRET_KEY)]
    secrets += [key.reveal() for _, key in configured.TOKEN_KEYS]
    assert [secret for secret in secrets if finds(whole, secret)] == []


def test_what_is_no_error_is_not_reported(reports: list[dict[str, Any]], browser: Client) -> None:
    assert browser.get("/nowhere/").status_code == 404
    assert Client().get("/", headers={"Host": "evil.example"}).status_code == 400
    assert reports == []
