"""What becomes of somebody's work: the choice an admin makes."""

from typing import Any

from django import forms

from accounts.fields import Form
from accounts.models import User


class LeaveForm(Form):
    """To whom, or to nobody."""

    what = forms.ChoiceField(
        label="What becomes of it",
        choices=[("hand over", "Hand it over to a colleague"), ("erase", "Erase it for good")],
        widget=forms.RadioSelect(attrs={"class": "radiolist"}),
    )
    heir = forms.ModelChoiceField(User.objects.none(), label="To whom", required=False)
    keep_links = forms.BooleanField(
        label="Open the share links again",
        required=False,
        help_text="They are closed while their maker is switched off. Otherwise they are revoked for good.",
    )
    delete = forms.BooleanField(
        label="Delete the account too",
        required=False,
        help_text="What one signs in and pays with goes. The name stays where the books say who spent what.",
    )
    sure = forms.BooleanField(
        label="I have read what this means", error_messages={"required": "Read it and tick this."}
    )

    def __init__(self, data: Any, *, person: User) -> None:
        super().__init__(data)
        heirs: Any = self.fields["heir"]
        heirs.queryset = User.objects.filter(is_active=True).exclude(pk=person.pk).order_by("username")

    def clean(self) -> None:
        if self.cleaned_data.get("what") == "hand over" and not self.cleaned_data.get("heir"):
            self.add_error("heir", "Choose who gets it.")
