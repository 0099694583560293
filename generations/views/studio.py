"""The studio: the form, the wall of recent cards, and the one request that keeps them live."""

import uuid
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect, HttpResponseClientRefresh, reswap, retarget

from accounts.http import Request
from accounts.models import Token, User
from generations import actions
from generations.dispatch import catalogue
from generations.forms import GenerateForm
from generations.models import Generation

from .history import history

WALL = 24
DRAFT = "draft"


@require_safe
def studio(request: Request) -> HttpResponse:
    """The form beside the person's recent cards. `?model_id=` preselects, `?from=<id>` fills in an earlier request."""
    user = request.user
    offer = catalogue.offer()
    draft: dict[str, Any] = request.session.pop(DRAFT, {})
    initial = {**_earlier(user, request.GET), **draft}
    for name in GenerateForm.base_fields:
        if name in request.GET and name != "nonce":
            initial[name] = request.GET[name]
    if not offer.model(str(initial.get("model_id", ""))):
        initial.pop("model_id", None)
        initial.setdefault("model_id", _last_model(user) if offer.model(_last_model(user)) else None)
    cards = Generation.objects.visible_to(user).with_card().newest_first()[:WALL]
    context = {"form": GenerateForm(offer, initial=initial), "offer": offer, "cards": list(cards)}
    return render(request, "generations/studio.html", context)


@require_safe
def fields(request: Request) -> HttpResponse:
    """The fields of the chosen model with the choices it shares with the former one, and the price of them."""
    offer = catalogue.offer()
    form = GenerateForm(offer, initial=_fitting(GenerateForm(offer, data=request.GET)))
    return render(request, "generations/_fields.html", {"form": form, "offer": offer})


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


@sensitive_variables("token")
def _generate(request: Request) -> HttpResponse:
    offer = catalogue.offer()
    form = GenerateForm(offer, data=request.POST)
    token = Token.objects.default_for(request.user)
    if token is None and not form.errors:
        return _keep_draft(request, f"{reverse('tokens')}?next={reverse('studio')}")
    if token is None or not form.is_valid():
        return _invalid(request, form, offer)
    rows, new = actions.ask(request.user, token, form)
    if new:
        actions.send_now(rows)
    if not request.htmx:
        return redirect("studio")
    if not new:
        return HttpResponseClientRefresh()
    return render(request, "generations/_made.html", {"cards": rows, "nonce": GenerateForm(offer).initial["nonce"]})


def _keep_draft(request: Request, target: str) -> HttpResponse:
    """Sends the person somewhere first; what was typed waits in the session."""
    request.session[DRAFT] = {
        name: request.POST[name][:20_000]
        for name in GenerateForm.base_fields
        if name in request.POST and name != "nonce"
    }
    return HttpResponseClientRedirect(target) if request.htmx else redirect(target)


def _invalid(request: Request, form: GenerateForm, offer: catalogue.Offer) -> HttpResponse:
    """422 with what was typed and what is wrong with it."""
    if request.htmx:
        response = render(request, "generations/_form.html", {"form": form, "offer": offer}, status=422)
        return reswap(retarget(response, "#generate"), "outerHTML")
    cards = Generation.objects.visible_to(request.user).with_card().newest_first()[:WALL]
    return render(request, "generations/studio.html", {"form": form, "offer": offer, "cards": list(cards)}, status=422)


def _fitting(form: GenerateForm) -> dict[str, Any]:
    """The typed values that the form's model can take."""
    form.is_valid()
    return {name: value for name, value in form.chosen.items() if name not in form.errors and name != "nonce"}


def _earlier(user: User, query: QueryDict) -> dict[str, Any]:
    """The form values of an earlier generation, for `?from=`."""
    wanted = query.get("from", "")
    generation = Generation.objects.visible_to(user).filter(pk=wanted).first() if _is_uuid(wanted) else None
    if generation is None:
        return {}
    request_fields = generation.request_fields
    return {
        "prompt": generation.prompt,
        "model_id": generation.model_id,
        "aspect_ratio": request_fields.get("aspectRatio", ""),
        "tier": request_fields.get("tier", ""),
        "resolution": request_fields.get("resolution", ""),
        "quality": request_fields.get("quality", ""),
        "duration": f"{request_fields['duration']:g}" if "duration" in request_fields else "",
    }


def _last_model(user: User) -> str:
    latest = Generation.objects.filter(owner=user).newest_first().values_list("model_id", flat=True)
    return latest.first() or ""


@require_safe
def live(request: Request) -> HttpResponse:
    """The cards that changed since the page last saw them, or 204. `live=<id>:<version>` for every live card."""
    seen = dict(part.rpartition(":")[::2] for part in request.GET.getlist("live")[:200])
    user = request.user
    wanted = [pk for pk in seen if _is_uuid(pk)]
    versions = Generation.objects.visible_to(user).filter(pk__in=wanted).values_list("pk", "version")
    changed = [pk for pk, version in versions if seen[str(pk)] != str(version)]
    if not changed:
        return HttpResponse(status=204)
    cards = list(Generation.objects.visible_to(user).filter(pk__in=changed).with_card())
    still = len(wanted) - len(changed) + sum(card.is_live for card in cards)
    if "whole" in request.GET and not still:
        return HttpResponseClientRefresh()  # a page of one generation looks different as a whole now
    return render(request, "generations/_changed.html", {"cards": cards, "still_live": still})


def _is_uuid(value: str) -> bool:
    try:
        return str(uuid.UUID(value)) == value
    except ValueError:
        return False
