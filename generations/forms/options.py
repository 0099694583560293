"""Which form fields a model has, and which member of the request each becomes. Nothing here names a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from meigen_api.types import MIDJOURNEY_RANGES, MediaLimits, Model

REFERENCE_TYPES = (gettext_noop("content"), gettext_noop("style"))


@dataclass(frozen=True)
class Choice:
    """A field whose values the catalogue lists. `word` is what it is called in sentences, to be translated there."""

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
    ("weird", _("Weird, 0 to 3000"), "1"),
    ("iw", _("Image weight, 0 to 2"), "0.25"),
    ("sw", _("Style weight, 0 to 1000"), "1"),
    ("sv", _("Style version, 1 to 4"), "1"),
)


# Every setting that only some models have, with what it is called in sentences, to be translated there.
WORDS = {
    **{choice.name: choice.word for choice in CHOICES},
    "reference_video": gettext_noop("reference video"),
    "reference_audio": gettext_noop("reference audio"),
    **{name: name for name, *_others in MIDJOURNEY},
    "sref": gettext_noop("style reference"),
    "raw": gettext_noop("raw"),
}


def values_of(model: Model, name: str, tier: str = "") -> tuple[str, ...]:
    """The values the model offers for a choice (sizes: in that tier); empty when it has no such setting."""
    match name:
        case "variant":
            return model.variants
        case "aspect_ratio":
            return tuple(ratio for ratio in model.ratios if ratio != "auto")
        case "tier":
            return model.tiers
        case "resolution":
            return model.resolutions_for(tier)
        case "quality":
            return model.qualities
        case "duration":
            return durations_of(model)
        case "reference_type":
            return REFERENCE_TYPES if model.max_references else ()
    raise KeyError(name)


def durations_of(model: Model) -> tuple[str, ...]:
    """The seconds a model offers, as texts; a range as its steps."""
    if not model.duration_range:
        return tuple(f"{seconds:g}" for seconds in model.durations)
    bounds = model.duration_range
    steps = int((bounds.maximum - bounds.minimum) / bounds.step + 1e-6)
    return tuple(f"{bounds.minimum + bounds.step * step:g}" for step in range(steps + 1))


def midjourney_fields() -> dict[str, forms.Field]:
    """One optional field per option of the family."""
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
    fields["sref"] = forms.CharField(label=_("Style reference, a code or a link"), required=False, max_length=2000)
    fields["raw"] = forms.BooleanField(label=_("Raw style"), required=False)
    return fields


def midjourney_members(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were set, by the vendor's names."""
    chosen: dict[str, Any] = {name: values[name] for name, *_others in MIDJOURNEY if values.get(name) is not None}
    if values.get("sref"):
        chosen["sref"] = values["sref"]
    if values.get("raw"):
        chosen["raw"] = True
    return chosen


class VendorLinks(forms.CharField):
    """One https link a line, as many as the model takes; cleans to a list."""

    def __init__(self, limits: MediaLimits, what: str) -> None:
        self.limits = limits
        self.what = gettext(WORDS[f"reference_{what}"])
        label = gettext("Reference video") if what == "video" else gettext("Reference audio")
        if limits.min_seconds and limits.max_seconds:
            spread = {"least": f"{limits.min_seconds:g}", "most": f"{limits.max_seconds:g}"}
            label += gettext(", %(least)s to %(most)s s") % spread
        help_text = gettext("A link to a result of yours on Meigen's own host, at most %(count)s, one a line.")
        super().__init__(
            label=label,
            required=False,
            max_length=10_000,
            widget=forms.Textarea(attrs={"rows": 1, "placeholder": "https://images.meigen.ai/…", "class": "links"}),
            help_text=help_text % {"count": limits.max_count},
        )

    def clean(self, value: Any) -> list[str]:
        links = str(super().clean(value)).split()
        if len(links) > self.limits.max_count:
            most = gettext("This model takes at most %(count)s %(what)s.")
            raise forms.ValidationError(most % {"count": self.limits.max_count, "what": self.what})
        if not all(link.startswith(("https://", "http://127.0.0.1", "http://localhost")) for link in links):
            raise forms.ValidationError(gettext("A reference link must be a public https address."))
        return links
