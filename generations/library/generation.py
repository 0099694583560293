"""A single generation: its page, and the actions on it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import Request, back_to, wants_card
from generations.dispatch import decisions
from generations.library import collecting, curation, lists, neighbours
from generations.library.actions import Action, offered, why_not
from generations.library.cards import prepared
from generations.library.undoing import undo_by
from generations.media import fetch
from generations.models import Attempt, Collection, Event, Generation, GenerationQuerySet, Share
from generations.models.ids import uuids
from generations.models.result import kept_results
from generations.sharing import links
from generations.sharing.forms import ShareForm, end_after, usual_days
from generations.sharing.views import address


def _one(rows: GenerationQuerySet, request: Request, pk: UUID) -> Generation:
    [card] = prepared([get_object_or_404(rows.with_card(), pk=pk)], request.user)
    return card


def _seen(request: Request, pk: UUID) -> Generation:
    return _one(Generation.objects.visible_to(request.user), request, pk)


def _own(request: Request, pk: UUID) -> Generation:
    return _one(Generation.objects.owned_by(request.user), request, pk)


@require_safe
def generation(request: Request, pk: UUID) -> HttpResponse:
    """`?picture=<number>` selects a picture of the set, from 0. The rest is the list it is viewed in, see `lists`."""
    row = _seen(request, pk)
    collected = _collected(request, row)
    listed = lists.viewed_in(request, row, collected)
    kept = kept_results(row)
    names = collecting.names(request.user)
    context: dict[str, Any] = {
        "card": row,
        "kept": kept,
        **neighbours.in_set(kept, request.GET.get("picture", "")),
        "names": names,
        "suggested": _suggested(names, collected),
        "collected": collected,
        "listed": listed,
        "within": listed.within,
        **neighbours.around(row, request.user, listed),
    }
    if row.is_own:
        context |= _for_owner(request, row)
    return render(request, "generations/generation.html", context)


def _collected(request: Request, row: Generation) -> list[Collection]:
    return list(Collection.objects.visible_to(request.user).filter(generations=row))


def _suggested(names: list[collecting.Name], collected: list[Collection]) -> list[collecting.Name]:
    """The latest collections that it is not in yet, one's own first, to be put into with one click."""
    ids = {collection.pk for collection in collected}
    return sorted(
        (name for name in names if name.pk not in ids), key=lambda name: (name.is_own, name.created_at), reverse=True
    )[:3]


def _for_owner(request: Request, row: Generation) -> dict[str, Any]:
    """What only the owner may see: the timeline, Meigen's response and the links."""
    entries: list[Event | Attempt] = [*row.events.all(), *row.attempts.all()]
    links = Share.objects.live().showing(row).filter(created_by=request.user)
    shares = [(share, address(request, share)) for share in links]
    share_form = ShareForm(None)
    share_form.auto_id = "share_%s"  # the studio's form has a title and a nonce of its own
    return {
        "timeline": sorted(entries, key=lambda entry: (entry.at, isinstance(entry, Attempt))),
        "shares": shares,
        "share_form": share_form,
        "nonce": uuid4(),
        "asked": json.dumps(row.request_fields, indent=2, ensure_ascii=False),
    }


@require_safe
def menu(request: Request, pk: UUID) -> HttpResponse:
    """The actions on it in words, for the menu that a tile opens."""
    return render(request, "generations/_menu.html", {"card": _seen(request, pk)})


@require_safe
def compare(request: Request, pk: UUID) -> HttpResponse:
    """Two pictures on top of each other. `?picture=` is the number of the first; `?with=<id>` and `?number=` select the
    second."""
    row = _seen(request, pk)
    kept = [result for result in kept_results(row) if not result.is_video]
    first = neighbours.chosen(kept, request.GET.get("picture", ""))
    others = neighbours.comparable(row, request.user, first)
    wanted = (request.GET.get("with", ""), request.GET.get("number", "0"))
    second = neighbours.find(others, request.user, *wanted)
    listed = lists.viewed_in(request, row, _collected(request, row))
    context = {"card": row, "first": first, "second": second, "others": others, "listed": listed}
    return render(request, "generations/compare.html", context)


def _try(request: Request, row: Generation, action: Action, perform: Callable[[], object]) -> HttpResponse:
    """Performs an action that the row offers. Says why not if it does not, or no longer does."""
    if action not in offered(row) or not perform():
        messages.warning(request, why_not(_seen(request, row.pk), action))
    return _back(request, row)


@require_POST
def cancel(request: Request, pk: UUID) -> HttpResponse:
    row = _own(request, pk)
    return _try(request, row, Action.CANCEL, lambda: decisions.cancel(row))


@require_POST
def cancel_click(request: Request, pk: UUID) -> HttpResponse:
    """Cancels everything from the same click that still waits, also when this one no longer does."""
    row = _own(request, pk)
    if not decisions.cancel_click(row):
        messages.warning(request, why_not(_seen(request, pk), Action.CANCEL_ALL))
    if not request.htmx:
        return redirect("studio")
    together = Generation.objects.owned_by(request.user).filter(nonce=row.nonce).with_card().order_by("number")
    cards = prepared(together, request.user)
    return render(request, "generations/_changed.html", {"cards": cards, "still_live": True})


@require_POST
def send_again(request: Request, pk: UUID) -> HttpResponse:
    row = _own(request, pk)
    return _try(request, row, Action.SEND_AGAIN, lambda: decisions.send_again(row))


@require_POST
def check_again(request: Request, pk: UUID) -> HttpResponse:
    row = _own(request, pk)

    def check() -> bool:
        if problem := decisions.check_again(row):
            messages.warning(request, problem)
        return True

    return _try(request, row, Action.CHECK_AGAIN, check)


@require_POST
def fetch_again(request: Request, pk: UUID) -> HttpResponse:
    row = _own(request, pk)
    return _try(request, row, Action.FETCH_AGAIN, lambda: fetch.retry(row))


@require_POST
def star(request: Request, pk: UUID) -> HttpResponse:
    """Adds the person's star or, with `on=0`, removes it. Idempotent."""
    row = _seen(request, pk)
    on = request.POST.get("on") != "0"
    return _try(request, row, Action.STAR, lambda: curation.star(request.user, row, on=on))


@require_POST
def team(request: Request, pk: UUID) -> HttpResponse:
    """Shows it to the team or, with `shown=0`, hides it."""
    row = _own(request, pk)
    shown = request.POST.get("shown") != "0"
    action = Action.SHOW if shown else Action.HIDE
    return _try(request, row, action, lambda: curation.show_to_team(request.user, [pk], shown=shown))


@require_POST
def delete(request: Request, pk: UUID) -> HttpResponse:
    row = _own(request, pk)

    def remove() -> bool:
        gone = curation.delete(request.user, [pk])
        if gone and not request.htmx:  # the card and the page that htmx changes say it themselves
            messages.success(request, _("Deleted."), extra_tags=undo_by("restore", gone))
        return bool(gone)

    return _try(request, row, Action.DELETE, remove)


@require_POST
def restore(request: Request, pk: UUID) -> HttpResponse:
    row = _own(request, pk)
    return _try(request, row, Action.RESTORE, lambda: curation.restore(request.user, [pk]))


def _back(request: Request, row: Generation) -> HttpResponse:
    """Returns the changed card for htmx, or the generation's page for a plain form."""
    if not wants_card(request):
        return HttpResponseRedirect(back_to(request, row.get_absolute_url()))
    return render(request, "generations/_changed_card.html", {"card": _seen(request, row.pk)})


@require_POST
def share(request: Request, pk: UUID) -> HttpResponse:
    """Creates a link with the default choices. `new_share` offers the other ones."""
    row = _own(request, pk)
    if rows := links.chosen(request.user, [pk]).rows:
        nonce = next(iter(uuids([request.POST.get("nonce", "")])), None)
        links.share(request.user, rows, nonce=nonce, expires_at=end_after(usual_days()))
        messages.success(request, _("The link is ready. Anyone who has it can see the result until you revoke it."))
    else:
        messages.warning(request, why_not(row, Action.SHARE))
    return HttpResponseRedirect(f"{back_to(request, reverse('generation', args=[pk]))}#share")
