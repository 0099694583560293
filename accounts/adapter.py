"""How this studio configures django-allauth."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from . import guessing
from .address import client_address
from .http import is_path
from .models import User
from .throttles import Waiting

logger = logging.getLogger(__name__)

WRONG_LOGIN = _("The username, email or password is wrong. Check all you typed, or ask an admin for a new password.")
WRONG_PASSWORD = _("This is not your current password. Type it again.")

BEGUN_WITH = "sign-in begun with"  # in the session, the password's hash at the first step
NOWHERE = "0.0.0.0"  # noqa: S104 (no address is known, and the list of sessions needs one)


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is switched off. Ask an admin of your team."),
        "email_password_mismatch": WRONG_LOGIN,
        "enter_current_password": WRONG_PASSWORD,
        "incorrect_password": WRONG_PASSWORD,
        "invalid_login": WRONG_LOGIN,
        "rate_limited": _("Too many attempts. Try again in a few minutes."),
        "username_password_mismatch": WRONG_LOGIN,
    }

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Who has this name or address and this password, or None. Every place that asks for a password comes here."""
        names = {name: credentials[name] for name in ("username", "email") if credentials.get(name)}
        try:
            trying = guessing.begin(request, dict.fromkeys(names.values()))
        except Waiting as waiting:
            user_login_failed.send(sender=__name__, credentials=names, request=request)  # for the audit log
            raise ValidationError(waiting.told(guessing.TOO_MANY_PASSWORDS)) from None
        user: User | None = super().authenticate(request, **credentials)
        if user is not None:
            trying.was_right()
        return user

    def pre_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponseBase | None:
        request.session[BEGUN_WITH] = user.get_session_auth_hash()
        response: HttpResponseBase | None = super().pre_login(request, user, **options)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """The last step of signing in, maybe minutes after the first: the password must still be the same."""
        begun_with = request.session.pop(BEGUN_WITH, "")
        if not constant_time_compare(begun_with, user.get_session_auth_hash()):
            request.session.flush()
            raise ImmediateHttpResponse(redirect("account_login"))
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: User, **options: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().post_login(request, user, **options)
        guessing.remember(request, response, user)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is away is our affair: an error would tell strangers that the account exists."""
        try:
            super().send_mail(template_prefix, email, {**context, "studio_name": settings.STUDIO_NAME})
        except OSError:
            logger.exception("Mail could not be sent")

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: every account can spend credits, so only admins create accounts."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """What allauth's limits count by. Its own reading raises where the proxies in front say too little."""
        return client_address(request) or NOWHERE

    def is_safe_url(self, url: str | None) -> bool:
        """Whether allauth may redirect to a `next`: to paths of this site alone."""
        return url is not None and is_path(url)
