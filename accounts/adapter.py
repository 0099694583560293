"""How this studio configures django-allauth."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .address import client_address

WRONG_LOGIN = _("The username, email or password is wrong. Check all you typed, or ask an admin for a new password.")
WRONG_PASSWORD = _("This is not your current password. Type it again.")


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is switched off. Ask an admin of your team."),
        "email_password_mismatch": WRONG_LOGIN,
        "enter_current_password": WRONG_PASSWORD,
        "incorrect_password": WRONG_PASSWORD,
        "invalid_login": WRONG_LOGIN,
        "too_many_login_attempts": _("Too many failed attempts to sign in. Try again in a few minutes."),
        "username_password_mismatch": WRONG_LOGIN,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: every account can spend credits, so only admins create accounts."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """What allauth's limits count by. Its own reading raises where the proxies in front say too little."""
        return client_address(request)
