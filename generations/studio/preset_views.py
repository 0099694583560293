"""The pages of presets, which save the studio's form under a name."""

from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.fields import Form, NameField
from accounts.http import Request
from accounts.text import isolated
from generations.dispatch import catalogue
from generations.models import Preset
from generations.studio import presets as kept
from generations.studio.drafts import typed
from generations.studio.options import in_words, not_offered
from meigen_api.prices import Price

MOST = 300


class PresetForm(Form):
    """The name of a preset, as the studio's form posts it."""

    preset_name = NameField(most=80, error_messages={"required": _("Give the preset a name of up to 80 characters.")})
    preset_team = forms.BooleanField(label=_("Share with the team"), required=False)


@dataclass(frozen=True)
class Row:
    """A preset as the lists show it. `trouble` says why its model cannot be chosen; `form` changes the person's own."""

    preset: Preset
    values: dict[str, str]
    model_name: str
    trouble: str
    price: Price | None
    form: PresetForm | None

    @property
    def settings(self) -> str:
        words = in_words(self.values)
        if count := len(self.preset.references):
            words.append(ngettext("%(count)s reference", "%(count)s references", count) % {"count": count})
        return ", ".join(words)


@require_http_methods(["GET", "HEAD", "POST"])
def presets(request: Request) -> HttpResponse:
    """GET lists the presets. POST saves the studio's form as `preset_name`."""
    if request.method != "POST":
        return _list(request)
    values, references = typed(request)
    values.pop("made_from", None)  # of this one click
    form = PresetForm(request.POST)
    if not form.is_valid():
        return _list(request, problem=" ".join(map(str, form.errors["preset_name"])))
    name, is_team = form.cleaned_data["preset_name"], form.cleaned_data["preset_team"]
    return _list(request, saved=kept.save(request.user, name, values, references, is_team=is_team))


@require_http_methods(["GET", "HEAD", "POST"])
def preset(request: Request, pk: UUID) -> HttpResponse:
    """POST renames the person's preset and shares it with the team or not. GET, a reload after an error, shows the
    list."""
    row = get_object_or_404(Preset, pk=pk, owner=request.user)
    if request.method != "POST":
        return redirect("presets")
    form = PresetForm(request.POST, auto_id=f"%s-{pk}")
    if not form.is_valid():
        return _list(request, edited=(row, form))
    name, is_team = form.cleaned_data["preset_name"], form.cleaned_data["preset_team"]
    if not kept.edit(request.user, pk, name, is_team=is_team):
        form.add_error("preset_name", _("You already have another preset with this name."))
        return _list(request, edited=(row, form))
    messages.success(request, gettext("“%(name)s” saved.") % {"name": isolated(name)})
    return redirect("presets")


@require_POST
def delete_preset(request: Request, pk: UUID) -> HttpResponse:
    row = get_object_or_404(Preset, pk=pk, owner=request.user)
    row.delete()
    messages.success(request, gettext("“%(name)s” deleted.") % {"name": isolated(row.name)})
    return redirect("presets")


def _list(
    request: Request,
    *,
    problem: str = "",
    saved: Preset | None = None,
    edited: tuple[Preset, PresetForm] | None = None,
) -> HttpResponse:
    """The list: a menu of the studio's for htmx, else the page. `edited` is a change that was refused."""
    rows = _rows(request, edited)
    context = {"presets": rows, "problem": problem, "saved": saved, "is_saving": saved or problem}
    name = "_presets" if request.htmx else "presets"
    return render(request, f"generations/{name}.html", context, status=422 if problem or edited else 200)


def _rows(request: Request, edited: tuple[Preset, PresetForm] | None) -> list[Row]:
    offer = catalogue.known()
    rows = []
    for each in Preset.objects.visible_to(request.user)[:MOST]:
        wanted = each.values.get("model_id", "")
        model = offer.model(wanted)
        is_known = bool(model) or not offer.listed
        form = None
        if each.owner_id == request.user.pk:
            initial = {"preset_name": each.name, "preset_team": each.is_team}
            form = edited[1] if edited and edited[0] == each else PresetForm(initial=initial, auto_id=f"%s-{each.pk}")
        rows.append(
            Row(
                preset=each,
                values=kept.values_for(request.user, each),
                model_name=model.name if model else each.model_name,
                trouble="" if is_known else not_offered(offer, wanted),
                price=kept.price(request.user, each, offer) if is_known else None,
                form=form,
            )
        )
    return rows
