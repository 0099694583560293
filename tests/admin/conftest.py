"""Those who look after the team."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts import reviewers
from tests.helpers import make_user


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
