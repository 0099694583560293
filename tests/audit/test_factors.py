"""Second factors in the audit log: which kind, and never what it is made of."""

import json

import pytest
from allauth.mfa import signals
from allauth.mfa.models import Authenticator

from accounts.models import User
from audit.models import Entry

pytestmark = pytest.mark.django_db


def test_what_becomes_of_a_factor_is_recorded_once(user: User) -> None:
    factor = Authenticator(user=user, type="totp", data={"secret": "CANARY"})
    tell = {"sender": Authenticator, "request": None, "user": user, "authenticator": factor}
    for signal in [
        signals.authenticator_added,
        signals.authentication_failed,
        signals.authenticator_reset,
        signals.authenticator_removed,
    ]:
        signal.send(**tell)
    entries = Entry.objects.order_by("pk")
    assert [(entry.action, entry.actor_name, entry.object_words, entry.details) for entry in entries] == [
        ("factor-added", user.username, user.username, {"factor": "totp"}),
        ("factor-failed", "", user.username, {"factor": "totp"}),
        ("factor-renewed", user.username, user.username, {"factor": "totp"}),
        ("factor-removed", user.username, user.username, {"factor": "totp"}),
    ]
    assert "CANARY" not in json.dumps([*Entry.objects.values()], default=str)
