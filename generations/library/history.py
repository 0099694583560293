"""A person's history and the team gallery, newest first, paged without counting or skipping rows."""

import uuid
from contextlib import nullcontext
from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from accounts.http import Request, pages
from generations.library.actions import bar
from generations.library.cards import shown
from generations.library.filters import HistoryForm
from generations.library.lists import carried
from generations.models.search import TooMany, within_time

PAGE = 24


@require_safe
def gallery(request: Request) -> HttpResponse:
    """The results that members show to the team."""
    return _list(request, HistoryForm(request.user, request.GET, of_team=True))


def history(request: Request) -> HttpResponse:
    """Everything of one's own."""
    return _list(request, HistoryForm(request.user, request.GET))


def _list(request: Request, form: HistoryForm) -> HttpResponse:
    """The cards that match the filters, `?pages=` pages of them, from `?day=` on if it is given. `?before=<time>_<id>`
    continues from there. htmx requests only get the cards, and the filters as they stand."""
    place, many = _place(request.GET.get("before", "")), PAGE * pages(request)
    within = carried(request.get_full_path())
    try:
        with within_time() if form.cleaned_data.get("q") else nullcontext():
            cards, too_many = shown(form.rows(place or form.place)[: many + 1], request.user, within), False
    except TooMany:
        cards, too_many = [], True
    more = cards[many - 1] if len(cards) > many else None
    context = {
        "cards": cards[:many],
        "page": PAGE,
        "next": more and form.at(before=f"{more.created_at.isoformat()}_{more.pk}"),
        "everything": form.address,
        "form": form,
        "first": place is None,
        "days": True,
        "after": place and place[0],
        "too_many": too_many,
        "verbs": bar(form.states, is_trash=form.is_trash, is_mixed=form.of_team),
        "collects": not form.is_trash,
        "emptied_after": settings.TRASH_DAYS if form.is_trash and not place else None,
    }
    response = render(request, "generations/_page.html" if request.htmx else "generations/history.html", context)
    if request.htmx and not place:
        response["HX-Push-Url"] = form.here
    return response


def _place(text: str) -> tuple[datetime, uuid.UUID] | None:
    time, _, pk = text.rpartition("_")
    try:
        moment = parse_datetime(time.replace(" ", "+"))
        return (moment.astimezone(UTC), uuid.UUID(pk)) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
