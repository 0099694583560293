"""The studio: the form, the wall of recent cards, and the one request that keeps them live."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh, reswap, retarget

from accounts.http import Request, go_to, pages
from accounts.models import Token
from generations.dispatch import catalogue, decisions
from generations.dispatch.catalogue import Offer
from generations.library import rejections, tick
from generations.library.cards import prepared, shown
from generations.library.history import history
from generations.library.lists import carried
from generations.media import attachments
from generations.models import Collection, Generation, budget
from generations.models.result import kept_results
from generations.studio import clicks, drafts, expected_wait, initial, made_before, submission
from generations.studio import references as reference_views
from generations.studio.form import GenerateForm
from generations.studio.options import FIELD_OF_MEMBER
from generations.studio.prices import risen
from generations.studio.spending import outlook, refusal
from generations.studio.uploading import uploaded

WALL = 24
INTO = "into"  # in the session: the collection of the last click


@require_safe
def studio(request: Request) -> HttpResponse:
    """The form beside the person's recent cards. `initial.start` says which addresses fill it in."""
    offer = catalogue.offer()
    draft = drafts.latest(request)
    start = initial.start(request, offer, draft)
    start.values.setdefault("into", request.session.get(INTO, ""))
    unsent = str(draft.values.get("prompt", "")) if draft and initial.WITH_PROMPT & request.GET.keys() else ""
    return _page(request, _started(start, offer), start, unsent=unsent)


def _started(start: initial.Start, offer: Offer) -> GenerateForm:
    return GenerateForm(offer, initial=start.values, references=start.references)


def _page(
    request: Request, form: GenerateForm, start: initial.Start | None = None, *, unsent: str = "", status: int = 200
) -> HttpResponse:
    """`unsent` is a prompt that the form does not show and that the person may want back."""
    many = WALL * pages(request)
    wall = Generation.objects.owned_by(request.user).kept().newest_first()
    cards = shown(wall[: many + 1], request.user, carried(reverse("studio")))
    context = _form_context(request, form, start)
    context |= {"cards": cards[:many], "page": WALL}
    if len(cards) > many:
        context["oldest"] = timezone.localdate(cards[many - 1].created_at)
    recent = Generation.objects.owned_by(request.user).kept().newest_first().values_list("prompt", flat=True)
    earlier = filter(None, [unsent.strip(), *recent[:60]])
    context["earlier_prompts"] = list(dict.fromkeys(earlier))[:20]
    return render(request, "generations/studio.html", context, status=status)


def _form_context(request: Request, form: GenerateForm, start: initial.Start | None = None) -> dict[str, Any]:
    """What the template of the form needs. `start` is what it starts with, unless it was posted."""
    context: dict[str, Any] = {"form": form, "offer": form.offer, "person": drafts.mark(request.user)}
    context["waits"] = expected_wait.typical()
    context["already"] = made_before.made(request.user, form)
    context["outlook"] = outlook(request.user, form)
    if start:
        context |= {"problems": start.problems, "lost": form.dropped(start.values)}
        context["hints"] = _hints([start.earlier] if start.earlier else [], form)
    return context


@require_POST
def restored(request: Request) -> HttpResponse:
    """The form as one tab of the browser last had it, with everything that follows from it."""
    offer = catalogue.offer()
    start = initial.start(request, offer, drafts.save(request))
    return render(request, "generations/_form.html", _form_context(request, _started(start, offer), start))


@require_POST
def model(request: Request) -> HttpResponse:
    """Without JavaScript: the studio again, with the fields of the chosen model and all that was typed."""
    drafts.save(request, reference_views.collect(request)[0])
    return redirect("studio")


@require_safe
def fields(request: Request) -> HttpResponse:
    """The fields of the chosen model with the choices it shares with the former one. The price follows."""
    offer = catalogue.offer()
    references, _ = attachments.owned(request.user, request.GET.getlist("reference"))
    asked = GenerateForm(offer, data=request.GET, references=references)
    values = _fitting(asked)
    if values.get("aspect_ratio") == request.GET.get("proposed_ratio"):
        values.pop("aspect_ratio", None)  # nobody chose it: with other references it may be another
    form = GenerateForm(offer, initial=values, references=references)
    context = {"form": form, "offer": offer, "lost": form.dropped(request.GET), "waits": expected_wait.typical()}
    return render(request, "generations/_model.html", context)


@require_POST
def price(request: Request) -> HttpResponse:
    """The price of what is chosen now, and what was made with it before. Whoever comes back finds this draft."""
    drafts.save(request)
    offer = catalogue.offer()
    references, _complete = attachments.owned(request.user, request.POST.getlist("reference"))
    form = GenerateForm(offer, data=request.POST, references=references)
    context = {"form": form, "offer": offer, "already": made_before.made(request.user, form)}
    context["outlook"] = outlook(request.user, form)
    return render(request, "generations/_priced.html", context)


@login_not_required  # so that what a signed-out person posts is kept until they are back
@require_http_methods(["GET", "HEAD", "POST"])
def generations(request: HttpRequest) -> HttpResponse:
    """GET: the history. POST: the studio's form."""
    if isinstance(request.user, AnonymousUser):
        if request.method == "POST":
            return drafts.keep(request, f"{reverse('account_login')}?next={reverse('studio')}")
        return redirect_to_login(request.get_full_path())
    signed_in = cast(Request, request)
    return _generate(signed_in) if request.method == "POST" else history(signed_in)


def _generate(request: Request) -> HttpResponse:
    form = _posted(request)
    drafts.save(request, form.references)
    token = Token.objects.default_for(request.user)
    if form.is_valid() and token is None:
        return go_to(request, f"{reverse('tokens')}?next={reverse('studio')}")
    urls = uploaded(form, token) if form.is_valid() and token else {}
    if not form.is_valid() or token is None:
        return _invalid(request, form)
    try:
        rows, new = submission.create(request.user, token, form, urls)
    except budget.Refused as problem:
        form.add_error(None, refusal(problem, form.credits_at_most))
        return _invalid(request, form)
    if new:
        rows = clicks.begin(request, rows)
    return _made(request, form, rows, new=new)


def _posted(request: Request) -> GenerateForm:
    """The form as it was posted, with all that is wrong with it."""
    references, problems = reference_views.collect(request)
    form = GenerateForm(catalogue.offer(catalogue.FRESH_FOR_A_CLICK), data=request.POST, references=references)
    if form.count_each:  # otherwise there is no price, and its own sentence about that
        problems.append(risen(request.POST.get("shown_price", ""), form.price))
    for problem in filter(None, problems):
        form.add_error(None, problem)
    return form


def _made(request: Request, form: GenerateForm, rows: list[Generation], *, new: bool) -> HttpResponse:
    """The new cards, and what else on the page looks different now."""
    into = form.cleaned_data["into"]
    is_there = into is not None and Collection.objects.filter(pk=into, generations=rows[0]).exists()
    if request.session.get(INTO, "") != (kept := str(into) if is_there else ""):
        request.session[INTO] = kept
    if into and not is_there:
        words = _("The collection you chose no longer exists. Your results are in your history.")
        messages.warning(request, words)
    if not request.htmx:
        return redirect("studio")
    if not new:
        return HttpResponseClientRefresh()
    context = {
        "cards": prepared(rows, request.user),
        "nonce": GenerateForm(form.offer).initial["nonce"],
        "hints": _hints(rows, form),
        "form": form,
        "outlook": outlook(request.user, form),
        "into_is_gone": into and not is_there,
    }
    return render(request, "generations/_made.html", context)


def _invalid(request: Request, form: GenerateForm) -> HttpResponse:
    """422 with what was typed and what is wrong with it."""
    if not request.htmx:
        return _page(request, form, status=422)
    response = render(request, "generations/_form.html", _form_context(request, form), status=422)
    return reswap(retarget(response, "#generate"), "outerHTML")


def _hints(rows: Sequence[Generation], form: GenerateForm) -> dict[str, str]:
    """What Meigen said against single fields of the form, by field name; "" holds what names no field we have."""
    hints: dict[str, str] = {}
    for row in rows:
        if row.status == Generation.Status.REJECTED and row.answer_status == 400:
            member = row.answer_fields.get("field")
            member = member if isinstance(member, str) else ""
            name = FIELD_OF_MEMBER.get(member, "")
            hints[name if name in form.fields else ""] = rejections.explain(row)
    return hints


def _fitting(form: GenerateForm) -> dict[str, Any]:
    """The typed values that the form's model can take."""
    form.is_valid()
    return {name: value for name, value in form.chosen.items() if name not in form.errors and name != "nonce"}


@require_POST
def live(request: Request) -> HttpResponse:
    """The cards that changed since the page last saw them, or 204. `live=<id>:<marker>` for every live card.

    A page of one generation says as `whole` how many files it shows. A POST, though it changes nothing: the list may be
    longer than an address.
    """
    seen = tick.seen(request)
    user = request.user
    visible = Generation.objects.visible_to(user).filter(pk__in=list(seen))
    rows = visible.values_list("pk", "version", "status")
    # A place in line changes with what others do, so it is not in the row's version.
    queued = {pk for pk, _, status in rows if status == Generation.Status.QUEUED}
    maybe = [pk for pk, version, _ in rows if pk in queued or tick.has_changed(version, seen[str(pk)])]
    cards = prepared(visible.filter(pk__in=maybe).with_card(), user) if maybe else []
    cards = [card for card in cards if seen[str(card.pk)] != card.marker]
    still = len(rows) - len(cards) + sum(card.is_live for card in cards)
    in_line = bool(queued)
    if not cards:
        if still and not _asks_wrongly(request, in_line=in_line):
            return HttpResponse(status=204)
        context = {"oob": True, "whole": request.POST.get("whole", ""), "still_live": still, "in_line": in_line}
        return render(request, "generations/_live.html", context)
    if "whole" in request.POST and (not still or str(len(kept_results(cards[0]))) != request.POST["whole"]):
        return HttpResponseClientRefresh()  # a page of one generation looks different as a whole now
    return render(request, "generations/_changed.html", {"cards": cards, "still_live": still, "in_line": in_line})


def _asks_wrongly(request: Request, *, in_line: bool) -> bool:
    """Whether the page ticks with a token that is no good any more, or asks too often or too seldom for places."""
    if "tick" not in request.POST:
        return False
    return tick.holder(request.POST["tick"]) != request.user.pk or ("in_line" in request.POST) != in_line


@require_POST
def what_waited(request: Request) -> HttpResponse:
    """What was put away when the person's account was switched off: sent now, or left."""
    if request.POST.get("answer") != "send":
        decisions.leave_what_waited(request.user)
    elif count := decisions.send_what_waited(request.user):
        said = ngettext("%(count)s sent again.", "%(count)s sent again.", count)
        messages.success(request, said % {"count": count})
    else:
        messages.warning(request, _("Nothing could be sent. Open one to see why."))
    return redirect("studio")


@require_POST
def send_all_again(request: Request) -> HttpResponse:
    """Everything refused for want of credits lately, after a top-up."""
    if count := decisions.send_all_again(request.user):
        said = ngettext("%(count)s sent again.", "%(count)s sent again.", count)
        messages.success(request, said % {"count": count})
    elif Generation.objects.owned_by(request.user).lacking_credits(timezone.now()).exists():
        messages.warning(request, _("It does not fit into this month's budget."))
    else:
        messages.warning(request, _("Nothing is waiting for credits anymore."))
    return redirect("studio")
