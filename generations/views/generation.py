"""One generation: its page, its files, and what its owner does with it."""

import json
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.http import Request
from generations import actions, media, sharing
from generations.cards import placed
from generations.models import Attempt, Event, Generation, Share


def _generation(request: Request, pk: UUID) -> Generation:
    return get_object_or_404(Generation.objects.visible_to(request.user).with_card(), pk=pk)


def _placed(request: Request, pk: UUID) -> Generation:
    [card] = placed([_generation(request, pk)])
    return card


@require_safe
def generation(request: Request, pk: UUID) -> HttpResponse:
    row = _placed(request, pk)
    entries: list[Event | Attempt] = [*row.events.all(), *row.attempts.all()]
    timeline = sorted(entries, key=lambda entry: (entry.at, isinstance(entry, Attempt)))
    shares = [
        (share, request.build_absolute_uri(f"/s/{share.secret}/") if share.secret else "")
        for share in row.shares.live()
    ]
    own = Generation.objects.visible_to(request.user).only("pk")
    context = {
        "card": row,
        "newer": own.after(row.created_at, row.pk).first(),
        "older": own.newest_first().before(row.created_at, row.pk).first(),
        "timeline": timeline,
        "shares": shares,
        "asked": json.dumps(row.request_fields, indent=2, ensure_ascii=False),
    }
    return render(request, "generations/generation.html", context)


@require_safe
def result(request: Request, pk: UUID, number: int) -> HttpResponseBase:
    return media.serve(request, media.authorise(number, viewer=(request.user, pk)), "file")


@require_safe
def thumbnail(request: Request, pk: UUID, number: int) -> HttpResponseBase:
    return media.serve(request, media.authorise(number, viewer=(request.user, pk)), "thumbnail")


@require_POST
def cancel(request: Request, pk: UUID) -> HttpResponse:
    row = _generation(request, pk)
    if not actions.cancel(row):
        messages.warning(request, "It was on its way already, so it could not be cancelled.")
    return _back(request, row)


@require_POST
def cancel_click(request: Request, pk: UUID) -> HttpResponse:
    """All of the click that this one belongs to."""
    row = _generation(request, pk)
    if not actions.cancel_click(row):
        messages.warning(request, "All of them are on their way already.")
    if not request.htmx:
        return redirect("studio")
    together = Generation.objects.visible_to(request.user).filter(nonce=row.nonce).with_card().order_by("number")
    return render(request, "generations/_changed.html", {"cards": placed(together), "still_live": True})


@require_POST
def send_again(request: Request, pk: UUID) -> HttpResponse:
    row = _generation(request, pk)
    if not actions.send_again(row):
        messages.warning(request, "This one is not waiting to be sent again.")
    return _back(request, row)


@require_POST
def check_again(request: Request, pk: UUID) -> HttpResponse:
    row = _generation(request, pk)
    if problem := actions.check_again(row):
        messages.warning(request, problem)
    return _back(request, row)


@require_POST
def star(request: Request, pk: UUID) -> HttpResponse:
    row = _generation(request, pk)
    actions.star(row)
    return _back(request, row)


@require_POST
def fetch_again(request: Request, pk: UUID) -> HttpResponse:
    row = _generation(request, pk)
    if not actions.fetch_again(row):
        messages.warning(request, "There is nothing to fetch again.")
    return _back(request, row)


def _back(request: Request, row: Generation) -> HttpResponse:
    """The changed card for htmx, the generation's page for a plain form."""
    if not request.htmx:
        return redirect(row)
    return render(request, "generations/_acted.html", {"card": _placed(request, row.pk)})


@require_POST
def share(request: Request, pk: UUID) -> HttpResponse:
    row = _generation(request, pk)
    if row.status == Generation.Status.DONE:
        sharing.share(row, request.user)
        messages.success(request, "The link is ready. Whoever has it can see the result, until you take it back.")
    else:
        messages.warning(request, "Only a finished generation can be shared.")
    return redirect(f"{row.get_absolute_url()}#share")


@require_POST
def revoke(request: Request, pk: UUID, share_id: UUID) -> HttpResponse:
    row = _generation(request, pk)
    sharing.revoke(get_object_or_404(Share, pk=share_id, generation=row))
    messages.success(request, "The link is taken back. It shows nothing any more.")
    return redirect(f"{row.get_absolute_url()}#share")
