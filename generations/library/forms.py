"""The form for a collection's name and visibility."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.fields import Form, NameField

WRONG_NAME = _("Give the collection a name of up to 80 characters.")
LONG_NAME = ngettext_lazy(
    "The collection's name is %(over)s character too long: at most %(most)s are allowed.",
    "The collection's name is %(over)s characters too long: at most %(most)s are allowed.",
    "over",
)


class CollectionForm(Form):
    """A collection's name, and whether it is the team's."""

    name = NameField(label=_("Name"), most=80, error_messages={"required": WRONG_NAME, "too_long": LONG_NAME})
    is_team = forms.BooleanField(label=_("Team collection: every member can see it and add to it"), required=False)

    def __init__(self, data: Mapping[str, str] | None = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial, label_suffix="")
