"""The forms for signing in and for tokens."""

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meigen_api.secret import Secret

from . import time_zones
from .fields import NameField, TextField
from .models import User


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Has no placeholders, because they would only repeat the labels."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "dir": "auto"}

    def clean_login(self) -> str:
        """In the form in which names and addresses are kept, also for the limit of attempts per login."""
        login: str = super().clean_login()
        return User.normalize_username(login)


class TokenInput(forms.TextInput):
    """Never shows the value again. It is not a password field, because browsers would offer to save it; CSS masks
    it."""

    def format_value(self, value: Any) -> None:
        return None


def _zones() -> list[tuple[str, Any]]:
    studios = _("As the studio: %(zone)s") % {"zone": timezone.get_default_timezone_name()}
    return [("", studios), ("UTC", "UTC"), *time_zones.by_area()]


class TimeZoneForm(forms.Form):
    """In which zone a person sees times."""

    time_zone = forms.ChoiceField(choices=_zones, required=False)


class NewTokenForm(forms.Form):
    """The name of a token to create at Meigen."""

    name = NameField(
        most=60,
        error_messages={"required": _("Give the token a name so you can recognize it later.")},
        widget=forms.TextInput(attrs={"placeholder": _("Studio"), "autocomplete": "off"}),
    )


class TokenForm(forms.Form):
    """A pasted token and its label. `cleaned_data["token"]` is a Secret."""

    token = TextField(
        most=4000,
        widget=TokenInput(
            attrs={
                "autocomplete": "off",
                "spellcheck": "false",
                "autocapitalize": "off",
                "placeholder": "meigen_sk_…",
                "class": "secret",
            }
        ),
        error_messages={"required": _("Paste a token first.")},
    )
    label = NameField(
        most=60,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("My token"), "autocomplete": "off"}),
    )

    def clean_label(self) -> str:
        label: str = self.cleaned_data["label"]
        if "meigen_sk_" in label:
            raise forms.ValidationError(
                _("This looks like a token. Paste it into the token field; the label is only a name.")
            )
        return label

    def clean_token(self) -> Secret:
        value = self.cleaned_data["token"].removeprefix("Bearer ").strip()
        if not value.isascii() or not value.isprintable() or " " in value:
            raise forms.ValidationError(
                _("This is not a token: it contains spaces or special characters. Copy it again.")
            )
        if not value.startswith("meigen_sk_") and value.count(".") != 2:
            raise forms.ValidationError(
                _(
                    "This does not look like a Meigen token. API tokens start with meigen_sk_; create one at "
                    "meigen.ai under Settings, API Keys."
                )
            )
        return Secret(value)
