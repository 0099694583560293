"""The form of one click: the prompt, the model, and exactly the fields that model has."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from generations.dispatch.catalogue import Offer
from generations.models import Reference, wish_of
from meigen_api import prices
from meigen_api.types import Model, number

from . import alternatives, options
from .options import CHOICES, VendorLinks

MAX_COUNT = 8
MAX_AT_ONCE = 40
MAX_PROMPT = 10_000
COUNT_ERROR = format_lazy(_("Choose between 1 and {most}."), most=MAX_COUNT)


class GenerateForm(forms.Form):
    """What to generate. A field the model lacks is not there; an empty choice is the model's own default."""

    prompt = forms.CharField(
        max_length=MAX_PROMPT,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": _("A calico cat in a sunlit kitchen"), "data-key": "p"}),
        error_messages={"required": _("Write a prompt first: what should the picture show?")},
    )
    model_id = forms.ChoiceField(label=_("Model"))
    variant = forms.ChoiceField(label=_("Variant"), required=False, widget=forms.RadioSelect)
    aspect_ratio = forms.ChoiceField(label=_("Ratio"), required=False, widget=forms.RadioSelect)
    # data-refit: another value brings other fields with it.
    tier = forms.ChoiceField(label=_("Tier"), required=False, widget=forms.RadioSelect(attrs={"data-refit": ""}))
    resolution = forms.ChoiceField(label=_("Size"), required=False, widget=forms.RadioSelect)
    quality = forms.ChoiceField(label=_("Quality"), required=False, widget=forms.RadioSelect)
    duration = forms.ChoiceField(label=_("Seconds"), required=False)
    reference_type = forms.ChoiceField(label=_("Use the references for"), required=False, widget=forms.RadioSelect)
    count = forms.IntegerField(
        label=_("Count"),
        min_value=1,
        max_value=MAX_COUNT,
        required=False,
        initial=1,
        error_messages={"min_value": COUNT_ERROR, "max_value": COUNT_ERROR, "invalid": COUNT_ERROR},
    )
    into = forms.CharField(label=_("Into"), required=False)
    nonce = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        offer: Offer,
        data: Mapping[str, Any] | None = None,
        initial: dict[str, Any] | None = None,
        references: Sequence[Reference] = (),
    ) -> None:
        values = initial or {}
        super().__init__(data, initial={**values, "nonce": uuid.uuid4().hex}, label_suffix="")
        self.offer = offer
        self.references = list(references)
        asked = str((data if data is not None else values).get("model_id") or "")
        self.model = offer.model(asked) or (offer.models[0] if offer.models and data is None else None)
        if self.model and not asked:
            self.initial["model_id"] = self.model.id
        model_field = self._choice("model_id")
        model_field.choices = [(model.id, model.name) for model in offer.models]
        model_field.error_messages["invalid_choice"] = _("Meigen does not offer this model any more. Choose another.")
        model_field.error_messages["required"] = _("Choose a model.")
        self._fit(self.model, str((data if data is not None else values).get("tier") or ""))

    def _choice(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field

    def _fit(self, model: Model | None, tier: str) -> None:
        """Keeps the fields the model has, with its choices, and adds those only some models have."""
        for choice in CHOICES:
            values = options.values_of(model, choice.name, tier) if model else ()
            if model is None or not values:
                del self.fields[choice.name]
                continue
            field = self._choice(choice.name)
            automatic = gettext("Auto") if choice.name == "aspect_ratio" else gettext("Default")
            ours = choice.name == "reference_type"  # the others are the catalogue's words
            field.choices = [("", automatic), *((value, gettext(value) if ours else value) for value in values)]
            field.error_messages["invalid_choice"] = gettext(
                "{model} does not have the {setting} %(value)s. Choose one of its own."
            ).format(model=model.name.replace("%", "%%"), setting=gettext(choice.word))
        if "aspect_ratio" in self.fields:
            # The API's own default, spelled out: nothing to send.
            self.fields["aspect_ratio"].empty_values = [*forms.ChoiceField.empty_values, "auto"]
        if model is None:
            return
        if model.reference_video:
            self.fields["reference_video"] = VendorLinks(model.reference_video, "video")
            self.fields["reference_video_seconds"] = forms.FloatField(
                label=_("Its seconds, for the price"), required=False, min_value=0, max_value=600
            )
        if model.reference_audio:
            self.fields["reference_audio"] = VendorLinks(model.reference_audio, "audio")
        if model.is_midjourney:
            self.fields.update(options.midjourney_fields())

    def clean_into(self) -> uuid.UUID | None:
        """The collection that was chosen; whether it is there shows when the click is written."""
        try:
            return uuid.UUID(self.cleaned_data["into"])
        except ValueError:
            return None

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.model is None:
            return values
        for name, word in options.WORDS.items():
            if name not in self.fields and self.data.get(name):
                lacks = gettext("%(model)s has no %(setting)s setting. It was dropped; check the rest and send again.")
                self.add_error(None, lacks % {"model": self.model.name, "setting": gettext(word)})
        self._check_references(self.model, values)
        values["count"] = values.get("count") or 1
        if self.total > MAX_AT_ONCE:
            many = gettext("The alternatives make %(total)s generations; at most %(most)s at once. Leave some out.")
            self.add_error("prompt", many % {"total": self.total, "most": MAX_AT_ONCE})
        elif values.get("prompt") and not all(self.prompts):
            self.add_error("prompt", _("One of the alternatives is empty. Write something around or into it."))
        return values

    def _check_references(self, model: Model, values: dict[str, Any]) -> None:
        if len(self.references) > model.max_references:
            if model.max_references:
                many = gettext("%(model)s takes at most %(most)s reference pictures. Remove some and send again.")
            else:
                many = gettext("%(model)s takes no reference pictures. Remove some and send again.")
            self.add_error(None, many % {"model": model.name, "most": model.max_references})
        if model.requires_first_frame and not self.references:
            needs = gettext("%(model)s needs a first frame. Add a picture to the references.")
            self.add_error(None, needs % {"model": model.name})
        if values.get("aspect_ratio") == "adaptive" and not (self.references or values.get("reference_video")):
            self.add_error("aspect_ratio", _("Adaptive follows a reference. Add one, or choose a ratio."))

    @property
    def chosen(self) -> dict[str, Any]:
        """The current choices, valid or not, for the price and the redisplay."""
        return {name: self[name].value() or "" for name in self.fields}

    @property
    def radio_fields(self) -> list[forms.BoundField]:
        return [self[name] for name, field in self.fields.items() if isinstance(field.widget, forms.RadioSelect)]

    @property
    def midjourney(self) -> list[forms.BoundField]:
        return [self[name] for name, *_others in options.MIDJOURNEY if name in self.fields]

    @property
    def has_midjourney_errors(self) -> bool:
        return any(field.errors for field in self.midjourney)

    def dropped(self, before: Mapping[str, Any]) -> list[str]:
        """What was chosen before and this model does not have, as words such as "aspect ratio 1:1"."""
        lost = []
        tier = str(self.chosen.get("tier") or "")
        for choice in CHOICES:
            value = str(before.get(choice.name) or "")
            offered = options.values_of(self.model, choice.name, tier) if self.model else ()
            if value and value != "auto" and value not in offered:
                lost.append(f"{gettext(choice.word)} {value}")
        others = options.WORDS.keys() - {choice.name for choice in CHOICES} - self.fields.keys()
        return lost + [gettext(options.WORDS[name]) for name in sorted(others) if before.get(name)]

    @property
    def prompts(self) -> list[str]:
        """What the prompt's alternatives make of it; the prompt alone when they make too many."""
        prompt = str(self.chosen.get("prompt") or "")
        return alternatives.expand(prompt) if alternatives.count(prompt) <= MAX_AT_ONCE else [prompt]

    @property
    def count_each(self) -> int:
        """How often each prompt is asked for."""
        return max(1, min(MAX_COUNT, int(number(self.chosen.get("count")) or 1)))

    @property
    def total(self) -> int:
        """How many generations the click makes."""
        made = alternatives.count(str(self.chosen.get("prompt") or ""))
        return (made if made > MAX_AT_ONCE else len(self.prompts)) * self.count_each

    @property
    def wanted(self) -> list[str]:
        """The prompt of each generation of the click, in their order."""
        return [prompt for prompt in self.prompts for _again in range(self.count_each)]

    def wish(self, prompt: str) -> str:
        """The fingerprint of what a valid form wants with this prompt."""
        return wish_of(self.request_fields(prompt), [reference.identity for reference in self.references])

    @property
    def price(self) -> int | None:
        """Credits that all of it will probably cost, None when the catalogue does not say."""
        each = self.price_each
        return None if each is None else each * self.total

    @property
    def price_each(self) -> int | None:
        if self.model is None:
            return None
        chosen = self.chosen
        seconds = None
        if chosen.get("reference_video") and self.model.price_per_second:
            seconds = number(chosen.get("reference_video_seconds") or None)
            if seconds is None:
                return None
        return prices.estimate(
            self.model,
            tier=str(chosen.get("tier") or ""),
            resolution=str(chosen.get("resolution") or ""),
            duration=number(chosen.get("duration") or None),
            reference_video_seconds=seconds,
        )

    def request_fields(self, prompt: str, reference_urls: Sequence[str] = ()) -> dict[str, Any]:
        """The members of one request, without a key: a prompt, the model and what was chosen, no default of ours."""
        values = self.cleaned_data
        fields: dict[str, Any] = {"prompt": prompt, "modelId": values["model_id"]}
        for choice in CHOICES:
            if values.get(choice.name):
                fields[choice.member] = values[choice.name]
        if "duration" in fields:
            seconds = float(fields["duration"])
            fields["duration"] = int(seconds) if seconds.is_integer() else seconds
        if reference_urls:
            fields["referenceImages"] = list(reference_urls)
        videos = values.get("reference_video") or []
        if len(videos) == 1:
            fields["referenceVideo"] = videos[0]
        elif videos:
            fields["referenceVideos"] = videos
        if values.get("reference_audio"):
            fields["referenceAudios"] = values["reference_audio"]
        if midjourney := options.midjourney_members(values):
            fields["niji7Options"] = midjourney
        return fields


def initial_from(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values for a request that was sent before."""
    initial: dict[str, Any] = {choice.name: fields.get(choice.member, "") for choice in CHOICES}
    if "duration" in fields:
        initial["duration"] = f"{fields['duration']:g}"
    initial |= {"prompt": fields.get("prompt", ""), "model_id": fields.get("modelId", "")}
    videos = [fields["referenceVideo"]] if fields.get("referenceVideo") else fields.get("referenceVideos", [])
    initial["reference_video"] = "\n".join(videos)
    initial["reference_audio"] = "\n".join(fields.get("referenceAudios", []))
    initial |= fields.get("niji7Options", {})
    return initial


FIELD_OF_MEMBER = {
    "prompt": "prompt",
    "modelId": "model_id",
    "referenceVideo": "reference_video",
    "referenceVideos": "reference_video",
    "referenceAudios": "reference_audio",
    **{choice.member: choice.name for choice in CHOICES},
    **{f"niji7Options.{name}": name for name in options.midjourney_fields()},
}
"""The form field for the member of the request that an error body names."""
