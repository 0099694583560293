"""`manage.py demo`: creates demo accounts in an empty studio. Called by `make run`."""

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts import tokens
from accounts.demo import PEOPLE
from accounts.models import User
from accounts.token_check import Verdict
from meigen_api.secret import Secret


class Command(BaseCommand):
    help = (
        "Make a demo member with a sandbox token, and a demo admin, when there are no accounts and Meigen is a sandbox."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_LOCAL_SANDBOX:
            self.stdout.write("Demo accounts are for a local sandbox only; none were created.")
            return
        with transaction.atomic():
            if User.objects.exists():
                return
            (name, password, _), (admin, admin_password, _) = PEOPLE
            member = User.objects.create_user(name, f"{name}@example.com", password)
            User.objects.create_superuser(admin, f"{admin}@example.com", admin_password)
            token = Secret(f"meigen_sk_{secrets.token_hex(16)}")
            tokens.add(member, token, "Sandbox token", Verdict.GOOD)
        self.stdout.write("Demo accounts created.")
