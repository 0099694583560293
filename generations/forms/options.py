"""Which form fields a model has, and which member of the request each becomes. Nothing here names a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms

from meigen_api.types import MIDJOURNEY_RANGES, MediaLimits, Model

REFERENCE_TYPES = ("content", "style")


@dataclass(frozen=True)
class Choice:
    """A field whose values the catalogue lists. `word` is what it is called in sentences."""

    name: str
    word: str
    member: str


CHOICES = (
    Choice("variant", "variant", "modelVariant"),
    Choice("aspect_ratio", "aspect ratio", "aspectRatio"),
    Choice("tier", "tier", "tier"),
    Choice("resolution", "size", "resolution"),
    Choice("quality", "quality", "quality"),
    Choice("duration", "duration", "duration"),
    Choice("reference_type", "reference type", "referenceType"),
)

# Midjourney's options, all optional: (form field, label, step).
MIDJOURNEY = (
    ("stylize", "Stylize, 0 to 1000", "1"),
    ("chaos", "Chaos, 0 to 100", "1"),
    ("weird", "Weird, 0 to 3000", "1"),
    ("iw", "Image weight, 0 to 2", "0.25"),
    ("sw", "Style weight, 0 to 1000", "1"),
    ("sv", "Style version, 1 to 4", "1"),
)


# Every setting that only some models have, with what it is called in sentences.
WORDS = {
    **{choice.name: choice.word for choice in CHOICES},
    "reference_video": "reference video",
    "reference_audio": "reference audio",
    **{name: name for name, _, _ in MIDJOURNEY},
    "sref": "style reference",
    "raw": "raw",
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
    fields["sref"] = forms.CharField(label="Style reference, a code or a link", required=False, max_length=2000)
    fields["raw"] = forms.BooleanField(label="Raw style", required=False)
    return fields


def midjourney_members(values: dict[str, Any]) -> dict[str, Any]:
    """The options that were set, by the vendor's names."""
    chosen: dict[str, Any] = {name: values[name] for name, _, _ in MIDJOURNEY if values.get(name) is not None}
    if values.get("sref"):
        chosen["sref"] = values["sref"]
    if values.get("raw"):
        chosen["raw"] = True
    return chosen


class VendorLinks(forms.CharField):
    """One https link a line, as many as the model takes; cleans to a list."""

    def __init__(self, limits: MediaLimits, what: str) -> None:
        self.limits = limits
        self.what = what
        spread = (
            f", {limits.min_seconds:g} to {limits.max_seconds:g} s" if limits.min_seconds and limits.max_seconds else ""
        )
        super().__init__(
            label=f"Reference {what}{spread}",
            required=False,
            max_length=10_000,
            widget=forms.Textarea(attrs={"rows": 1, "placeholder": "https://images.meigen.ai/…", "class": "links"}),
            help_text=f"A link to a result of yours on Meigen's own host, at most {limits.max_count}, one a line.",
        )

    def clean(self, value: Any) -> list[str]:
        links = str(super().clean(value)).split()
        if len(links) > self.limits.max_count:
            raise forms.ValidationError(f"This model takes at most {self.limits.max_count} reference {self.what}.")
        if not all(link.startswith(("https://", "http://127.0.0.1", "http://localhost")) for link in links):
            raise forms.ValidationError("A reference link must be a public https address.")
        return links
