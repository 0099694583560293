"""The buttons that finish results: one click for everything that the button names."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.http import Request, back_to
from accounts.models import Token
from generations.dispatch import catalogue
from generations.models import Generation, budget
from generations.studio import clicks, finishing, submission
from generations.studio.finishing import Finish
from generations.studio.form import GenerateForm
from generations.studio.prices import credits, risen, together
from generations.studio.prompt import MAX_AT_ONCE
from generations.studio.spending import refusal
from generations.studio.submission import Wanted
from generations.studio.uploading import uploaded


@require_POST
def finish(request: Request) -> HttpResponse:
    """Sends all that the button names, or nothing and says why. `shown_price` is what the button said."""
    back = back_to(request, reverse("studio"))
    tokens = list(dict.fromkeys(request.POST.getlist("finish")))
    nonce = finishing.nonce_of(request.POST.get("nonce", ""), tokens)
    if made := submission.of_click(request.user, nonce):
        return _made(made)
    token = Token.objects.default_for(request.user)
    if token is None:
        return HttpResponseRedirect(f"{reverse('tokens')}?{urlencode({'next': back})}")
    plans = finishing.asked_for(request.user, tokens[:MAX_AT_ONCE], catalogue.offer(catalogue.FRESH_FOR_A_CLICK))
    forms = [plan.form for plan in plans if plan.form]
    problem = _changed(plans, len(tokens)) or _dearer(forms, request.POST.get("shown_price", ""))
    wanted = [] if problem else [Wanted(form, uploaded(form, token)) for form in forms]
    problem = problem or next(filter(None, map(finishing.first_error, forms)), "")
    if problem:
        return _refused(request, problem, back)
    try:
        rows, new = submission.create_together(request.user, token, wanted, nonce)
    except budget.Refused as refused:
        price = together(form.price for form in forms)
        return _refused(request, refusal(refused, price.most if price else None), back)
    return _made(clicks.begin(request, rows) if new else rows)


def _changed(plans: list[Finish], asked: int) -> str:
    """What is no longer as the button said, or ""."""
    if not asked:
        return _("Nothing was sent. Select what to finish.")
    if not plans or len(plans) < asked:
        return _("Not all of these can still be finished. Nothing was sent; the page now shows which ones can.")
    if len({plan.row.project_id for plan in plans}) > 1:
        return _("These belong to several projects. Finish those of one project at a time.")
    if any(plan.made for plan in plans):
        return _("This has been finished already, so nothing was sent.")
    return next((plan.problem for plan in plans if plan.problem), "")


def _dearer(forms: list[GenerateForm], shown: str) -> str:
    price = together(form.price for form in forms)
    if price is None:
        return _("The price is no longer known in advance. Nothing was sent.")
    if not risen(shown if shown.isdecimal() else "0", price):
        return ""
    words = _("The price is now %(price)s. Nothing was sent; press Finish again to accept it.")
    return words % {"price": credits(price)}


def _refused(request: Request, problem: str, back: str) -> HttpResponse:
    messages.warning(request, problem)
    return HttpResponseRedirect(back)


def _made(rows: list[Generation]) -> HttpResponse:
    return redirect(rows[0]) if len(rows) == 1 else redirect("studio")
