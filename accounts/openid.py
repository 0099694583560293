"""Sign-in by OpenID Connect, for people whom an admin has made an account.

Whoever comes for the first time is known by the address that the provider has verified; from then on by the number that
the provider keeps them under, whatever their address is. Nobody gets an account this way.
"""

import logging
import os
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from allauth.socialaccount.providers.openid_connect import views as allauth
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException, Session

from .asking import asks
from .http import back_to
from .models import User

logger = logging.getLogger(__name__)

UNKNOWN = gettext_lazy("There is no account for you here. Ask an admin for an account.")
FAILED = gettext_lazy("Signing in with %(provider)s did not work. Try again, or tell an admin.")
# What a provider's answers in another form than OpenID's end in, before anything is changed.
MISSHAPEN = (AttributeError, ImproperlyConfigured, KeyError, RequestException, TypeError, ValueError)


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Lets in who has an account, and nobody else."""

    def get_requests_session(self) -> Session:
        """Goes straight to the provider: no proxy of the environment, no other address that an answer names."""
        session: Session = super().get_requests_session()
        session.trust_env = False
        session.verify = os.environ.get("SSL_CERT_FILE") or True
        session.max_redirects = 0
        return session

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        claims = sociallogin.account.extra_data
        told, proof = claims.get("userinfo", {}), claims.get("id_token", {})
        if not proof or told.get("sub") != proof["sub"]:
            logger.warning("The OpenID provider's id_token is missing, or is another person's than its userinfo.")
            raise ImmediateHttpResponse(_refused(request, _failed()))
        if sociallogin.is_existing:
            return
        person = _person(told)
        if person is None or SocialAccount.objects.filter(user=person, provider=sociallogin.account.provider).exists():
            raise ImmediateHttpResponse(_refused(request, str(UNKNOWN)))
        if not person.is_active:
            raise ImmediateHttpResponse(redirect("account_inactive"))
        sociallogin.connect(request, person)

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        cause = exception and (exception.__cause__ or exception)
        logger.warning("Sign-in at the OpenID provider failed: %s %s", error, type(cause).__name__ if cause else "")
        raise ImmediateHttpResponse(_refused(request, _failed()))


def _person(claims: dict[str, Any]) -> User | None:
    """Whose address the provider has verified. `email_verified` as a text, such as "false", is not taken for true."""
    address = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(address, str) or not address:
        return None
    kept = address.lower() if address.isascii() else address
    person = User.objects.filter(email=kept).first()
    # The look-up also finds those that look alike, which somebody else may have at the provider.
    return person if person is not None and person.email == kept else None


def name() -> str:
    """What the provider is called, or "" if people sign in without one."""
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return apps[0]["name"] if apps else ""


def _provider_id() -> str:
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    if not apps:
        raise Http404
    provider_id: str = apps[0]["provider_id"]
    return provider_id


def _failed() -> str:
    return FAILED % {"provider": name()}


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    return render(request, "accounts/openid_refused.html", {"why": why}, status=403)


@login_not_required
@require_POST
@asks("POST")
def openid(request: HttpRequest) -> HttpResponse:
    """Goes to the provider by a page of its own, because browsers hold `form-action` against redirects too."""
    provider = get_adapter().get_provider(request, _provider_id())
    try:
        there = provider.redirect(request, AuthProcess.LOGIN, next_url=back_to(request, reverse("studio")))
    except MISSHAPEN:
        logger.exception("The OpenID provider cannot be asked for its addresses.")
        return _refused(request, _failed())
    return render(request, "accounts/openid.html", {"to": there["Location"], "name": name()})


@login_not_required
@require_safe
def openid_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends people back to."""
    if provider_id != _provider_id():
        raise Http404
    try:
        response: HttpResponse = allauth.callback(request, provider_id)
    except MISSHAPEN:
        logger.exception("The OpenID provider's answers are not as OpenID Connect has them.")
        return _refused(request, _failed())
    return response
