"""Presets: the studio's form, kept under a name."""

from uuid import UUID

from django.db.models.fields.json import KT
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import Request
from generations import presets as kept
from generations.dispatch import catalogue
from generations.ids import name_in
from generations.models import Preset

from .drafts import typed

MOST = 300


@require_http_methods(["GET", "HEAD", "POST"])
def presets(request: Request) -> HttpResponse:
    """GET: what may be chosen. POST: keeps the studio's form as `preset_name`."""
    if request.method != "POST":
        return _list(request)
    values, references = typed(request)
    name = name_in(request.POST.get("preset_name", ""))
    if not 0 < len(name) <= 80:
        return _list(request, _("Give the preset a name of up to 80 characters."))
    saved = kept.save(request.user, name, values, references, is_team="preset_team" in request.POST)
    return _list(request, saved=saved)


@require_POST
def delete_preset(request: Request, pk: UUID) -> HttpResponse:
    get_object_or_404(Preset, pk=pk, owner=request.user).delete()
    return _list(request) if request.htmx else redirect("presets")


def _list(request: Request, problem: str = "", saved: Preset | None = None) -> HttpResponse:
    known = {model.id for model in catalogue.known()}
    found = Preset.objects.visible_to(request.user).annotate(wanted=KT("values__model_id"))
    rows = [
        (preset, bool(known) and preset.wanted not in known)  # type: ignore[attr-defined]
        for preset in found.defer("values", "references")[:MOST]
    ]
    context = {"presets": rows, "problem": problem, "saved": saved}
    return render(request, "generations/_presets.html" if request.htmx else "generations/presets.html", context)
