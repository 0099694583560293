"""Keeps the studio's form as it was left, from one page to the next and while somebody signs in."""

from collections.abc import Sequence
from datetime import timedelta

from django.contrib import messages
from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import throttles
from accounts.http import Request, go_to
from accounts.models import User
from accounts.throttles import Count, Limit
from generations.media.attachments import MAX_AT_ONCE
from generations.models import Draft, Reference
from generations.models.ids import plain, uuids
from generations.studio.form import GenerateForm
from generations.studio.options import FIELD_OF_MEMBER

DRAFT = "draft"  # in the session of somebody who is signed out
PERSON = "person"  # in the form and in that draft: who owns it
FORM_FIELDS = {*GenerateForm.base_fields, *FIELD_OF_MEMBER.values()} - {"nonce"}
MAX_TEXT = 100_000  # more than the form accepts, so that a prompt that is too long can be shortened
# What waits for somebody who is signed out: this bounds what a page that somebody found can fill.
MAX_WAITING = 100_000  # characters in all
WAITS = 86_400  # seconds
OFTEN = Limit("drafts that wait", 10, timedelta(minutes=15), timedelta(hours=1), timedelta(hours=1))
MARK_LASTS = timedelta(days=7)  # as long as a page may stay open


def typed(request: HttpRequest) -> tuple[dict[str, str], list[str]]:
    """What was typed, by field, and the ids of the references."""
    names = FORM_FIELDS & request.POST.keys()
    references = [str(pk) for pk in uuids(request.POST.getlist("reference"))[:MAX_AT_ONCE]]
    return {name: plain(request.POST[name], MAX_TEXT) for name in names}, references


def mark(user: User) -> str:
    """A signed value in the form that identifies its owner for a week, even after the session has expired."""
    return _signer().sign(str(user.pk))


def save(request: Request, references: Sequence[Reference] | None = None) -> Draft:
    """Keeps the posted form as the person's draft."""
    values, ids = typed(request)
    return _save(request.user, values, ids if references is None else [str(reference.pk) for reference in references])


def keep(request: HttpRequest, target: str) -> HttpResponse:
    """Redirects somebody who is signed out to sign in first. What they typed waits in the session."""
    rescue(request)
    return go_to(request, target)


def rescue(request: HttpRequest) -> bool:
    """Keeps what a refused form brought, if it proves to be of whoever is signed in, or of anybody who may sign in
    next. Returns whether it did; where only age or size is in the way, a message says so."""
    try:
        person = _signer().unsign(request.POST.get(PERSON, ""), max_age=MARK_LASTS)
    except SignatureExpired:
        messages.warning(request, _("What you typed was not kept, because its page was older than a week."))
        return False
    except BadSignature:
        return False
    if request.user.is_authenticated and person != str(request.user.pk):
        return False
    values, references = typed(request)
    if not request.user.is_authenticated:
        if problem := _too_much(request, values, person):
            messages.warning(request, problem)
            return False
        request.session.set_expiry(WAITS)
    request.session[DRAFT] = {"values": values, "references": references, PERSON: person}
    return True


def _too_much(request: HttpRequest, values: dict[str, str], person: str) -> str:
    """Why this cannot wait for somebody who is signed out, or an empty string if it can."""
    if sum(map(len, values.values())) > MAX_WAITING:
        return _("What you typed was not kept, because it is too long. Go back to copy it, then sign in.")
    try:
        throttles.begin(Count(OFTEN, person))
    except throttles.Waiting:
        return _("What you typed was not kept, because this happened too often. Go back to copy it, then sign in.")
    return ""


def latest(request: Request) -> Draft | None:
    """The person's draft. What they typed before they signed in replaces it; what another person typed is dropped."""
    waiting = request.session.pop(DRAFT, None)
    if waiting and request.session.get_expiry_age() == WAITS:
        request.session.set_expiry(None)  # it is a sign-in's now
    if waiting and waiting.get(PERSON) == str(request.user.pk):
        return _save(request.user, waiting["values"], waiting["references"])
    return Draft.objects.filter(owner=request.user).first()


def _save(user: User, values: dict[str, str], references: list[str]) -> Draft:
    draft = Draft(owner=user, values=values, references=references, saved_at=timezone.now())
    columns = ["values", "references", "saved_at"]
    Draft.objects.bulk_create([draft], update_conflicts=True, unique_fields=["owner"], update_fields=columns)
    return draft


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="owner of a draft")
