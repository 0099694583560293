"""Pages for managing the tokens at Meigen, for people who have added a session token."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meigen_api.errors import BadToken, MeigenError, Refused

from . import remote_tokens as remote
from . import vault
from .forms import NewTokenForm
from .http import Request
from .models import Token
from .sentences import marked, told


@sensitive_variables("plain")
@require_http_methods(["GET", "HEAD", "POST"])
def remote_tokens(request: Request) -> HttpResponse:
    """Lists the account's tokens. A POST creates one, stores it and shows it once."""
    session = Token.objects.sessions_of(request.user).first()
    if session is None:
        messages.info(request, _("Add a session token first. It is needed to manage tokens at Meigen."))
        return redirect("tokens")
    form = NewTokenForm(request.POST or None)
    plain = ""
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            plain = remote.create(session, form.cleaned_data["name"])
            form = NewTokenForm()
        except (MeigenError, vault.Unreadable) as error:
            form.add_error("name", _words(error))
    listed = []
    try:
        listed = remote.listed(session)
    except (MeigenError, vault.Unreadable) as error:
        problem = _words(error)
    context = {"session": session, "listed": listed, "form": form, "plain": plain, "problem": problem}
    return render(request, "accounts/remote_tokens.html", context, status=422 if form.errors else 200)


@require_POST
def revoke_remote(request: Request, token_id: str) -> HttpResponse:
    session = Token.objects.sessions_of(request.user).first()
    if session is not None:
        try:
            remote.revoke(session, token_id)
            revoked = _("Token revoked at Meigen. Requests that still use it will be refused.")
            messages.success(request, revoked)
        except (MeigenError, vault.Unreadable) as error:
            messages.error(request, _words(error))
    return redirect("remote_tokens")


@require_safe
def remote_usage(request: Request, token_id: str) -> HttpResponse:
    session = Token.objects.sessions_of(request.user).first()
    if session is None:
        return redirect("tokens")
    used, problem = [], ""
    try:
        used = remote.usage(session, token_id)
    except (MeigenError, vault.Unreadable) as error:
        problem = _words(error)
    return render(request, "accounts/remote_usage.html", {"used": used, "problem": problem})


def _words(error: Exception) -> str:
    if isinstance(error, BadToken):
        return _("Meigen no longer accepts this session token. Copy a new one from your browser and add it.")
    if isinstance(error, vault.OldKeys):
        return str(vault.NEW_KEYS)
    if isinstance(error, vault.Unreadable):
        return _("The server's keys cannot decrypt this session token. Add it again, or tell your admin.")
    if isinstance(error, Refused):
        return told(_("Meigen refused the request: %(reason)s."), marked(error.message))
    return _("Could not reach Meigen, or its response could not be read. Try again in a minute.")
