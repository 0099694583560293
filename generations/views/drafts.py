"""What somebody typed into the studio's form, kept while they are somewhere else."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect

from accounts.http import Request
from generations.forms import FIELD_OF_MEMBER, GenerateForm
from generations.forms.generate import MAX_PROMPT
from generations.ids import plain, uuids
from generations.models import Reference

DRAFT = "draft"
FORM_FIELDS = {*GenerateForm.base_fields, *FIELD_OF_MEMBER.values(), "reference_video_seconds"} - {"nonce"}


def typed(request: Request) -> tuple[dict[str, str], list[str]]:
    """(what was typed by field, ids of the references)."""
    names = FORM_FIELDS & request.POST.keys()
    references = [str(pk) for pk in uuids(request.POST.getlist("reference"))[:20]]
    return {name: plain(request.POST[name], MAX_PROMPT) for name in names}, references


def keep(request: Request, target: str, references: Sequence[Reference] = ()) -> HttpResponse:
    """Sends the person somewhere first; what was typed waits in the session."""
    values, ids = typed(request)
    request.session[DRAFT] = {**values, "reference": [str(reference.pk) for reference in references] or ids}
    return HttpResponseClientRedirect(target) if request.htmx else redirect(target)


def take(request: Request) -> dict[str, Any]:
    """What waits in the session, once."""
    draft: dict[str, Any] = request.session.pop(DRAFT, {})
    return draft
