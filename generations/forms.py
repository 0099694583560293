"""The studio's form, made from the catalogue: exactly the fields the chosen model has."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms

from meigen_api import prices
from meigen_api.types import Model, number

from .dispatch.catalogue import Offer

MAX_COUNT = 8
MAX_PROMPT = 10_000
# Form field, the model's word for it, and the request field it becomes.
CHOICES = {
    "aspect_ratio": ("aspect ratio", "aspectRatio"),
    "tier": ("tier", "tier"),
    "resolution": ("size", "resolution"),
    "quality": ("quality", "quality"),
    "duration": ("duration", "duration"),
}


class GenerateForm(forms.Form):
    """What to generate. A field the model lacks is not there; an empty choice is the model's own default."""

    prompt = forms.CharField(
        max_length=MAX_PROMPT,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "A calico cat in a sunlit kitchen"}),
        error_messages={"required": "Write a prompt first: what should the picture show?"},
    )
    model_id = forms.ChoiceField(label="Model")
    aspect_ratio = forms.ChoiceField(label="Ratio", required=False, widget=forms.RadioSelect)
    tier = forms.ChoiceField(label="Tier", required=False, widget=forms.RadioSelect)
    resolution = forms.ChoiceField(label="Size", required=False, widget=forms.RadioSelect)
    quality = forms.ChoiceField(label="Quality", required=False, widget=forms.RadioSelect)
    duration = forms.ChoiceField(label="Seconds", required=False)
    count = forms.IntegerField(
        label="Count",
        min_value=1,
        max_value=MAX_COUNT,
        required=False,
        initial=1,
        error_messages={
            "min_value": "Choose between 1 and 8.",
            "max_value": "Choose between 1 and 8.",
            "invalid": "Choose between 1 and 8.",
        },
    )
    nonce = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(
        self, offer: Offer, data: Mapping[str, Any] | None = None, initial: dict[str, Any] | None = None
    ) -> None:
        values = {**(initial or {})}
        super().__init__(data, initial={**values, "nonce": uuid.uuid4().hex}, label_suffix="")
        self.offer = offer
        asked = str((data if data is not None else values).get("model_id") or "")
        self.model = offer.model(asked) or (offer.models[0] if offer.models and data is None else None)
        if self.model and not asked:
            self.initial["model_id"] = self.model.id
        model_field = self._choice("model_id")
        model_field.choices = [(model.id, model.name) for model in offer.models]
        model_field.error_messages["invalid_choice"] = "Meigen does not offer this model any more. Choose another."
        model_field.error_messages["required"] = "Choose a model."
        self._fit(self.model)

    def _choice(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field

    def _fit(self, model: Model | None) -> None:
        """Keeps the fields the model has, with its choices."""
        lists: dict[str, tuple[str, ...]] = dict.fromkeys(CHOICES, ())
        if model is not None:
            lists |= {
                "aspect_ratio": model.ratios,
                "tier": model.tiers,
                "resolution": model.resolutions,
                "quality": model.qualities,
                "duration": _durations(model),
            }
        for name, values in lists.items():
            if not values:
                del self.fields[name]
                continue
            field = self._choice(name)
            automatic = "Auto" if name == "aspect_ratio" else "Default"
            field.choices = [("", automatic), *((value, value) for value in values)]
            word = CHOICES[name][0]
            field.error_messages["invalid_choice"] = (
                f"{model.name if model else 'This model'} does not have the {word} %(value)s. Choose one of its own."
            )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.model is None:
            return values
        for name, (word, _) in CHOICES.items():
            if name not in self.fields and self.data.get(name):
                self.add_error(
                    None, f"{self.model.name} has no {word} setting. It was dropped; check the rest and send again."
                )
        allowed = self.model.resolutions_for(values.get("tier", ""))
        if values.get("resolution") and values["resolution"] not in allowed:
            self.add_error("resolution", f"This tier makes {', '.join(allowed)} only.")
        values["count"] = values.get("count") or 1
        return values

    @property
    def chosen(self) -> dict[str, Any]:
        """The current choices, valid or not, for the price and the redisplay."""
        return {name: self[name].value() or "" for name in self.fields}

    @property
    def radio_fields(self) -> list[forms.BoundField]:
        return [self[name] for name, field in self.fields.items() if isinstance(field.widget, forms.RadioSelect)]

    @property
    def price(self) -> int | None:
        """Credits that all of it will probably cost, None when the catalogue does not say."""
        if self.model is None:
            return None
        chosen = self.chosen
        each = prices.estimate(
            self.model,
            tier=str(chosen.get("tier") or ""),
            resolution=str(chosen.get("resolution") or ""),
            duration=number(chosen.get("duration") or None),
        )
        count = number(chosen.get("count")) or 1
        return None if each is None else each * max(1, min(MAX_COUNT, int(count)))

    def request_fields(self) -> dict[str, Any]:
        """The request's members, without a key: the prompt, the model and what was chosen, no default of ours."""
        values = self.cleaned_data
        fields: dict[str, Any] = {"prompt": values["prompt"], "modelId": values["model_id"]}
        for name, (_, member) in CHOICES.items():
            if values.get(name):
                fields[member] = values[name]
        if "duration" in fields:
            seconds = float(fields["duration"])
            fields["duration"] = int(seconds) if seconds.is_integer() else seconds
        return fields


def _durations(model: Model) -> tuple[str, ...]:
    """The seconds a model offers, as texts; a range as its steps (a hundred at most)."""
    if not model.duration_range:
        return tuple(f"{seconds:g}" for seconds in model.durations)
    bounds = model.duration_range
    steps = min(100, int((bounds.maximum - bounds.minimum) / bounds.step + 1e-6))
    return tuple(f"{bounds.minimum + bounds.step * step:g}" for step in range(steps + 1))
