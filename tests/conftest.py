"""Fixtures of the whole suite. The Meigen server is the sandbox over real HTTP on loopback."""

import shutil
import threading
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import catalogue
from sandbox import Sandbox
from sandbox.serve import Server
from tests.helpers import make_token, make_user


class FastSandbox(Sandbox):
    """Jobs take their usual time divided by a hundred; `url` is where it listens."""

    url: str


@pytest.fixture
def sandbox(settings: Settings, request: pytest.FixtureRequest) -> Iterator[FastSandbox]:
    """A Meigen server that the studio under test is configured for; `parametrize(indirect=True)` names an edition."""
    box = FastSandbox(speed=100, edition=getattr(request, "param", 2))
    server = Server(box)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    box.url = settings.MEIGEN_BASE_URL = server.url
    settings.MEIGEN_UPLOAD_URL = f"{server.url}/api"
    settings.MEIGEN_POLL_SECONDS = 0.05
    yield box
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    catalogue._models.cache_clear()
    yield
    translation.deactivate()  # a request leaves its language behind
    shutil.rmtree(django_settings.MEDIA_ROOT, ignore_errors=True)


@pytest.fixture
def user(db: None) -> User:
    cache.clear()
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


def pytest_unconfigure() -> None:
    shutil.rmtree(django_settings.MEDIA_ROOT.parent, ignore_errors=True)
