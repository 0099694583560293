"""Fixtures of this room's tests."""

import pytest
from django.test import Client

from accounts.models import Token, User
from generations.models import Generation
from tests.helpers import make_generation, make_result, make_user


@pytest.fixture
def done(user: User, token: Token) -> Generation:
    row = make_generation(user, status="done", prompt="a CANARY fox", credits_used=2)
    make_result(row)
    return row


@pytest.fixture
def colleague() -> Client:
    client = Client()
    client.force_login(make_user("colleague"))
    return client
