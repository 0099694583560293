"""The pages of signing in: second factors, and where a person is signed in."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import views as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import views as totp
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from .asking import asks
from .http import Request
from .sessions import device_of

Type = Authenticator.Type
View = Callable[..., HttpResponse]


def _told(view: View) -> View:
    """A page of allauth whose invalid form answers 422, as all forms here do."""

    @wraps(view)
    def answering(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        context = getattr(response, "context_data", None) or {}
        forms = [context.get(name) for name in ("form", "webauthn_form")]
        if request.method == "POST" and any(form is not None and form.errors for form in forms):
            response.status_code = 422
        return response

    return answering


authenticate = _told(base.authenticate)
confirm_by_code = _told(base.reauthenticate)
confirm_by_passkey = _told(webauthn.ReauthenticateWebAuthnView.as_view())
add_app = _told(totp.activate_totp)
add_passkey = _told(webauthn.add_webauthn)
_remove_passkey = webauthn.RemoveWebAuthnView.as_view(success_url=reverse_lazy("mfa_index"))


@login_not_required
@asks("GET")
def sign_in_by_passkey(request: HttpRequest) -> HttpResponse:
    response: HttpResponse = webauthn.login_webauthn(request)
    return response


@require_safe
def security(request: Request) -> HttpResponse:
    """One page that leads to everything about signing in."""
    factors = list(Authenticator.objects.filter(user=request.user).order_by("created_at", "pk"))
    by_type = {factor.type: factor for factor in factors}
    codes = by_type.get(Type.RECOVERY_CODES)
    context = {
        "app": by_type.get(Type.TOTP),
        "passkeys": [factor for factor in factors if factor.type == Type.WEBAUTHN],
        "codes": codes,
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
    }
    return render(request, "accounts/security.html", context)


@require_safe
def app_qr(request: Request) -> HttpResponse:
    """The secret of the app that is being set up in this session, as a QR code."""
    secret = request.session.get(SECRET_SESSION_KEY)
    if not secret:
        raise Http404
    adapter = get_adapter()
    drawn = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    return HttpResponse(drawn, content_type="image/svg+xml")


def remove_passkey(request: Request, pk: int) -> HttpResponse:
    get_object_or_404(Authenticator, pk=pk, user=request.user, type=Type.WEBAUTHN)
    response: HttpResponse = _remove_passkey(request, pk=pk)
    return response


@require_safe
def sessions(request: Request) -> HttpResponse:
    """Where the person is signed in, the latest first and this browser before all."""
    rows = UserSession.objects.purge_and_list(request.user)
    for row in rows:
        row.device = device_of(row.user_agent)
        row.is_this = row.session_key == request.session.session_key
    rows.sort(key=lambda row: (row.is_this, row.last_seen_at), reverse=True)
    return render(request, "accounts/sessions.html", {"sessions": rows})


@require_POST
def end_session(request: Request, pk: int) -> HttpResponse:
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    session.end()
    messages.success(request, _("Signed out there."))
    return redirect("sessions")


@require_POST
def end_other_sessions(request: Request) -> HttpResponse:
    for session in UserSession.objects.filter(user=request.user).exclude(session_key=request.session.session_key):
        session.end()
    messages.success(request, _("Signed out everywhere else."))
    return redirect("sessions")
