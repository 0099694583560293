"""What the studio's form starts with: whatever the address asks for, otherwise what was in it last."""

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from accounts.http import Request
from accounts.models import User
from accounts.text import isolated
from generations.dispatch.catalogue import Offer
from generations.inspiration import gallery
from generations.media import attachments
from generations.models import Draft, Generation, Preset, Reference, ReferenceUse
from generations.models.ids import is_uuid
from generations.studio import presets, projects
from generations.studio.form import GenerateForm
from generations.studio.options import initial_from, not_offered
from generations.studio.prompt import Written
from meigen_api.errors import MeigenError

# The parts of an address that bring a prompt with them, so that the draft's would be another story.
WITH_PROMPT = {"from", "inspiration", "preset", "prompt"}


@dataclass
class Start:
    """Values by form field, the references to attach, what could not be restored, in words, and the person's own
    earlier request that this comes from."""

    values: dict[str, Any] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    earlier: Generation | None = None
    model_name: str = ""

    def attach(self, user: User, ids: list[str]) -> None:
        self.references, complete = attachments.owned(user, ids)
        if not complete:
            self.problems.append(_("A reference is no longer available. Add it again, or leave it out."))


def start(request: Request, offer: Offer, draft: Draft | None) -> Start:
    """`?from=<id>` starts with an earlier request, `?preset=<id>` with a preset, `?inspiration=<id>` with a prompt of
    Meigen's gallery. An address without any prompt starts with the draft. `?reference=<id>` attaches a picture,
    `?model_id=` and the other fields preselect."""
    begun = Start()
    asked = request.GET
    if draft and not WITH_PROMPT & asked.keys():
        begun.values |= draft.values
        begun.attach(request.user, [*draft.references, *asked.getlist("reference")])
    else:
        _take_earlier(begun, request.user, asked.get("from", ""))
        _take_inspiration(begun, asked.get("inspiration", ""))
        _take_preset(begun, request.user, asked.get("preset", ""))
        if ids := asked.getlist("reference"):
            begun.values = {name: value for name, value in begun.values.items() if name not in presets.REFERENCES}
            begun.attach(request.user, ids)
    begun.values |= {name: asked[name] for name in GenerateForm.base_fields.keys() & asked.keys() - {"nonce"}}
    _choose_model(begun, request.user, offer)
    begun.values["project"], problem = projects.starting(request.user, str(begun.values.get("project") or ""))
    begun.problems += filter(None, [problem])
    return begun


def _take_earlier(begun: Start, user: User, wanted: str) -> None:
    row = Generation.objects.visible_to(user).filter(pk=wanted).first() if is_uuid(wanted) else None
    if row is None:
        return
    begun.values["made_from"] = wanted
    if row.owner_id == user.pk:
        begun.earlier = row
        begun.references, frames = references_of(row)
        begun.values |= initial_from(row.request_fields) | frames
        return
    begun.values |= initial_from({"prompt": row.prompt, "modelId": row.model_id, **row.settings})
    if row.referenceuse_set.exists():
        begun.problems.append(_not_shared(row.owner))


def references_of(row: Generation) -> tuple[list[Reference], dict[str, str]]:
    """What an earlier request referred to, and the form's values for its frames."""
    uses = list(row.referenceuse_set.select_related("reference__result").order_by("number"))
    roles = {ReferenceUse.Role.FRAME} if any(use.role for use in uses) else {ReferenceUse.Role.PLAIN}
    of_video = [use for use in uses if row.is_video and use.role in roles and not use.reference.is_clip]
    frames = dict(zip(("first_frame", "last_frame"), (str(use.reference_id) for use in of_video), strict=False))
    return list(dict.fromkeys(use.reference for use in uses)), frames


def _take_inspiration(begun: Start, wanted: str) -> None:
    if not wanted:
        return
    try:
        begun.values |= Written(gallery.image(wanted).prompt).as_initial()
    except MeigenError:
        begun.problems.append(_("Could not get this prompt from Meigen's gallery. Try again in a minute."))


def _take_preset(begun: Start, user: User, wanted: str) -> None:
    preset = Preset.objects.visible_to(user).filter(pk=wanted).first() if is_uuid(wanted) else None
    if preset is None:
        return
    begun.values |= presets.values_for(user, preset)
    begun.model_name = preset.model_name
    if preset.owner_id == user.pk:
        begun.attach(user, preset.references)
    elif preset.references:
        begun.problems.append(_not_shared(preset.owner))


def _not_shared(owner: User) -> str:
    return _("The references belong to %(name)s, so they are not attached. Add your own.") % {"name": isolated(owner)}


def _choose_model(begun: Start, user: User, offer: Offer) -> None:
    """Falls back to the model of the last click if none is asked for, or one that cannot be chosen."""
    wanted = str(begun.values.get("model_id") or "")
    if offer.model(wanted):
        return
    if wanted and offer.models:
        name = begun.model_name or wanted
        begun.problems.append(_("%(model)s: %(problem)s") % {"model": name, "problem": not_offered(offer, wanted)})
    begun.values.pop("model_id", None)
    latest = Generation.objects.owned_by(user).kept().newest_first().values_list("model_id", flat=True).first() or ""
    if offer.model(latest):
        begun.values["model_id"] = latest
