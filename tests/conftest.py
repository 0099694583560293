"""Fixtures of the whole suite. The Meigen server is the sandbox over real HTTP on loopback."""

import gc
import shutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.template.base import Template
from django.test import Client
from django.utils import translation
from pytest_django import Settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from accounts.models import Token, User
from sandbox import Sandbox
from tests.helpers import make_token, make_user
from tests.serving import serving

PLAIN_RENDER = vars(Template)["_render"]


class FastSandbox(Sandbox):
    """Jobs take their usual time divided by a hundred; `url` is where it listens."""

    url: str


@pytest.fixture
def sandbox(settings: Settings, request: pytest.FixtureRequest) -> Iterator[FastSandbox]:
    """A Meigen server that the studio under test is configured for; `parametrize(indirect=True)` names an edition."""
    box = FastSandbox(speed=100, edition=getattr(request, "param", 2))
    settings.MEIGEN_POLL_SECONDS = 0.05
    with serving(box) as server:
        box.url = settings.MEIGEN_BASE_URL = server.url
        settings.MEIGEN_UPLOAD_URL = f"{server.url}/api"
        yield box


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_listed_once() -> Iterator[None]:
    """Every Client makes the middleware anew, and WhiteNoise then looks at two hundred files."""
    listed: dict[str, StaticFile] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def look_once(middleware: WhiteNoiseMiddleware) -> None:
        if not listed:
            look(middleware)
            listed.update(middleware.files)
        middleware.files.update(listed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _templates_are_not_recorded(django_test_environment: None) -> Iterator[None]:
    """Django's test client copies the context of every template and partial; no test looks at them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Template, "_render", PLAIN_RENDER)
        yield


@pytest.fixture(scope="session", autouse=True)
def _what_is_append_only_is_emptied_between_tests() -> Iterator[None]:
    """SQLite empties tables by DELETE after a test with transactions of its own, which what is append-only refuses."""
    log = import_module("audit.migrations.0002_append_only")
    ledger = import_module("generations.migrations.0004_ledger")
    take_down = log.TAKE_DOWN["sqlite"] + ledger.TAKE_DOWN["sqlite"]
    put_up = log.PUT_UP["sqlite"] + ledger.PUT_UP["sqlite"]
    operations: Any = DatabaseWrapper.ops_class
    plain = operations.sql_flush

    def flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        statements = plain(self, style, tables, **options)
        return [*take_down, *statements, *put_up] if statements else []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", flush)
        yield


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    yield
    translation.deactivate()  # a request leaves its language behind
    shutil.rmtree(django_settings.MEDIA_ROOT, ignore_errors=True)


@pytest.fixture
def user(db: None) -> User:
    return make_user()


@pytest.fixture
def token(user: User) -> Token:
    """The user's token; the sandbox accepts it."""
    return make_token(user)


@pytest.fixture
def browser(user: User) -> Client:
    """The user, signed in."""
    client = Client()
    client.force_login(user)
    return client


def pytest_collection_finish() -> None:
    """What is loaded by now stays; the collector need not go through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    shutil.rmtree(django_settings.MEDIA_ROOT.parent, ignore_errors=True)
