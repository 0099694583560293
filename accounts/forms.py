"""The forms for signing in and for tokens."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth import password_validation
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meigen_api.secret import Secret

from . import time_zones
from .fields import Form, InOurWords, NameField, TextField
from .models import User

NOT_THE_SAME = _("This is not the same password. Type the new one twice.")
NO_ADDRESS = _("This is not an email address. Write it like name@example.org.")


class Account(InOurWords):
    """A form of allauth, without placeholders, because they would only repeat the labels."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class LoginForm(Account, allauth_forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    """Takes a user name or an address in any spelling."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username or email")
        self.fields["password"].help_text = ""  # allauth leads to forgotten passwords here, also where there is no mail
        self.fields["login"].widget.attrs |= {"autocomplete": "username", "dir": "auto"}

    def clean_login(self) -> str:
        """In the form in which names and addresses are kept, also for the limit of attempts per login."""
        login: str = super().clean_login()
        return User.normalize_username(login)


class ReauthenticateForm(Account, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    """Asks for the password once more."""


class Chosen(Account):
    """Says what a password has to be like before somebody types one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("New password")
        self.fields["password2"].label = _("New password, again")
        self.fields["password1"].help_text = " ".join(password_validation.password_validators_help_texts())

    def clean_password2(self) -> str:
        again: str = self.cleaned_data["password2"]
        if again != self.cleaned_data.get("password1", again):
            raise forms.ValidationError(NOT_THE_SAME)
        return again


class NewPasswordForm(Chosen, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password for somebody who came by the link in a mail."""


class ForgottenPasswordForm(Account, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """Asks where to send the link to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Your email address")
        self.fields["email"].error_messages["invalid"] = NO_ADDRESS


class ChangePasswordForm(Chosen, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """Asks for the current password, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Current password")

    def clean_oldpassword(self) -> str:
        """Within the limit of tries to sign in, which allauth's own check of this field does not count."""
        password: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class TokenInput(forms.TextInput):
    """Never shows the value again. It is not a password field, because browsers would offer to save it; CSS masks
    it."""

    def format_value(self, value: Any) -> None:
        return None


def _zones() -> list[tuple[str, Any]]:
    studios = _("As the studio: %(zone)s") % {"zone": timezone.get_default_timezone_name()}
    return [("", studios), ("UTC", "UTC"), *time_zones.by_area()]


class TimeZoneForm(Form):
    """In which zone a person sees times."""

    time_zone = forms.ChoiceField(choices=_zones, required=False)


class NewTokenForm(Form):
    """The name of a token to create at Meigen."""

    name = NameField(
        label=_("Name"),
        most=60,
        error_messages={"required": _("Give the token a name so you can recognize it later.")},
        widget=forms.TextInput(attrs={"placeholder": _("Studio"), "autocomplete": "off"}),
    )


class TokenForm(Form):
    """A pasted token and its label. `cleaned_data["token"]` is a Secret."""

    token = TextField(
        label=_("Token"),
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
        label=_("Label (optional)"),
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
