"""The form of an invitation."""

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from accounts.fields import Form, NameField
from accounts.forms import NOT_THE_SAME
from accounts.models import Invitation, User


class JoinForm(Form):
    """The name and the password of a new account."""

    username = NameField(
        label=_("Name"),
        most=150,
        validators=[User.username_validator],
        help_text=_("Colleagues see it beside what you show them. Letters, digits and @ . + - _, without spaces."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    password1 = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    password2 = forms.CharField(
        label=_("Password, again"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, data: Any, *, invitation: Invitation) -> None:
        super().__init__(data, initial={"username": invitation.name}, label_suffix="")
        self.invitation = invitation
        self.fields["password1"].help_text = " ".join(password_validation.password_validators_help_texts())

    def clean_username(self) -> str:
        name: str = User.normalize_username(self.cleaned_data["username"])
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(_("Somebody already has this name. Choose another."))
        return name

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        person = User(username=self.cleaned_data.get("username", ""), email=self.invitation.email)
        password_validation.validate_password(password, person)
        return password

    def clean_password2(self) -> str:
        again: str = self.cleaned_data["password2"]
        if again != self.cleaned_data.get("password1", again):
            raise forms.ValidationError(NOT_THE_SAME)
        return again
