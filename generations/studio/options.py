"""Which form fields a model has, and which member of the request each becomes. Nothing here depends on a specific
model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from accounts.fields import TextField
from generations.dispatch.catalogue import Offer
from generations.studio.prompt import Written
from meigen_api.types import ADAPTIVE, MIDJOURNEY_QUALITIES, MIDJOURNEY_RANGES, Model

REFERENCE_TYPES = (gettext_noop("content"), gettext_noop("style"))


@dataclass(frozen=True)
class Choice:
    """A field whose values the catalogue lists. `word` is its name in sentences, translated when used."""

    name: str
    word: str
    member: str


CHOICES = (
    Choice("variant", gettext_noop("variant"), "modelVariant"),
    Choice("aspect_ratio", gettext_noop("aspect ratio"), "aspectRatio"),
    Choice("tier", gettext_noop("tier"), "tier"),
    Choice("resolution", gettext_noop("size"), "resolution"),
    Choice("quality", gettext_noop("quality"), "quality"),
    Choice("duration", gettext_noop("duration"), "duration"),
    Choice("reference_type", gettext_noop("reference type"), "referenceType"),
)

# Midjourney's options, all optional: (form field, label, step).
MIDJOURNEY = (
    ("stylize", _("Stylize, 0 to 1000"), "1"),
    ("chaos", _("Chaos, 0 to 100"), "1"),
    ("iw", _("Image weight, 0 to 2"), "0.25"),
    ("sw", _("Style weight, 0 to 1000"), "1"),
)

# The text options: form field, and Meigen's name. This `quality` is not the catalogue's.
MIDJOURNEY_TEXTS = {"sref": "sref", "profile": "profile", "midjourney_quality": "quality"}

MIDJOURNEY_FIELDS = (*(name for name, *_others in MIDJOURNEY), *MIDJOURNEY_TEXTS, "raw")

# Every setting that only some models have, with its name in sentences, translated when used.
WORDS = {
    **{choice.name: choice.word for choice in CHOICES},
    **{name: name for name, *_others in MIDJOURNEY},
    "sref": gettext_noop("style reference"),
    "profile": gettext_noop("profile"),
    "midjourney_quality": gettext_noop("Midjourney quality"),
    "raw": gettext_noop("raw"),
}


# Values that say by themselves what they are a choice of.
PLAIN = {"aspect_ratio", "resolution", "tier"}


def in_words(values: Mapping[str, Any]) -> list[str]:
    """What a form chose beside prompt and model, such as "16:9", "2K", "quality high" and "4 times"."""
    chosen = []
    for name, word in WORDS.items():
        value = str(values.get(name) or "")
        if name == "raw":
            chosen += [gettext(word)] if value else []
        elif name == "duration":
            chosen += [gettext("%(seconds)s s") % {"seconds": value}] if value else []
        elif value:
            chosen.append(value if name in PLAIN else f"{gettext(word)} {value}")
    count = str(values.get("count") or "1")
    return chosen if count == "1" else [*chosen, gettext("%(count)s times") % {"count": count}]


def values_of(model: Model, name: str, tier: str = "", *, clips: bool = False) -> tuple[str, ...]:
    """The values the model offers for a choice (for sizes: in the given tier), or none if it has no such setting.

    `clips` says whether reference videos are attached.
    """
    match name:
        case "variant":
            return model.variants
        case "aspect_ratio":
            return (*model.fixed_ratios, *([ADAPTIVE] if model.follows_input else []))
        case "tier":
            return model.tiers_for(clips=clips)
        case "resolution":
            return model.resolutions_for(tier, clips=clips)
        case "quality":
            return model.qualities
        case "duration":
            return tuple(f"{seconds:g}" for seconds in model.all_durations)
        case "reference_type":
            return REFERENCE_TYPES if model.max_references and model.is_midjourney else ()
    raise KeyError(name)


def midjourney_fields() -> dict[str, forms.Field]:
    """One optional form field per option of the Midjourney family."""
    fields: dict[str, forms.Field] = {}
    for name, label, step in MIDJOURNEY:
        least, most = MIDJOURNEY_RANGES[name]
        kind = forms.FloatField if name == "iw" else forms.IntegerField
        fields[name] = kind(
            label=label,
            required=False,
            min_value=least,  # type: ignore[arg-type]
            max_value=most,  # type: ignore[arg-type]
            widget=forms.NumberInput(attrs={"step": step}),
        )
    fields["sref"] = TextField(label=_("Style reference (code or link)"), required=False, most=2000)
    fields["profile"] = TextField(label=_("Profile (code)"), required=False, most=200)
    qualities = [("", _("Default")), *((value, value) for value in MIDJOURNEY_QUALITIES)]
    fields["midjourney_quality"] = forms.ChoiceField(label=_("Quality (same price)"), required=False, choices=qualities)
    fields["raw"] = forms.BooleanField(label=_("Raw style"), required=False)
    return fields


def midjourney_members(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were set, by Meigen's names."""
    chosen: dict[str, Any] = {name: values[name] for name, *_others in MIDJOURNEY if values.get(name) is not None}
    for name, member in MIDJOURNEY_TEXTS.items():
        if values.get(name):
            chosen[member] = values[name]
    if values.get("raw"):
        chosen["raw"] = True
    return chosen


def initial_from(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values for a request that was sent before."""
    initial: dict[str, Any] = {choice.name: fields.get(choice.member, "") for choice in CHOICES}
    if "duration" in fields:
        initial["duration"] = f"{fields['duration']:g}"
    initial |= Written(fields.get("prompt", "")).as_initial() | {"model_id": fields.get("modelId", "")}
    members = fields.get("niji7Options", {})
    names = {member: name for name, member in MIDJOURNEY_TEXTS.items()}
    return initial | {names.get(member, member): value for member, value in members.items()}


FIELD_OF_MEMBER = {
    "prompt": "prompt",
    "modelId": "model_id",
    **{choice.member: choice.name for choice in CHOICES},
    **{f"niji7Options.{name}": name for name in midjourney_fields()},
    **{f"niji7Options.{member}": name for name, member in MIDJOURNEY_TEXTS.items()},
}
"""The form field for the member of the request that an error body names."""


def not_offered(offer: Offer, model_id: str) -> str:
    """Explains why a model cannot be chosen."""
    if offer.is_broken(model_id):
        return gettext("Meigen lists this model but reports its settings as broken. Choose another.")
    return gettext("Meigen no longer offers this model. Choose another.")
