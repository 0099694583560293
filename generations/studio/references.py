"""Reference pictures and clips: adding them to the form, showing them, and creating them from results."""

import time
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import reswap, retarget

from accounts.http import Request, back_to, go_to, page_of
from accounts.text import isolated
from generations.library.actions import Action, why_not
from generations.media import attachments, serving
from generations.media.download import Refused
from generations.models import Generation, Reference
from generations.models.sentences import translated

MAX_LINKS = 40
# The time limit for inspecting all clips of a form. The rest are accepted with unknown length.
LOOK_SECONDS = 20.0


def collect(request: Request) -> tuple[list[Reference], list[str]]:
    """The references of a posted form, including files just chosen, and what is wrong with any of them."""
    found, complete = attachments.owned(request.user, request.POST.getlist("reference"))
    problems = [] if complete else [_("A reference is no longer available. Add it again, or leave it out.")]
    for file in request.FILES.getlist("reference_file")[: attachments.MAX_AT_ONCE]:
        try:
            found.append(attachments.add_file(request.user, file.name or "picture", file, file.size))
        except Refused as refusal:
            problems.append(
                _("%(file)s: %(problem)s") % {"file": isolated(file.name), "problem": translated(str(refusal))}
            )
    links = request.POST.get("reference_url", "").split()
    if len(links) > MAX_LINKS:
        problems.append(_("At most %(most)s links at once.") % {"most": MAX_LINKS})
    ends = time.monotonic() + LOOK_SECONDS
    for link in links[:MAX_LINKS]:
        try:
            found.append(attachments.add_link(request.user, link, seconds=ends - time.monotonic()))
        except Refused as refusal:
            problems.append(translated(str(refusal)))
    return list(dict.fromkeys(found)), problems


@require_POST
def references(request: Request) -> HttpResponse:
    """Adds what was dropped, pasted, chosen or linked. Responds with the new ones for the form's list."""
    added, problems = collect(request)
    return render(request, "generations/_references_added.html", {"references": added, "problems": problems})


@require_safe
def reference(request: Request, pk: UUID) -> HttpResponseBase:
    """The reference's file, for its owner."""
    row = get_object_or_404(Reference, pk=pk, owner=request.user)
    return serving.serve_reference(request, row)


@require_POST
def use_result(request: Request, pk: UUID, number: int) -> HttpResponse:
    """Creates a reference from a result and adds it to the studio's form."""
    result = serving.readable(viewer=request.user).filter(generation=pk, number=number).first()
    if result is None:
        row = get_object_or_404(Generation.objects.visible_to(request.user), pk=pk)
        return _not_used(request, row, why_not(row, Action.REFERENCE))
    try:
        made = attachments.add_result(request.user, result)
    except Refused as refusal:
        return _not_used(request, result.generation, translated(str(refusal)))
    if request.htmx and is_from_studio(request):
        # There is already a draft, so the picture is added to it.
        response = render(request, "generations/_references_added.html", {"references": [made], "problems": []})
        return reswap(retarget(response, "#reference-list"), "beforeend")
    target = f"{reverse('studio')}?reference={made.pk}"
    return go_to(request, target)


def _not_used(request: Request, row: Generation, why: str) -> HttpResponse:
    messages.warning(request, why)
    if request.htmx:
        return render(request, "_messages.html", {"oob": True})
    return go_to(request, back_to(request, row.get_absolute_url()))


def is_from_studio(request: Request) -> bool:
    """Whether the request comes from the studio page, which has elements that other pages lack."""
    return urlsplit(page_of(request)).path == reverse("studio")
