"""Bulk actions on generations."""

from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from accounts.http import Request, back_to, go_to, wants_card
from accounts.models import User
from accounts.text import isolated, name_in
from generations.library import collecting, curation, found, lists
from generations.library.cards import prepared
from generations.library.forms import CollectionForm
from generations.library.found import Unclear
from generations.library.undoing import undo_by, undo_deletion
from generations.media import serving, zips
from generations.models import Collection, Generation, Result
from generations.models.ids import NO_ID, uuid_in, uuids
from generations.models.share import with_links
from generations.sharing import links
from generations.sharing.views import ask

MOST = 500


@require_http_methods(["GET", "HEAD", "POST"])
def selected(request: Request) -> HttpResponseBase:
    """Applies the action `do` (star, collect, team, delete, ...) to the `selected` ids; with `all`, to everything in
    the list at the address `next`; or to what was `deleted` at a moment. `from` is the collection whose page sent the
    request. A GET is a reload of a page this view rendered."""
    if request.method != "POST":
        return redirect("generations")
    verb = request.POST.get("do", "")
    try:
        ids = _chosen(request)
    except Unclear as why:
        messages.warning(request, str(why))
        return _back(request, [])
    if verb == "download":
        return _zip(request, ids)
    if verb == "share" and len(ids) <= MOST:
        # Rendered here instead of redirecting: so many ids would exceed the address length that servers accept.
        return ask(request, links.chosen(request.user, ids))
    if verb == "share":
        messages.warning(request, _("A link can show at most %(most)s results. Select fewer.") % {"most": MOST})
        return _back(request, [])
    if verb == "compare":
        return _compare(request, ids)
    if verb not in _VERBS:
        messages.warning(request, _("This cannot be done for several at once."))
    else:
        with transaction.atomic():
            _VERBS[verb](request, ids)
    return _back(request, ids)


def _chosen(request: Request) -> list[UUID]:
    """The ids that the request is about. Raises Unclear."""
    if request.POST.get("all"):
        ids = found.everything(request.POST.get("next", ""), request.user)
    elif deleted := request.POST.get("deleted"):
        ids = _deleted_at(request.user, deleted)
    else:
        ids = uuids(request.POST.getlist("selected"))
        if len(ids) > MOST:
            raise Unclear(_("You can select at most %(most)s at once. Select fewer.") % {"most": MOST})
    if not ids:
        raise Unclear(_("Nothing is selected. Select some results first."))
    return ids


def _deleted_at(user: User, text: str) -> list[UUID]:
    """What the person deleted at once, at that moment."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment):
        return []
    return list(Generation.objects.owned_by(user).filter(deleted_at=moment).values_list("pk", flat=True))


def _star(request: Request, ids: list[UUID]) -> None:
    finished = Generation.objects.filter(pk__in=ids, status=Generation.Status.DONE)
    count = curation.star_all(request.user, finished.values_list("pk", flat=True))
    if not count:
        messages.warning(request, _("Only finished results can be starred."))
        return
    messages.success(request, ngettext("%(count)s starred.", "%(count)s starred.", count) % {"count": count})


def _collect(request: Request, ids: list[UUID]) -> None:
    if target := _target(request):
        count = collecting.add(request.user, target.pk, ids)
        if count == 0:
            messages.warning(request, _("Deleted results cannot be added to a collection."))
            return
        said = ngettext("%(count)s added to %(name)s.", "%(count)s added to %(name)s.", count or 0)
        _tell(request, target, count, said)


def _move(request: Request, ids: list[UUID]) -> None:
    source = _source(request)
    target = _target(request) if source else None
    if source and target:
        count = collecting.move(request.user, source, target.pk, ids)
        said = ngettext("%(count)s moved to %(name)s.", "%(count)s moved to %(name)s.", count or 0)
        _tell(request, target, count, said)
        _tell_rest(request, count or 0, len(ids))


def _tell(request: Request, target: Collection, count: int | None, said: str) -> None:
    if count is None:
        messages.warning(request, _("This collection no longer exists."))
        return
    words = [said % {"count": count, "name": isolated(target.name)}]
    if target.is_team:
        words.append(_("The team sees what is in it."))
    if target.owner_id == request.user.pk and with_links(Collection.objects.filter(pk=target.pk)).get().is_linked:
        words.append(_("Anyone with its link sees what you add."))
    messages.success(request, " ".join(words))


def _tell_rest(request: Request, count: int, asked: int) -> None:
    if count < asked:
        messages.warning(request, _("Results that others added to their own collection stay in it."))


def _remove(request: Request, ids: list[UUID]) -> None:
    if source := _source(request):
        count = collecting.remove(request.user, source, ids)
        if not count:
            messages.warning(request, _("None of these can be removed from the collection."))
            return
        said = ngettext("%(count)s removed from the collection.", "%(count)s removed from the collection.", count)
        messages.success(request, said % {"count": count})
        _tell_rest(request, count, len(ids))


def _cover(request: Request, ids: list[UUID]) -> None:
    if not (source := _source(request)):
        return
    if len(ids) == 1 and collecting.choose_cover(request.user, source, ids[0]):
        messages.success(request, _("Set as the cover of %(name)s.") % {"name": isolated(source.name)})
    else:
        messages.warning(request, _("Select one result in your collection to use as its cover."))


def _target(request: Request) -> Collection | None:
    """The collection whose name was typed, created if necessary."""
    typed = request.POST.get("collection", "")
    # A colleague's collection is offered with its owner's name, so what is typed may be longer than a name.
    if known := collecting.named(request.user, name_in(typed)):
        return known
    form = CollectionForm({"name": typed})
    if not form.is_valid():
        messages.warning(request, " ".join(map(str, form.errors["name"])))
        return None
    return collecting.create(request.user, form.cleaned_data["name"])[0]


def _source(request: Request, *, quietly: bool = False) -> Collection | None:
    """The collection that `from` names, if the person may open it."""
    wanted = uuid_in(request.POST.get("from", "")) or NO_ID
    source = Collection.objects.visible_to(request.user).filter(pk=wanted).first()
    if source is None and not quietly:
        messages.warning(request, _("This collection no longer exists."))
    return source


def _team(request: Request, ids: list[UUID]) -> None:
    hidden = _shown_or_not(request, ids, shown=False)
    count = curation.show_to_team(request.user, ids, shown=True)
    if not count:
        messages.warning(request, _("Only finished results that are not shown yet can be shown to the team."))
        return
    said = ngettext("The team now sees %(count)s more.", "The team now sees %(count)s more.", count)
    messages.success(request, said % {"count": count}, extra_tags=undo_by("private", hidden))


def _private(request: Request, ids: list[UUID]) -> None:
    shown = _shown_or_not(request, ids, shown=True)
    count = curation.show_to_team(request.user, ids, shown=False)
    if not count:
        messages.warning(request, _("The team sees none of these that you could hide."))
        return
    said = ngettext("%(count)s hidden from the team.", "%(count)s hidden from the team.", count)
    messages.success(request, said % {"count": count}, extra_tags=undo_by("team", shown))


def _shown_or_not(request: Request, ids: list[UUID], *, shown: bool) -> list[UUID]:
    """Which of the person's the team sees, or does not: what undoing a change of that is about."""
    rows = Generation.objects.owned_by(request.user).filter(pk__in=ids, team_at__isnull=not shown)
    return list(rows.values_list("pk", flat=True))


def _delete(request: Request, ids: list[UUID]) -> None:
    now = timezone.now()
    if gone := curation.delete(request.user, ids, now):
        undo = undo_deletion(now) if request.POST.get("all") else undo_by("restore", gone)
        said = ngettext(
            "%(count)s deleted. Find it in the history with State: Deleted.",
            "%(count)s deleted. Find them in the history with State: Deleted.",
            len(gone),
        )
        messages.success(request, said % {"count": len(gone)}, extra_tags=undo)
    if Generation.objects.visible_to(request.user).kept().filter(pk__in=ids).exists():
        messages.warning(request, _("Results in progress and other people's results were not deleted."))
    elif not gone:
        messages.warning(request, _("All of these are already deleted."))


def _restore(request: Request, ids: list[UUID]) -> None:
    count = curation.restore(request.user, ids)
    if not count:
        messages.warning(request, _("None of these is deleted."))
        return
    messages.success(request, ngettext("%(count)s restored.", "%(count)s restored.", count) % {"count": count})


_VERBS = {
    "star": _star,
    "collect": _collect,
    "move": _move,
    "remove": _remove,
    "cover": _cover,
    "team": _team,
    "private": _private,
    "delete": _delete,
    "restore": _restore,
}


def _compare(request: Request, ids: list[UUID]) -> HttpResponse:
    pictures = serving.readable(viewer=request.user).filter(generation__in=ids, content_type__startswith="image/")
    firsts = {result.generation_id: result for result in pictures.order_by("-number")}
    if len(ids) != 2 or len(firsts) != 2:
        messages.warning(request, _("Select two pictures to compare."))
        return _back(request, ids)
    one, other = (firsts[pk] for pk in ids)
    query = urlencode({"picture": one.number, "with": other.generation_id, "number": other.number})
    came_from = lists.carried(back_to(request, "")).replace("?", "&", 1)
    target = f"{reverse('compare', args=[one.generation_id])}?{query}{came_from}"
    return go_to(request, target)


def _zip(request: Request, ids: list[UUID]) -> HttpResponseBase:
    results = (
        serving.readable(viewer=request.user).filter(generation__in=ids).order_by("-generation__created_at", "number")
    )
    if not results.exists():
        messages.warning(request, _("None of these has a file yet."))
        return _back(request, ids)
    told, may_have = partial(_told, request.user.pk), partial(_may_have, request.user)
    response = StreamingHttpResponse(zips.stream(list(results), told, may_have), content_type="application/zip")
    name = f"meigen-studio-{timezone.localtime():%Y-%m-%d-%H%M}.zip"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


def _may_have(viewer: User, result: Result) -> bool:
    return serving.readable(viewer=viewer).filter(pk=result.pk).exists()


def _told(viewer: int, generation: Generation) -> dict[str, Any]:
    return zips.metadata(generation) if generation.owner_id == viewer else zips.metadata_for_team(generation)


def _back(request: Request, ids: list[UUID]) -> HttpResponse:
    """Returns the changed cards for htmx, or the previous page for a plain form. What was deleted at a moment may be
    anywhere on the page by now, so the page comes anew."""
    if not wants_card(request):
        return HttpResponseRedirect(back_to(request, reverse("generations")))
    if request.POST.get("deleted"):
        return HttpResponseClientRefresh()
    if request.POST.get("all"):  # the page has some of them
        acted_on = set(ids)
        ids = [pk for pk in uuids(request.POST.getlist("selected")) if pk in acted_on]
    rows = Generation.objects.visible_to(request.user).filter(pk__in=ids).with_card()
    gone: list[UUID] = []
    if request.POST.get("do") in {"move", "remove"} and (source := _source(request, quietly=True)):
        here = set(source.wall(request.user).filter(pk__in=ids).values_list("pk", flat=True))
        gone = [pk for pk in ids if pk not in here]
    cards = prepared(rows.exclude(pk__in=gone), request.user)
    context = {"cards": cards, "gone": gone, "still_live": True}
    return render(request, "generations/_selected.html", context)
