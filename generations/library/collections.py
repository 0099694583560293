"""Pages of collections, which are private or shared with the team."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.http import Request, pages
from accounts.text import isolated
from generations.library import collecting
from generations.library.actions import Verb, bar
from generations.library.cards import shown
from generations.library.forms import CollectionForm
from generations.library.history import PAGE
from generations.library.lists import carried
from generations.models import Collection, CollectionItem, Result, Share
from generations.models.ids import NO_ID, uuid_in
from generations.models.share import with_links

MOST_ARRANGED = 500


def _own(request: Request, pk: UUID) -> Collection:
    return get_object_or_404(Collection.objects.owned_by(request.user), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def collections(request: Request) -> HttpResponse:
    """GET lists all collections the person may open, with covers. POST creates one."""
    form = CollectionForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        values = form.cleaned_data
        made, is_new = collecting.create(request.user, values["name"], is_team=values["is_team"])
        if not is_new:
            messages.warning(request, _("You already have a collection with this name; here it is."))
        return redirect(made)
    rows = list(Collection.objects.visible_to(request.user).with_face(request.user))
    pictures = Result.objects.filter(generation__in=[row.face for row in rows], thumbnail__gt="").order_by("-number")
    covers: dict[UUID | None, Result] = {picture.generation_id: picture for picture in pictures}
    context = {
        "form": form,
        "mine": [(row, covers.get(row.face)) for row in rows if row.owner_id == request.user.pk],
        "theirs": [(row, covers.get(row.face)) for row in rows if row.owner_id != request.user.pk],
    }
    return render(request, "generations/collections.html", context, status=422 if form.is_bound else 200)


@require_safe
def collection_names(request: Request) -> HttpResponse:
    """The names as options for fields that accept a new or an existing name."""
    return render(request, "generations/_collection_names.html", {"names": collecting.names(request.user)})


@require_safe
def collection_options(request: Request) -> HttpResponse:
    """The collections as choices of a filter. `?collection=<id>` is the chosen one."""
    context = {"name": "collection", "chosen": request.GET.get("collection", "")}
    return render(request, "generations/_collection_choices.html", context)


@require_safe
def collection(request: Request, pk: UUID) -> HttpResponse:
    """The contents of a collection, in its order, `?pages=` pages of them. `?after=<position>_<item>` continues from
    there. htmx requests only get the cards."""
    row = get_object_or_404(with_links(Collection.objects.visible_to(request.user)), pk=pk)
    many = PAGE * pages(request)
    wall = row.wall(request.user, after=_place(request.GET.get("after", "")))
    cards = shown(wall[: many + 1], request.user, carried(request.get_full_path()))
    more = cards[many - 1] if len(cards) > many else None
    last = more and CollectionItem.objects.filter(collection=row, generation=more.pk).first()
    is_own = row.owner_id == request.user.pk
    own_verbs = [Verb("cover", _("Set as cover"), is_offered=False)] if is_own else []
    context = {
        "collection": row,
        "is_own": is_own,
        "cards": cards[:many],
        "page": PAGE,
        "next": last and f"{row.get_absolute_url()}?after={last.position}_{last.pk}",
        "everything": row.get_absolute_url(),
        "verbs": [*bar(is_mixed=True), *own_verbs, Verb("remove", _("Remove from collection"), is_offered=False)],
        "collects": True,
        "orders": Collection.Order.choices,
    }
    return render(request, "generations/_page.html" if request.htmx else "generations/collection.html", context)


def _place(text: str) -> tuple[int, int] | None:
    position, _underscore, item = text.partition("_")
    is_place = len(text) < 40 and position.isdecimal() and item.isdecimal()
    return (int(position), int(item)) if is_place else None


@require_http_methods(["GET", "HEAD", "POST"])
def collection_settings(request: Request, pk: UUID) -> HttpResponse:
    """GET shows the settings to the owner. POST renames the collection."""
    row = _own(request, pk)
    form = CollectionForm(request.POST if request.method == "POST" else None, initial={"name": row.name})
    if form.is_valid():
        if collecting.rename(request.user, pk, form.cleaned_data["name"]):
            return redirect(row)
        form.add_error(
            "name", _("You already have another collection with this name. Merge them below, or choose another name.")
        )
    return _settings(request, row, form)


def _settings(request: Request, row: Collection, form: CollectionForm, merge_problem: str = "") -> HttpResponse:
    done, live = collecting.hidden(request.user, row)
    context = {
        "collection": row,
        "merge_problem": merge_problem,
        "form": form,
        "names": [name for name in collecting.names(request.user) if name.pk != row.pk],
        "done": done,
        "live": live,
        "links": _links(row),
    }
    status = 422 if form.errors or merge_problem else 200
    return render(request, "generations/collection_settings.html", context, status=status)


@require_POST
def collection_team(request: Request, pk: UUID) -> HttpResponse:
    """Makes it a team collection or, with an empty `shown`, a private one."""
    row = _own(request, pk)
    is_shown = bool(request.POST.get("shown"))
    count = collecting.show(request.user, pk, shown=is_shown)
    if is_shown:
        said = ngettext(
            "The team now sees this collection and %(count)s more result of yours.",
            "The team now sees this collection and %(count)s more results of yours.",
            count,
        )
        messages.success(request, said % {"count": count})
    else:
        messages.success(request, _("The team no longer sees this collection."))
    return redirect(row)


@require_POST
def collection_order(request: Request, pk: UUID) -> HttpResponse:
    row = _own(request, pk)
    order = request.POST.get("order", "")
    if order in Collection.Order.values:
        Collection.objects.owned_by(request.user).filter(pk=pk).update(order=order)
    return HttpResponseClientRefresh() if request.htmx else redirect(row)


@require_http_methods(["GET", "HEAD", "POST"])
def arrange_collection(request: Request, pk: UUID) -> HttpResponse:
    """GET lists the items. POST moves one, `move=<step>:<item>`, see `collecting.arrange`."""
    row = _own(request, pk)
    place = None
    if request.method == "POST":
        step, _colon, item = request.POST.get("move", "").partition(":")
        place = collecting.arrange(request.user, pk, _uuid(item), step, _uuid(request.POST.get("onto", "")))
        if not request.htmx:
            return redirect("arrange_collection", pk=pk)
        row.refresh_from_db()
    items = row.wall(request.user).prefetch_related("results")[: MOST_ARRANGED + 1]
    context = {
        "collection": row,
        "items": items[:MOST_ARRANGED],
        "place": place,
        "more": len(items) > MOST_ARRANGED,
    }
    name = "_arrange" if request.htmx else "arrange_collection"
    return render(request, f"generations/{name}.html", context)


def _uuid(text: str) -> UUID:
    return uuid_in(text) or NO_ID


@require_http_methods(["GET", "HEAD", "POST"])
def merge_collection(request: Request, pk: UUID) -> HttpResponse:
    """Merges this collection into the collection `into` and deletes it. A second click finds it gone, which is no
    error."""
    if _is_gone(pk):
        return redirect("collections")
    row = _own(request, pk)
    if request.method != "POST":  # a reload or a language switch after a failed attempt
        return redirect("collection_settings", pk=pk)
    target = collecting.merge(request.user, pk, _uuid(request.POST.get("into", "")))
    if target is None:
        problem = _("Choose a different collection to merge it into.")
        return _settings(request, row, CollectionForm(initial={"name": row.name}), problem)
    words = _("“%(name)s” is now part of this collection.")
    messages.success(request, words % {"name": isolated(row.name)})
    return redirect(target)


@require_http_methods(["GET", "HEAD", "POST"])
def delete_collection(request: Request, pk: UUID) -> HttpResponse:
    """GET asks for confirmation. POST deletes the collection but keeps its contents. A second click finds it gone,
    which is no error."""
    if request.method == "POST" and _is_gone(pk):
        return redirect("collections")
    row = _own(request, pk)
    if request.method != "POST":
        context = {"collection": row, "links": _links(row)}
        return render(request, "generations/delete_collection.html", context)
    collecting.delete(request.user, pk)
    messages.success(request, _("“%(name)s” deleted. Its contents are kept.") % {"name": isolated(row.name)})
    return redirect("collections")


def _links(collection: Collection) -> int:
    """How many open links stop working with it."""
    return Share.objects.live().filter(collection=collection).count()


def _is_gone(pk: UUID) -> bool:
    return not Collection.objects.filter(pk=pk).exists()
