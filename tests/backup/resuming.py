"""What Meigen was asked for that the rows do not know, and `manage.py resume`."""

import io
from datetime import timedelta
from typing import Any

from django.conf import settings as configured
from django.core.management import call_command

from accounts.models import Token, User
from generations.models import Generation, Pause
from meigen_api import calls
from meigen_api.client import Client
from meigen_api.types import Status
from tests.helpers import make_generation


def open_row(owner: User, status: Generation.Status, **overrides: Any) -> Generation:
    """As the backup had it: from before the pause."""
    queued_at = Pause.objects.get().since - timedelta(hours=1)
    return make_generation(owner, status=status, queued_at=queued_at, **overrides)


def sent_since(generation: Generation, token: Token) -> Status:
    """What the studio sent after the backup was made: the same bytes under the same key."""
    with Client(configured.MEIGEN_BASE_URL, token.secret()) as client:
        return client.send(calls.submit(generation.body))


def resume(*options: str) -> str:
    said = io.StringIO()
    call_command("resume", *options, stdout=said)
    return said.getvalue()
