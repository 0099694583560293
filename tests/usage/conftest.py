"""Who looks at usage."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from tests.helpers import make_user


@pytest.fixture
def lead(db: None) -> Client:
    """Somebody who may see what everybody used, signed in."""
    user = make_user("lead")
    user.user_permissions.add(Permission.objects.get(codename="view_dailyusage"))
    client = Client()
    client.force_login(user)
    return client
