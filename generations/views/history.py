"""History: everything a person made, newest first, page by page without counting or skipping."""

import uuid
from datetime import UTC, datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_datetime

from accounts.http import Request
from generations.cards import shown
from generations.forms import HistoryForm
from generations.models import Generation

PAGE = 24


def history(request: Request) -> HttpResponse:
    """One page of cards as the filters say; `?before=<time>_<id>` goes on from there. htmx asks for the cards alone."""
    form = HistoryForm(request.user, request.GET)
    rows = form.filter(Generation.objects.visible_to(request.user).newest_first())
    place = _place(request.GET.get("before", ""))
    if place:
        rows = rows.before(*place)
    cards = shown(rows[: PAGE + 1])
    more = cards[PAGE - 1] if len(cards) > PAGE else None
    context = {
        "cards": cards[:PAGE],
        "next": more and f"{more.created_at.isoformat()}_{more.pk}",
        "form": form,
    }
    return render(request, "generations/_page.html" if request.htmx else "generations/history.html", context)


def _place(text: str) -> tuple[datetime, uuid.UUID] | None:
    time, _, pk = text.rpartition("_")
    try:
        moment = parse_datetime(time.replace(" ", "+"))
        return (moment.astimezone(UTC), uuid.UUID(pk)) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
