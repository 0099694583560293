"""The token page."""

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from . import token_check, vault
from . import tokens as vaulted
from .forms import TimeZoneForm, TokenForm
from .http import Request, back_to, go_to
from .models import Token
from .text import isolated
from .token_check import Verdict

REFUSED = gettext_lazy(
    "Meigen does not accept this token (401). Copy it again, or create a new one at meigen.ai under Settings, API Keys."
)
UNCHECKED = gettext_lazy(
    "The token is saved, but Meigen could not be reached to check it. Check it again before you generate."
)


@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: Request) -> HttpResponse:
    """Lists the person's tokens. A POST adds one."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        secret = form.cleaned_data["token"]
        verdict = token_check.check(secret)
        if verdict is Verdict.REFUSED:
            form.add_error("token", REFUSED)
        else:
            vaulted.add(request.user, secret, form.cleaned_data["label"], verdict)
            _report(request, verdict)
            return go_to(request, back_to(request, reverse("tokens")))
    return _page(request, form)


@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
def replace_token(request: Request, pk: int) -> HttpResponse:
    """Replaces a token on POST. A GET, such as a reload or a language switch after a failed attempt, redirects to the
    list."""
    token = get_object_or_404(Token, pk=pk, owner=request.user)
    if request.method != "POST":
        return redirect("tokens")
    form = TokenForm(request.POST, auto_id=f"replace-{pk}-%s")
    if form.is_valid():
        secret = form.cleaned_data["token"]
        verdict = token_check.check(secret)
        if verdict is Verdict.REFUSED:
            form.add_error("token", REFUSED)
        else:
            try:
                vaulted.replace(token, secret, verdict)
            except IntegrityError:
                form.add_error("token", _("You have already added this token."))
            except Token.DoesNotExist:
                form.add_error("token", _("This token has been removed in the meantime. Add the new one below."))
            else:
                _report(request, verdict)
                return redirect("tokens")
    return _page(request, TokenForm(), replacing=token.pk, replacement=form)


@require_POST
def check_token(request: Request, pk: int) -> HttpResponse:
    token = get_object_or_404(Token, pk=pk, owner=request.user)
    try:
        verdict = token_check.check(token.secret())
    except vault.OldKeys:
        messages.warning(request, vault.NEW_KEYS)
        return redirect("tokens")
    except vault.Unreadable:
        messages.error(request, _("The server's keys cannot decrypt this token. Replace it, or tell your admin."))
        return redirect("tokens")
    vaulted.note_verdict(token, verdict)
    if verdict is Verdict.REFUSED:
        messages.error(
            request, _("Meigen refuses this token (401). Replace it; generations queued with it are waiting.")
        )
    elif verdict is Verdict.GOOD:
        messages.success(request, _("Meigen accepts this token."))
    else:
        messages.warning(request, _("Could not reach Meigen. Try again in a minute."))
    return redirect("tokens")


@require_POST
def use_token(request: Request, pk: int) -> HttpResponse:
    token = get_object_or_404(Token, pk=pk, owner=request.user)
    vaulted.make_default(token)
    messages.success(request, _("New generations will be paid with %(label)s.") % {"label": isolated(token.label)})
    return redirect("tokens")


@require_POST
def remove_token(request: Request, pk: int) -> HttpResponse:
    token = get_object_or_404(Token, pk=pk, owner=request.user)
    vaulted.remove(token)
    removed = _("%(label)s removed. It still works at meigen.ai; revoke it there if it has leaked.")
    messages.success(request, removed % {"label": isolated(token.label)})
    return redirect("tokens")


@require_http_methods(["GET", "HEAD", "POST"])
def time_zone(request: Request) -> HttpResponse:
    """The person's time zone. A POST changes it."""
    initial = {"time_zone": request.user.time_zone}
    form = TimeZoneForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        request.user.time_zone = form.cleaned_data["time_zone"]
        request.user.save(update_fields=["time_zone"])
        messages.success(request, _("Time zone saved."))
        return redirect("time_zone")
    return render(request, "accounts/time_zone.html", {"form": form}, status=422 if form.is_bound else 200)


def _report(request: Request, verdict: Verdict) -> None:
    if verdict is Verdict.GOOD:
        messages.success(request, _("Meigen accepts this token. It is stored encrypted."))
    else:
        messages.warning(request, UNCHECKED)


def _page(
    request: Request, form: TokenForm, *, replacing: int | None = None, replacement: TokenForm | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "tokens": Token.objects.filter(owner=request.user).order_by("-is_default", "label", "pk"),
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "replacing": replacing,
        "replacement": replacement,
        "now": timezone.now(),
        "rate": settings.MEIGEN_RATE,
    }
    failed = form.errors or (replacement is not None and replacement.errors)
    return render(request, "accounts/tokens.html", context, status=422 if failed else 200)
