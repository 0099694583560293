"""Everything that a filter finds, loaded or not: how much it is, and which it is once something is done with it."""

from contextlib import nullcontext
from uuid import UUID

from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import Request
from accounts.models import User
from generations.library import lists
from generations.models import Generation, LedgerEntry
from generations.models.search import TooMany, within_time

MOST = 2000


class Unclear(Exception):
    """What the filter finds cannot be acted on as a whole. Says why."""


def everything(address: str, viewer: User) -> list[UUID]:
    """The ids of all results that the list at this address shows the viewer now. Raises Unclear."""
    listed = lists.found_at(address, viewer)
    if listed is None:
        raise Unclear(_("Part of this filter is not valid any more. Clear it, then select again."))
    try:
        with within_time() if listed.is_search else nullcontext():
            ids = list(listed.rows.values_list("pk", flat=True)[: MOST + 1])
    except TooMany as error:
        raise Unclear(_("That is too much to look through. Add a word or a filter.")) from error
    if len(ids) > MOST:
        raise Unclear(
            _("These are more than %(most)s results, the most that can be selected at once. Add a filter.")
            % {"most": MOST}
        )
    return ids


@require_safe
def found(request: Request) -> HttpResponse:
    """What the selection bar says once everything in the list at the address `next` is selected: how many results, and
    what one's own have been charged."""
    try:
        ids = everything(request.GET.get("next", ""), request.user)
    except Unclear as why:
        return render(request, "generations/_found.html", {"problem": why})
    own = Generation.objects.owned_by(request.user).filter(pk__in=ids)
    charged = LedgerEntry.objects.filter(generation__in=own).aggregate(all=Sum("charged"))["all"]
    return render(request, "generations/_found.html", {"count": len(ids), "charged": charged or 0})
