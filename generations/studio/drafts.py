"""Keeps what somebody typed into the studio's form while they are on another page."""

from collections.abc import Sequence
from typing import Any

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect

from accounts.http import Request
from accounts.models import User
from generations.media.attachments import MAX_AT_ONCE
from generations.models import Reference
from generations.models.ids import plain, uuids
from generations.studio.form import FIELD_OF_MEMBER, MAX_PROMPT, GenerateForm

DRAFT = "draft"
PERSON = "person"  # in the form and in the draft: who owns it
FORM_FIELDS = {*GenerateForm.base_fields, *FIELD_OF_MEMBER.values()} - {"nonce"}


def typed(request: Request) -> tuple[dict[str, str], list[str]]:
    """What was typed, by field, and the ids of the references."""
    names = FORM_FIELDS & request.POST.keys()
    references = [str(pk) for pk in uuids(request.POST.getlist("reference"))[:MAX_AT_ONCE]]
    return {name: plain(request.POST[name], MAX_PROMPT) for name in names}, references


def mark(user: User) -> str:
    """A signed value in the form that identifies its owner even after the session has expired."""
    return _signer().sign(str(user.pk))


def keep(request: Request, target: str, references: Sequence[Reference] = ()) -> HttpResponse:
    """Redirects the person elsewhere first. What they typed waits in the session."""
    values, ids = typed(request)
    ids = [str(reference.pk) for reference in references] or ids
    request.session[DRAFT] = {**values, "reference": ids, PERSON: _person(request)}
    return HttpResponseClientRedirect(target) if request.htmx else redirect(target)


def waiting(request: Request) -> dict[str, Any]:
    """The draft in the session, until a form is accepted or a newer draft replaces it. Dropped if another person signed
    in."""
    draft: dict[str, Any] = dict(request.session.get(DRAFT, {}))
    if draft and draft.pop(PERSON, None) != str(request.user.pk):
        drop(request)
        return {}
    return draft


def drop(request: Request) -> None:
    request.session.pop(DRAFT, None)


def _person(request: HttpRequest) -> str:
    """Who typed the draft. For somebody signed out, whoever their form names, or an empty string if its mark is not
    ours."""
    if request.user.is_authenticated:
        return str(request.user.pk)
    try:
        return _signer().unsign(request.POST.get(PERSON, ""))
    except BadSignature:
        return ""


def _signer() -> Signer:
    return Signer(salt="draft")
