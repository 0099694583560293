"""The pages of presets, which save the studio's form under a name."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import Request
from generations.dispatch import catalogue
from generations.models import Preset
from generations.models.ids import name_in
from generations.studio import presets as kept
from generations.studio.drafts import typed
from generations.studio.form import not_offered

MOST = 300


@require_http_methods(["GET", "HEAD", "POST"])
def presets(request: Request) -> HttpResponse:
    """GET lists the presets. POST saves the studio's form as `preset_name`."""
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
    offer = catalogue.known()
    rows = []
    for preset in Preset.objects.visible_to(request.user)[:MOST]:
        wanted = preset.values.get("model_id", "")
        if not offer.listed or offer.model(wanted):
            rows.append((preset, "", kept.price(request.user, preset, offer)))
        else:
            rows.append((preset, not_offered(offer, wanted), None))
    context = {"presets": rows, "problem": problem, "saved": saved}
    return render(request, "generations/_presets.html" if request.htmx else "generations/presets.html", context)
