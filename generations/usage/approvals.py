"""Clicks that wait for approval: asking by mail, and the page where they are decided."""

import logging
import smtplib
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage, get_connection
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.http import Request
from accounts.models import User
from generations.dispatch import approvals as deciding
from generations.models import Approval, approval, budget

logger = logging.getLogger(__name__)

SHOWN = 50


@require_safe
def approvals(request: Request) -> HttpResponse:
    """What waits for a decision, the oldest first, and what was decided lately."""
    _check(request.user)
    waiting = Approval.objects.open().select_related("owner").order_by("asked_at")[:SHOWN]
    decided = Approval.objects.exclude(decided_at=None).select_related("owner", "decided_by")
    context = {"waiting": list(waiting), "decided": decided.order_by("-decided_at")[:20]}
    return render(request, "generations/approvals.html", context)


@require_POST
def decide(request: Request, pk: UUID) -> HttpResponse:
    """Approves or rejects, once."""
    _check(request.user)
    asked = get_object_or_404(Approval, pk=pk)
    try:
        if "approve" in request.POST:
            count = deciding.approve(asked, request.user)
            said = ngettext("%(count)s generation is sent.", "%(count)s generations are sent.", count)
        else:
            count = deciding.reject(asked, request.user, request.POST.get("answer", "").strip()[:500])
            said = ngettext("%(count)s generation is cancelled.", "%(count)s generations are cancelled.", count)
    except budget.Exceeded as problem:
        words = _("Not approved: %(budget)s, of which %(left)s credits are left this month.")
        messages.error(request, words % {"budget": problem.budget, "left": problem.left})
        return redirect("approvals")
    if count:
        messages.success(request, said % {"count": count})
    else:
        messages.warning(request, _("It has been decided or cancelled already."))
    return redirect("approvals")


def announce(asked: Approval, address: str) -> None:
    """Tells everybody who may decide, where there is mail. The page shows it either way."""
    if not settings.HAS_MAIL:
        return
    words = _(
        "%(person)s asks for %(credits)s credits: %(reason)s\n\nApprove or reject it here after signing in:\n%(page)s"
    )
    text = words % {
        "person": asked.owner,
        "credits": _("an unknown number of") if asked.credits is None else asked.credits,
        "reason": asked.reason or _("no reason given"),
        "page": address,
    }
    people = User.objects.filter(is_active=True).exclude(email="").exclude(pk=asked.owner_id)
    to = [person.email for person in people if person.has_perm(approval.PERMISSION)]
    mails = [EmailMessage(_("Meigen Studio: approval needed"), text, to=[address]) for address in to]
    try:
        get_connection().send_messages(mails)
    except (OSError, smtplib.SMTPException):
        logger.exception("Nobody could be told by mail that approval %s is waiting", asked.pk)


def _check(user: User) -> None:
    if not user.has_perm(approval.PERMISSION):
        raise PermissionDenied
