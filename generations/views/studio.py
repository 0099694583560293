"""The studio: the form, the wall of recent cards, and the one request that keeps them live."""

import uuid
from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh, reswap, retarget

from accounts.http import Request
from accounts.models import Token, User
from generations import actions, attachments, explain, waits
from generations.cards import placed, shown
from generations.dispatch import catalogue, gallery, upload
from generations.forms import FIELD_OF_MEMBER, GenerateForm, initial_from
from generations.models import Generation, Reference
from meigen_api.errors import MeigenError

from . import references as reference_views
from .history import history

WALL = 24
DRAFT = "draft"
FORM_FIELDS = {*GenerateForm.base_fields, *FIELD_OF_MEMBER.values(), "reference_video_seconds"} - {"nonce"}


@require_safe
def studio(request: Request) -> HttpResponse:
    """The form beside the person's recent cards.

    `?model_id=` and the other fields preselect; `?from=<id>` fills in an earlier request, `?inspiration=<id>` a prompt
    of the vendor's gallery, `?reference=<id>` adds a picture.
    """
    offer = catalogue.offer()
    draft: dict[str, Any] = request.session.pop(DRAFT, {})
    earlier = _earlier(request.user, request.GET.get("from", ""))
    initial = {**(initial_from(earlier.request_fields) if earlier else {}), **_inspired(request), **draft}
    initial |= {name: request.GET[name] for name in GenerateForm.base_fields if name in request.GET and name != "nonce"}
    if not offer.model(str(initial.get("model_id", ""))):
        initial.pop("model_id", None)
        last = _last_model(request.user)
        if offer.model(last):
            initial["model_id"] = last
    wanted = draft.get("reference", request.GET.getlist("reference"))
    references = attachments.owned(request.user, wanted)[0] or (earlier.references_in_order() if earlier else [])
    form = GenerateForm(offer, initial=initial, references=references)
    return _page(request, form, lost=form.dropped(initial), hints=_hints([earlier] if earlier else [], form))


def _page(request: Request, form: GenerateForm, status: int = 200, **context: Any) -> HttpResponse:
    cards = shown(Generation.objects.visible_to(request.user).newest_first()[:WALL])
    context |= {"form": form, "offer": form.offer, "cards": cards, "waits": waits.typical()}
    recent = Generation.objects.filter(owner=request.user).newest_first().values_list("prompt", flat=True)
    context["earlier_prompts"] = list(dict.fromkeys(recent[:60]))[:20]
    return render(request, "generations/studio.html", context, status=status)


@require_POST
def model(request: Request) -> HttpResponse:
    """Without JavaScript: the studio again, with the fields of the chosen model and all that was typed."""
    return _keep_draft(request, reverse("studio"), reference_views.collect(request)[0])


@require_safe
def fields(request: Request) -> HttpResponse:
    """The fields of the chosen model with the choices it shares with the former one, and the price of them."""
    offer = catalogue.offer()
    references, _ = attachments.owned(request.user, request.GET.getlist("reference"))
    asked = GenerateForm(offer, data=request.GET, references=references)
    form = GenerateForm(offer, initial=_fitting(asked), references=references)
    context = {"form": form, "offer": offer, "lost": form.dropped(request.GET), "waits": waits.typical()}
    return render(request, "generations/_model.html", context)


@require_POST
def price(request: Request) -> HttpResponse:
    """The price of what is chosen now, for the button. A POST, though it changes nothing: prompts are long."""
    offer = catalogue.offer()
    return render(request, "generations/_priced.html", {"form": GenerateForm(offer, data=request.POST), "offer": offer})


@login_not_required  # so that what a signed-out person posts is kept until they are back
@require_http_methods(["GET", "HEAD", "POST"])
def generations(request: HttpRequest) -> HttpResponse:
    """GET: the history. POST: the studio's form."""
    signed_in = cast(Request, request)
    if isinstance(request.user, AnonymousUser):
        if request.method == "POST":
            return _keep_draft(signed_in, f"{reverse('account_login')}?next={reverse('studio')}")
        return redirect_to_login(request.get_full_path())
    return _generate(signed_in) if request.method == "POST" else history(signed_in)


def _generate(request: Request) -> HttpResponse:
    offer = catalogue.offer()
    references, problems = reference_views.collect(request)
    form = GenerateForm(offer, data=request.POST, references=references)
    token = Token.objects.default_for(request.user)
    if token is None and form.is_valid() and not problems:
        return _keep_draft(request, f"{reverse('tokens')}?next={reverse('studio')}", references)
    for problem in problems:
        form.add_error(None, problem)
    if token is None or not form.is_valid():
        return _invalid(request, form)
    try:
        urls = [upload.public_url(reference) for reference in references]
    except (MeigenError, OSError):
        form.add_error(None, "A reference picture could not be uploaded to Meigen. Nothing was sent; try again.")
        return _invalid(request, form)
    rows, new = actions.ask(request.user, token, form, urls)
    if new:
        actions.send_now(rows)
    if not request.htmx:
        return redirect("studio")
    if not new:
        return HttpResponseClientRefresh()
    context = {
        "cards": placed(rows),
        "nonce": GenerateForm(offer).initial["nonce"],
        "hints": _hints(rows, form),
        "form": form,
    }
    return render(request, "generations/_made.html", context)


def _keep_draft(request: Request, target: str, references: Sequence[Reference] = ()) -> HttpResponse:
    """Sends the person somewhere first; what was typed waits in the session."""
    names = FORM_FIELDS & request.POST.keys()
    typed: dict[str, Any] = {name: request.POST[name][:20_000] for name in names}
    kept = [str(reference.pk) for reference in references] or request.POST.getlist("reference")[:20]
    request.session[DRAFT] = {**typed, "reference": kept}
    return HttpResponseClientRedirect(target) if request.htmx else redirect(target)


def _invalid(request: Request, form: GenerateForm) -> HttpResponse:
    """422 with what was typed and what is wrong with it."""
    if not request.htmx:
        return _page(request, form, status=422)
    context = {"form": form, "offer": form.offer, "waits": waits.typical()}
    response = render(request, "generations/_form.html", context, status=422)
    return reswap(retarget(response, "#generate"), "outerHTML")


def _hints(rows: Sequence[Generation], form: GenerateForm) -> dict[str, str]:
    """What Meigen said against single fields of the form, by field name; "" holds what names no field we have."""
    hints: dict[str, str] = {}
    for row in rows:
        if row.status == Generation.Status.REJECTED and row.answer_status == 400:
            member = row.answer_fields.get("field")
            member = member if isinstance(member, str) else ""
            name = FIELD_OF_MEMBER.get(member, "")
            hints[name if name in form.fields else ""] = explain.refusal(row)
    return hints


def _fitting(form: GenerateForm) -> dict[str, Any]:
    """The typed values that the form's model can take."""
    form.is_valid()
    return {name: value for name, value in form.chosen.items() if name not in form.errors and name != "nonce"}


def _earlier(user: User, wanted: str) -> Generation | None:
    if not _is_uuid(wanted):
        return None
    return Generation.objects.visible_to(user).filter(pk=wanted).first()


def _inspired(request: Request) -> dict[str, Any]:
    """The prompt of an image of the vendor's gallery, for `?inspiration=`."""
    wanted = request.GET.get("inspiration", "")
    if not wanted:
        return {}
    try:
        return {"prompt": gallery.image(wanted).prompt}
    except MeigenError:
        messages.warning(request, "Meigen's gallery could not be asked for this prompt. Try again in a minute.")
        return {}


def _last_model(user: User) -> str:
    latest = Generation.objects.filter(owner=user).newest_first().values_list("model_id", flat=True)
    return latest.first() or ""


@require_POST
def live(request: Request) -> HttpResponse:
    """The cards that changed since the page last saw them, or 204. `live=<id>:<marker>` for every live card.

    A POST, though it changes nothing: the list may be longer than an address.
    """
    seen = dict(part.rpartition(":")[::2] for part in request.POST.getlist("live")[:500])
    user = request.user
    wanted = [pk for pk in seen if _is_uuid(pk)]
    rows = Generation.objects.visible_to(user).filter(pk__in=wanted).values_list("pk", "version", "status")
    # A place in line changes with what others do, so it is not in the row's version.
    maybe = [
        pk
        for pk, version, status in rows
        if status == Generation.Status.QUEUED or seen[str(pk)].partition(".")[0] != str(version)
    ]
    cards = placed(Generation.objects.visible_to(user).filter(pk__in=maybe).with_card()) if maybe else []
    cards = [card for card in cards if seen[str(card.pk)] != card.marker]
    if not cards:
        return HttpResponse(status=204)
    still = len(wanted) - len(cards) + sum(card.is_live for card in cards)
    if "whole" in request.POST and not still:
        return HttpResponseClientRefresh()  # a page of one generation looks different as a whole now
    return render(request, "generations/_changed.html", {"cards": cards, "still_live": still})


@require_POST
def send_all_again(request: Request) -> HttpResponse:
    """Everything refused for want of credits lately, after a top-up."""
    if count := actions.send_all_again(request.user):
        messages.success(request, f"{count} on their way again." if count > 1 else "On its way again.")
    else:
        messages.warning(request, "Nothing waits for credits any more.")
    return redirect("studio")


def _is_uuid(value: str) -> bool:
    try:
        return str(uuid.UUID(value)) == value
    except ValueError:
        return False
