"""Those who look after the team."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import reviewers
from tests.helpers import make_user


def questions(client: Client, address: str) -> int:
    """How often the page reads from the database when it is asked for again."""
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return sum(query["sql"].startswith("SELECT") for query in asked.captured_queries)


@pytest.fixture
def boss(db: None) -> Client:
    """An admin who may do everything."""
    client = Client()
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def reviewer(db: None) -> Client:
    """Staff of the group that sees everything and does nothing."""
    person = make_user("reviewer", is_staff=True)
    person.groups.add(Group.objects.get(name=reviewers.NAME))
    client = Client()
    client.force_login(person)
    return client
