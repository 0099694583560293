"""Clicks that wait for approval: asking by mail, and the page where they are decided."""

from collections import defaultdict
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.mail import EmailMessage
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import letters
from accounts.http import Request
from accounts.models import User
from accounts.rights import PERMISSIONS
from accounts.text import isolated
from generations.dispatch import approvals as deciding
from generations.models import Approval, Generation, approval, budget
from generations.usage.forms import RejectionForm

SHOWN = 50


@require_safe
@permission_required(approval.PERMISSION, raise_exception=True)
def approvals(request: Request) -> HttpResponse:
    """What waits for a decision, the oldest first, and what was decided lately."""
    return _page(request)


def _page(request: Request, refused: dict[UUID, RejectionForm] | None = None) -> HttpResponse:
    waiting = Approval.objects.open().select_related("owner").order_by("asked_at")[:SHOWN]
    decided = Approval.objects.exclude(decided_at=None).select_related("owner", "decided_by")
    shown = _with_rows(list(waiting), refused or {})
    context = {"waiting": shown, "decided": decided.order_by("-decided_at")[:20]}
    return render(request, "generations/approvals.html", context, status=422 if refused else 200)


def _rejection(pk: UUID, data: QueryDict | None = None) -> RejectionForm:
    return RejectionForm(data, auto_id=f"{pk}-%s", label_suffix="")


def _with_rows(
    waiting: list[Approval], refused: dict[UUID, RejectionForm]
) -> list[tuple[Approval, list[Generation], list[str], RejectionForm]]:
    """Each with what it would send, the prompts of that, each once, and the form to reject it with."""
    held = Generation.objects.filter(status=Generation.Status.HELD, nonce__in=[asked.nonce for asked in waiting])
    rows: dict[tuple[int, str], list[Generation]] = defaultdict(list)
    for row in held.select_related("project").prefetch_related("references").order_by("number"):
        rows[row.owner_id, row.nonce].append(row)
    clicks = [(asked, rows[asked.owner_id, asked.nonce]) for asked in waiting]
    return [
        (asked, click, list(dict.fromkeys(row.prompt for row in click)), refused.get(asked.pk) or _rejection(asked.pk))
        for asked, click in clicks
        if click
    ]


@require_POST
@permission_required(approval.PERMISSION, raise_exception=True)
def decide(request: Request, pk: UUID) -> HttpResponse:
    """Approves or rejects, once."""
    asked = get_object_or_404(Approval, pk=pk)
    form = _rejection(pk, request.POST)
    if "approve" not in request.POST and not form.is_valid():
        return _page(request, {pk: form})
    try:
        if "approve" in request.POST:
            count = deciding.approve(asked, request.user)
            said = ngettext("%(count)s generation will be sent.", "%(count)s generations will be sent.", count)
        else:
            count = deciding.reject(asked, request.user, form.cleaned_data["answer"])
            said = ngettext("%(count)s generation was cancelled.", "%(count)s generations were cancelled.", count)
    except budget.Exceeded as problem:
        words = _("Not approved: the budget of %(whose)s has %(left)s credits left this month.")
        messages.error(request, words % {"whose": isolated(problem.budget.whose), "left": problem.left})
        return redirect("approvals")
    except budget.Closed:
        messages.error(request, _("Not approved: the project is closed."))
        return redirect("approvals")
    except deciding.TooLate:
        messages.error(request, _("Not approved: its references have expired at Meigen. Reject it, to be sent anew."))
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
    people = (
        User.objects.with_perm(approval.PERMISSION, backend=PERMISSIONS).exclude(email="").exclude(pk=asked.owner_id)
    )
    subject = _("%(studio)s: approval needed") % {"studio": settings.STUDIO_NAME}
    letters.post(EmailMessage(subject, text, to=[person.email]) for person in people)
