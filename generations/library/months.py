"""The months in which something was made that a filter finds, to go there."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import Request
from generations.library.filters import HistoryForm, made_before
from generations.models.search import TooMany, within_time

MOST = 60


@require_safe
def months(request: Request) -> HttpResponse:
    """The newest months with results, each with the address of the list from its last day on. `?list=gallery` is the
    team gallery; the filters stand beside it."""
    form = HistoryForm(request.user, request.GET, of_team=request.GET.get("list") == "gallery")
    found: list[tuple[date, str]] = []
    try:
        with within_time() if form.cleaned_data.get("q") else nullcontext():
            found += ((last, form.at(day=f"{last}")) for last in _newest_of_each(form))
    except TooMany:
        pass  # those that were found so far
    return render(request, "generations/_months.html", {"months": found})


def _newest_of_each(form: HistoryForm) -> Iterator[date]:
    """The last day of each month on which something was made, one index lookup each."""
    place = None
    for _month in range(MOST):
        newest = form.rows(place).values_list("created_at", flat=True).first()
        if newest is None:
            return
        day = timezone.localdate(newest)
        yield day
        place = made_before(day.replace(day=1))
