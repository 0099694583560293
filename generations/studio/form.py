"""The form of one click: the prompt, the model, and exactly the fields that the model has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.fields import Form, TextField
from accounts.text import is_visible
from generations.dispatch.catalogue import Offer
from generations.models import Reference, wish_of
from generations.models.ids import uuid_in
from generations.studio import options
from generations.studio.attached import Attached, FrameSelect, too_many_characters
from generations.studio.options import CHOICES
from generations.studio.prices import price_of
from generations.studio.projects import ProjectField, is_id
from generations.studio.prompt import MAX_AT_ONCE, PromptField, Written
from meigen_api.prices import Price
from meigen_api.types import ADAPTIVE, Model, number

MAX_COUNT = 8
# What only some models have and few clicks need.
BEHIND_MORE = ("first_frame", "last_frame", "reference_type")
COUNT_ERROR = format_lazy(_("Choose a number from 1 to {most}."), most=MAX_COUNT)


class GenerateForm(Form):
    """What to generate. Fields that the model lacks are left out; an empty choice means the model's own default."""

    prompt = PromptField()
    as_typed = forms.BooleanField(label=_("Use the braces as typed"), required=False)
    model_id = forms.ChoiceField(label=_("Model"))
    variant = forms.ChoiceField(label=_("Variant"), required=False, widget=forms.RadioSelect)
    aspect_ratio = forms.ChoiceField(label=_("Ratio"), required=False, widget=forms.RadioSelect)
    # data-refit: changing the value changes which fields there are.
    tier = forms.ChoiceField(label=_("Tier"), required=False, widget=forms.RadioSelect(attrs={"data-refit": ""}))
    resolution = forms.ChoiceField(label=_("Size"), required=False, widget=forms.RadioSelect)
    quality = forms.ChoiceField(label=_("Quality"), required=False, widget=forms.RadioSelect)
    duration = forms.ChoiceField(label=_("Seconds"), required=False)
    first_frame = forms.ChoiceField(label=_("First frame"), required=False, widget=FrameSelect)
    last_frame = forms.ChoiceField(label=_("Last frame"), required=False, widget=FrameSelect)
    reference_type = forms.ChoiceField(label=_("Use the references for"), required=False, widget=forms.RadioSelect)
    count = forms.IntegerField(
        label=format_lazy(_("Count, 1 to {most}"), most=MAX_COUNT),
        min_value=1,
        max_value=MAX_COUNT,
        required=False,
        initial=1,
        error_messages={"min_value": COUNT_ERROR, "max_value": COUNT_ERROR, "invalid": COUNT_ERROR},
    )
    into = forms.CharField(label=_("Collection"), required=False)
    made_from = forms.CharField(required=False, widget=forms.HiddenInput)
    project = ProjectField()
    reason = TextField(label=_("Reason"), required=False, most=500)
    nonce = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        offer: Offer,
        data: Mapping[str, Any] | None = None,
        initial: dict[str, Any] | None = None,
        references: Sequence[Reference] = (),
    ) -> None:
        values = initial or {}
        super().__init__(data, initial={**values, "nonce": uuid4().hex}, label_suffix="")
        self.offer = offer
        self.references = list(references)
        given = data if data is not None else values
        asked = str(given.get("model_id") or "")
        self.model = offer.model(asked) or (offer.default if data is None else None)
        if self.model and not asked:
            self.initial["model_id"] = self.model.id
        model_field = self._choice("model_id")
        model_field.choices = [(model.id, model.name) for model in offer.models]
        model_field.error_messages["invalid_choice"] = options.not_offered(offer, asked)
        model_field.error_messages["required"] = _("Choose a model.")
        self.has_clips = bool(Attached(self.references).videos)
        self._fit(self.model, str(given.get("tier") or ""))
        self._fit_ratio(self.model)
        self._fit_frames(self.model)

    def _choice(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field

    def _fit(self, model: Model | None, tier: str) -> None:
        """Keeps the fields that the model has, with its choices, and adds those that only some models have."""
        for choice in CHOICES:
            values = options.values_of(model, choice.name, tier, clips=self.has_clips) if model else ()
            if model is None or not values:
                del self.fields[choice.name]
                continue
            field = self._choice(choice.name)
            automatic = gettext("Auto") if choice.name == "aspect_ratio" else gettext("Default")
            ours = choice.name == "reference_type"  # the others are named by the catalogue
            field.choices = [("", automatic), *((value, gettext(value) if ours else value) for value in values)]
            wrong = gettext("{model} does not support the {setting} %(value)s. Choose one it offers.")
            if self.has_clips and choice.name in {"tier", "resolution"}:
                wrong = gettext("{model} does not support the {setting} %(value)s together with a reference video.")
            field.error_messages["invalid_choice"] = wrong.format(
                model=model.name.replace("%", "%%"), setting=gettext(choice.word)
            )
        if model is not None and model.is_midjourney:
            self.fields.update(options.midjourney_fields())

    def _fit_ratio(self, model: Model | None) -> None:
        """If an omitted ratio means that of the input, one is always sent: the first one, or the value for matching the
        input."""
        if "aspect_ratio" not in self.fields:
            return
        field = self._choice("aspect_ratio")
        # The API's own default, spelled out, so there is nothing to send.
        field.empty_values = [*forms.ChoiceField.empty_values, "auto"]
        if model is None or not model.follows_input:
            return
        has_input = Attached(self.references).has_input
        asked = str((self.data if self.is_bound else self.initial).get("aspect_ratio") or "")
        offered = [(ADAPTIVE, gettext("Match input"))] if has_input or asked == ADAPTIVE else []
        field.choices = [*offered, *((ratio, ratio) for ratio in model.fixed_ratios)]
        field.required = True
        field.error_messages["required"] = gettext("Choose a ratio: there is no input to match.")
        known = {value for value, _label in field.choices}
        if not self.is_bound and (asked not in known or (asked == ADAPTIVE and not has_input)):
            self.initial["aspect_ratio"] = self.proposed_ratio

    @property
    def proposed_ratio(self) -> str:
        """The preselected ratio if the model requires one, otherwise an empty string."""
        if self.model is None or not self.model.follows_input:
            return ""
        return ADAPTIVE if Attached(self.references).has_input else next(iter(self.model.fixed_ratios), "")

    def _fit_frames(self, model: Model | None) -> None:
        """Offers the attached pictures as frames of a video, preselected in their order as long as nothing was chosen.

        If the model also accepts content pictures, pictures become frames only when the person says so.
        """
        pictures = [(str(reference.pk), reference.name) for reference in Attached(self.references).images]
        for name, least in (("first_frame", 1), ("last_frame", 2)):
            if model is None or not model.is_video or model.max_references < least or not pictures:
                del self.fields[name]
                continue
            if not model.has_frames_and_content and name not in self.initial and len(pictures) >= least:
                self.initial[name] = pictures[least - 1][0]
            field = self._choice(name)
            field.choices = [("", gettext("None")), *pictures]
            field.error_messages["invalid_choice"] = gettext("This picture is no longer attached.")

    def clean_into(self) -> UUID | None:
        """The chosen collection. Whether it still exists is checked when the rows are written."""
        return uuid_in(self.cleaned_data["into"])

    def clean_made_from(self) -> UUID | None:
        """The generation that the form was opened with. Whether it may be seen is checked when the rows are written."""
        return uuid_in(self.cleaned_data["made_from"])

    @property
    def source(self) -> UUID | None:
        """The generation that the form was opened with, valid or not."""
        return uuid_in(str(self["made_from"].value() or ""))

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.model is None:
            return values
        for name, word in options.WORDS.items():
            if name not in self.fields and self.data.get(name):
                lacks = gettext(
                    "%(model)s has no %(setting)s setting, so it was dropped. Check the rest and send again."
                )
                self.add_error(None, lacks % {"model": self.model.name, "setting": gettext(word)})
        self._check_references(values)
        values["count"] = values.get("count") or 1
        if self.total > MAX_AT_ONCE:
            many = gettext(
                "These alternatives make %(total)s generations; at most %(most)s are allowed at once. Remove some."
            )
            self.add_error("prompt", many % {"total": self.total, "most": MAX_AT_ONCE})
        elif values.get("prompt") and not all(map(is_visible, self.prompts)):
            self.add_error("prompt", _("One of the alternatives is empty. Add some text in or around it."))
        return values

    def _check_references(self, values: dict[str, Any]) -> None:
        attached = self.attached
        for problem in attached.problems():
            self.add_error(None, problem)
        if values.get("aspect_ratio") == ADAPTIVE and not attached.has_input:
            self.add_error("aspect_ratio", _("There is no input to match. Add a reference, or choose a ratio."))
        prompt = values.get("prompt") or ""
        if missing := self.missing_tokens:
            self.add_error("prompt", missing)
        if too_many_characters(prompt):
            self.add_error(
                "prompt", _("A prompt can include at most three [character] references. Remove some and send again.")
            )

    @property
    def attached(self) -> Attached:
        """The attachments, as the chosen model uses them."""
        chosen = {name: str(self[name].value() or "") for name in ("first_frame", "last_frame") if name in self.fields}
        return Attached(self.references, self.model, chosen.get("first_frame", ""), chosen.get("last_frame", ""))

    @property
    def missing_tokens(self) -> str:
        """A sentence about tokens in the prompt that refer to nothing, or an empty string."""
        missing = self.attached.missing(str(self.chosen.get("prompt") or ""))
        words = gettext(
            "The prompt mentions %(tokens)s, but there is no such reference. Attach it, or remove the name."
        )
        return words % {"tokens": ", ".join(missing)} if missing else ""

    @property
    def chosen(self) -> dict[str, Any]:
        """The current choices, valid or not, for the price and for rendering the form again."""
        return {name: self[name].value() or "" for name in self.fields}

    @property
    def pills(self) -> list[forms.BoundField]:
        """The choices that stand on the form one by one."""
        radios = (name for name, field in self.fields.items() if isinstance(field.widget, forms.RadioSelect))
        return [self[name] for name in radios if name not in BEHIND_MORE]

    @property
    def _more(self) -> list[forms.BoundField]:
        names = [name for name in (*BEHIND_MORE, *options.MIDJOURNEY_FIELDS) if name in self.fields]
        return [self[name] for name in names if name != "reference_type" or self.asks_what_for]

    @property
    def asks_what_for(self) -> bool:
        """Whether there are pictures that the model uses for one thing or another."""
        return "reference_type" in self.fields and bool(Attached(self.references).images)

    @property
    def has_more(self) -> bool:
        return bool(self._more)

    @property
    def has_more_errors(self) -> bool:
        return any(field.errors for field in self._more)

    @property
    def frame_fields(self) -> list[tuple[forms.BoundField, list[tuple[BoundWidget, Reference | None]]]]:
        """The frame fields, each with its choices and their pictures."""
        known = {str(reference.pk): reference for reference in self.references}
        fields = [self[name] for name in ("first_frame", "last_frame") if name in self.fields]
        return [(field, [(radio, known.get(str(radio.data["value"]))) for radio in field]) for field in fields]

    @property
    def midjourney(self) -> list[forms.BoundField]:
        return [self[name] for name, *_others in options.MIDJOURNEY if name in self.fields]

    def dropped(self, before: Mapping[str, Any]) -> list[str]:
        """Earlier choices that this model does not support, in words such as "aspect ratio 1:1"."""
        lost = []
        tier = str(self.chosen.get("tier") or "")
        for choice in CHOICES:
            value = str(before.get(choice.name) or "")
            offered = options.values_of(self.model, choice.name, tier, clips=self.has_clips) if self.model else ()
            if value and value != "auto" and value not in offered:
                lost.append(f"{gettext(choice.word)} {value}")
        others = options.WORDS.keys() - {choice.name for choice in CHOICES} - self.fields.keys()
        return lost + [gettext(options.WORDS[name]) for name in sorted(others) if before.get(name)]

    @cached_property
    def written(self) -> Written:
        """The prompt as it is now, valid or not."""
        return Written.typed(self.chosen.get("prompt"), as_typed=bool(self.chosen.get("as_typed")))

    @property
    def prompts(self) -> list[str]:
        """The prompts that the alternatives expand to, or the prompt alone if there are too many."""
        return self.written.prompts

    @property
    def count_each(self) -> int:
        """How many generations to make per prompt, or 0 if what was typed is no such number."""
        typed = self.chosen.get("count") or 1
        each = number(typed) or 0
        return int(each) if each == int(each) and 1 <= each <= MAX_COUNT else 0

    @property
    def count_problem(self) -> str:
        return "" if self.count_each else str(COUNT_ERROR)

    @property
    def total(self) -> int:
        """How many generations the click creates."""
        return self.written.number * self.count_each

    @property
    def wanted(self) -> list[str]:
        """The prompt of each generation of the click, in order."""
        return [prompt for prompt in self.prompts for _again in range(self.count_each)]

    def wish(self, prompt: str) -> str:
        """The fingerprint of what a valid form requests with this prompt."""
        return wish_of(self.request_fields(prompt), self.attached.identities)

    @property
    def price(self) -> Price | None:
        """The estimated credits for the whole click, or None if the catalogue or the count does not say."""
        each = self.price_each
        return None if each is None or not self.count_each else each.times(self.total)

    @property
    def credits_at_most(self) -> int | None:
        """The credits of the whole click, at most; None if that is not known in advance."""
        return self.price.most if self.price else None

    @property
    def project_id(self) -> int | None:
        """The chosen project, valid or not."""
        chosen = str(self["project"].value() or "")
        return int(chosen) if is_id(chosen) else None

    @property
    def price_each(self) -> Price | None:
        return price_of(self.model, self.chosen, self.attached.clip_seconds) if self.model else None

    def request_fields(self, prompt: str, urls: Mapping[UUID, str] | None = None) -> dict[str, Any]:
        """The members of one request without its key: the prompt, the model and the explicit choices, without any
        default of ours.

        `urls` are the addresses of the references by their ids. Without it they are left out.
        """
        values = self.cleaned_data
        fields: dict[str, Any] = {"prompt": prompt, "modelId": values["model_id"]}
        for choice in CHOICES:
            if values.get(choice.name):
                fields[choice.member] = values[choice.name]
        if "duration" in fields:
            seconds = float(fields["duration"])
            fields["duration"] = int(seconds) if seconds.is_integer() else seconds
        if urls:
            fields |= self.attached.members(urls)
        if midjourney := options.midjourney_members(values):
            fields["niji7Options"] = midjourney
        return fields
