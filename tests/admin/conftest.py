"""Those who look after the team."""

import pytest
from django.test import Client

from tests.helpers import make_user


@pytest.fixture
def boss(db: None) -> Client:
    """An admin who may do everything."""
    client = Client()
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    return client
