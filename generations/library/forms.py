"""The form for a collection's name and visibility."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from generations.models.ids import name_in

WRONG_NAME = _("Give the collection a name of up to 80 characters.")


class CollectionForm(forms.Form):
    """Repeated spaces in the name are collapsed."""

    name = forms.CharField(
        label=_("Name"), max_length=80, error_messages={"required": WRONG_NAME, "max_length": WRONG_NAME}
    )
    is_team = forms.BooleanField(label=_("Team collection: every member can see it and add to it"), required=False)

    def __init__(self, data: Mapping[str, str] | None = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, label_suffix="")

    def clean_name(self) -> str:
        if name := name_in(self.cleaned_data["name"]):
            return name
        raise forms.ValidationError(WRONG_NAME)
