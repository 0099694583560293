"""Saved views: the filters of the history or the gallery under a name, for the person who saved them."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.fields import Form, NameField
from accounts.http import Request
from accounts.text import isolated
from generations.library.filters import HistoryForm
from generations.models import SavedView

MOST = 300


class ViewForm(Form):
    """The name of a view."""

    view_name = NameField(
        most=80, error_messages={"required": gettext_lazy("Give the view a name of up to 80 characters.")}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def saved_views(request: Request) -> HttpResponse:
    """GET lists the views, and offers to save the filter in the address; `?list=gallery` is one of the team gallery.
    POST saves the `filter` as `view_name`: what had this name before is replaced."""
    if request.method != "POST":
        return _list(request, request.GET)
    asked = QueryDict(request.POST.get("filter", ""))
    form, name = _filter(request, asked), ViewForm(request.POST)
    if not form.in_force:
        return _list(request, asked, problem=_("Choose a filter first."))
    if not name.is_valid():
        return _list(request, asked, problem=" ".join(map(str, name.errors["view_name"])))
    view = _save(request, name.cleaned_data["view_name"], form)
    messages.success(request, _("“%(name)s” saved.") % {"name": isolated(view.name)})
    return _list(request, asked) if request.htmx else redirect(view)


def _filter(request: Request, asked: QueryDict) -> HistoryForm:
    return HistoryForm(request.user, asked, of_team=asked.get("list") == "gallery")


def _save(request: Request, name: str, form: HistoryForm) -> SavedView:
    kept = {"query": urlencode(form.in_force), "of_team": form.of_team}
    own = SavedView.objects.filter(pk__in=SavedView.objects.named(request.user, name).values("pk"))
    if not own.update(**kept):
        try:
            with transaction.atomic():
                return SavedView.objects.create(owner=request.user, name=name, **kept)
        except IntegrityError:  # saved by another click in the meantime
            own.update(**kept)
    return own.get()


def _list(request: Request, asked: QueryDict, *, problem: str = "") -> HttpResponse:
    form = _filter(request, asked)
    context = {
        "views": SavedView.objects.owned_by(request.user)[:MOST],
        "form": form,
        "problem": problem,
        "is_saving": request.method == "POST",
    }
    name = "_saved_views" if request.htmx else "saved_views"
    return render(request, f"generations/{name}.html", context, status=422 if problem else 200)


@require_POST
def rename_view(request: Request, pk: UUID) -> HttpResponse:
    """Renames the view to `view_name`."""
    view, form = _own(request, pk), ViewForm(request.POST)
    if not form.is_valid():
        messages.warning(request, " ".join(map(str, form.errors["view_name"])))
        return redirect("saved_views")
    try:
        with transaction.atomic():
            SavedView.objects.filter(pk=view.pk).update(name=form.cleaned_data["view_name"])
    except IntegrityError:
        messages.warning(request, _("You already have another view with this name. Choose another name."))
    return redirect("saved_views")


@require_POST
def delete_view(request: Request, pk: UUID) -> HttpResponse:
    view = _own(request, pk)
    view.delete()
    messages.success(request, _("“%(name)s” deleted. Its results are kept.") % {"name": isolated(view.name)})
    return redirect("saved_views")


def _own(request: Request, pk: UUID) -> SavedView:
    return get_object_or_404(SavedView.objects.owned_by(request.user), pk=pk)
