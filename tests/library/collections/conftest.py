import pytest
from django.test import Client

from accounts.models import User
from tests.helpers import make_user


@pytest.fixture
def ana(db: None) -> User:
    return make_user("ana")


@pytest.fixture
def anas(ana: User) -> Client:
    client = Client()
    client.force_login(ana)
    return client
