"""What a page or a mail about a failure says: where it failed, and no secret of anybody."""

import os
import subprocess
import sys
from typing import Any, NoReturn

import pytest
from django.conf import settings as configured
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import guessing, sealing
from accounts.models import User
from generations.models import Share
from generations.sharing import links
from meigen_api.secret import Secret
from tests.accounts.test_second_factors import recovery_codes, set_up_app, sign_in
from tests.cases import each
from tests.conftest import FastSandbox
from tests.contract.scanner import finds
from tests.helpers import make_generation, make_result, make_token

API_TOKEN = "meigen_sk_canary0123456789"
FERNET = "Q0FOQVJZLWtleS1vZi10aGUtdmF1bHQtMzItYnl0ZXM="
SECRETS = {
    "SECRET_KEY": "canary-that-signs-the-sessions",
    "TOKEN_KEYS": FERNET,
    "DATABASE_URL": "canary/password",
    "S3_ACCESS_KEY": "canary-access-key",
    "S3_SECRET_KEY": "canary-secret-key",
}
SCRIPT = """
import os
import django
django.setup()
from django.conf import settings
from django.core import mail
from django.test import Client
from django.test.utils import setup_test_environment
debug = settings.DEBUG
setup_test_environment(debug=debug)
settings.ADMINS = [("Admin", "admin@example.org")]
# Under runserver the environment of the process is part of every request's.
client = Client(raise_request_exception=False, **{k: v for k, v in os.environ.items() if not k.startswith("HTTP")})
answer = client.get("/s/" + "x" * 43 + "/")
assert answer.status_code == 500, answer.status_code
told = answer.content.decode() if debug else mail.outbox[0].subject + mail.outbox[0].body
html = [str(a.content) for a in mail.outbox[0].alternatives] if not debug else []
print(told, *html)
"""


def about_a_lost_database(debug: str) -> str:
    """What a studio whose database cannot be reached says about a request."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "meigen_site.settings",
        "DEBUG": debug,
        "SECRET_KEY": SECRETS["SECRET_KEY"],
        "TOKEN_KEYS": f"first:{FERNET}",
        "DATABASE_URL": "postgres://studio:canary%2Fpassword@127.0.0.1:9/studio",
        "MEDIA_STORAGE": "s3://studio-files",
        "S3_ACCESS_KEY": SECRETS["S3_ACCESS_KEY"],
        "S3_SECRET_KEY": SECRETS["S3_SECRET_KEY"],
    }
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@each("debug", ["1", "0"])
def test_a_lost_database_is_told_without_the_secrets_of_the_installation(debug: str) -> None:
    told = about_a_lost_database(debug)
    assert "OperationalError" in told
    assert "DATABASE_URL" in told
    assert [name for name, value in SECRETS.items() if finds(told, value)] == []
    assert "x" * 43 not in told, "the secret of a share link"


class Bug(Exception):
    pass


def fail(*_: Any, **__: Any) -> NoReturn:
    raise Bug


@pytest.fixture(params=["page", "mail"])
def told(request: pytest.FixtureRequest, settings: Settings) -> Any:
    """What the page (with DEBUG=1) or the mail to the admins says after a request that failed."""

    def ask(client: Client, url: str, data: dict[str, Any] | None = None) -> str:
        settings.DEBUG = request.param == "page"
        settings.ADMINS = [("Admin", "admin@example.org")]
        client.raise_request_exception = False
        mail.outbox.clear()
        answer = client.get(url) if data is None else client.post(url, data)
        assert answer.status_code == 500
        said = mail.outbox[0].subject + str(mail.outbox[0].body) if request.param == "mail" else answer.content.decode()
        assert "tests/site/test_error_pages.py" in said or "Fernet key" in said, "where it failed"
        return said

    return ask


def secrets_in(said: str, *secrets: str) -> list[str]:
    keys = [str(configured.SECRET_KEY), os.environ["TOKEN_KEYS"].partition(":")[2]]
    return [secret for secret in [*keys, *secrets] if finds(said, secret)]


@pytest.mark.slow
@each("kind", ["API", "session"])
@each("step", [
    "meigen_api.calls.result", "accounts.token_check.check", "accounts.vault._derived",
    "cryptography.fernet.MultiFernet.encrypt",
])  # fmt: skip
def test_a_token_that_is_being_added(
    browser: Client, sandbox: FastSandbox, told: Any, monkeypatch: pytest.MonkeyPatch, step: str, kind: str
) -> None:
    plain = API_TOKEN if kind == "API" else sandbox.session_token("canary")
    sealing.catch_up()  # so that the token is the first thing that is sealed
    monkeypatch.setattr(step, fail)
    said = told(browser, reverse("tokens"), {"token": plain, "label": "Mine"})
    assert secrets_in(said, plain) == []


def test_a_key_that_is_none(browser: Client, sandbox: FastSandbox, settings: Settings, told: Any) -> None:
    settings.TOKEN_KEYS = [("first", Secret("canary-of-a-broken-key"))]
    said = told(browser, reverse("tokens"), {"token": API_TOKEN})
    assert secrets_in(said, "canary-of-a-broken-key", API_TOKEN) == []


@each("step", ["meigen_api.calls.result", "accounts.vault.Secret"])
def test_a_token_that_pays(
    browser: Client, user: User, sandbox: FastSandbox, told: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    stalled = make_generation(user, status="stalled", token=make_token(user, API_TOKEN))
    monkeypatch.setattr(step, fail)
    said = told(browser, reverse("check_again", args=[stalled.pk]), {})
    assert "generations/dispatch/receipt.py" in said
    assert secrets_in(said, API_TOKEN) == []


def test_a_token_that_meigen_has_just_made(
    browser: Client, user: User, sandbox: FastSandbox, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sandbox.session_token("canary")
    make_token(user, session)
    made: list[str] = []

    def remember(owner: User, secret: Secret, *_: Any) -> NoReturn:
        made.append(secret.reveal())
        raise Bug

    monkeypatch.setattr("accounts.tokens.add", remember)
    said = told(browser, reverse("remote_tokens"), {"name": "canary"})
    assert made
    assert secrets_in(said, session, *made) == []


def test_a_guest_who_types_a_password(user: User, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_generation(user, status="done")
    make_result(row)
    share = links.share(user, [row], password="canary of a password")
    monkeypatch.setattr(type(share), "is_opened_by", fail)
    said = told(Client(), reverse("unlock", args=[share.secret]), {"password": "canary of a password"})
    assert secrets_in(said, "canary of a password", share.secret or "") == []


def test_a_person_who_signs_in(user: User, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.forms.LoginForm.clean", fail)
    said = told(Client(), reverse("account_login"), {"login": user.username, "password": "canary of a password"})
    assert secrets_in(said, "canary of a password") == []


def test_an_error_whose_own_words_hold_a_key(browser: Client, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def leak(*_: Any, **__: Any) -> NoReturn:
        raise Bug(f"{configured.SECRET_KEY} and {os.environ['TOKEN_KEYS']} do not fit")

    monkeypatch.setattr("generations.studio.views.render", leak)
    assert secrets_in(told(browser, "/")) == []


def test_a_code_of_a_second_factor(user: User, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = sign_in(user.username)
    set_up_app(browser)
    [code, *_] = recovery_codes(browser)
    monkeypatch.setattr(guessing, "begin_code", fail)
    asked = sign_in(user.username)
    assert secrets_in(told(asked, "/accounts/login/code/", {"code": code}), code) == []


def test_a_password_of_a_new_link(browser: Client, user: User, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_generation(user, status="done")
    make_result(row)
    monkeypatch.setattr(Share, "save", fail)
    data = {"selected": str(row.pk), "days": "30", "password": "canary sesame"}
    assert secrets_in(told(browser, "/shares/new/", data), "canary sesame") == []


def test_a_form_that_no_view_has_seen_yet(browser: Client, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.page.is_of_another_person", fail)
    assert secrets_in(told(browser, reverse("tokens"), {"token": API_TOKEN}), API_TOKEN) == []


def test_the_cookies_of_a_person(browser: Client, told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generations.studio.views.render", fail)
    browser.cookies["guest"] = "canary-of-a-guest"
    session = browser.cookies[configured.SESSION_COOKIE_NAME].value
    assert secrets_in(told(browser, "/"), session, "canary-of-a-guest") == []
