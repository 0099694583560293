"""The forms of second factors, in the studio's words."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.forms import GenerateRecoveryCodesForm
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django import forms
from django.utils.translation import gettext_lazy as _

from .fields import NameField
from .forms import Account


class Credential(forms.JSONField):
    """What a browser says of a passkey."""

    widget = forms.HiddenInput
    default_error_messages = {
        "required": _("No passkey was used. Your browser must support them, and allow scripts here."),
        "invalid": _("No passkey was used. Try again."),
    }


@contextmanager
def _read_or_refused() -> Iterator[None]:
    """The library raises whatever the bytes of a passkey lead it to, if they are none."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError, struct.error):
        raise get_adapter().validation_error("incorrect_code") from None


class _Coded(Account):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {"inputmode": "numeric", "spellcheck": "false"}


class CodeForm(_Coded, base.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """A code of the app, or a recovery code, while signing in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from your app, or a recovery code")


class CodeAgainForm(_Coded, base.ReauthenticateForm):  # type: ignore[misc]
    """The same, of somebody who is signed in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from your app, or a recovery code")


class NewAppForm(_Coded, totp.ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from the app")


class RemoveAppForm(Account, totp.DeactivateTOTPForm):  # type: ignore[misc]
    """Has no fields."""


class NewCodesForm(Account, GenerateRecoveryCodesForm):  # type: ignore[misc]
    """Has no fields."""


class NewPasskeyForm(Account, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A passkey and what its person calls it."""

    credential = Credential()
    name = NameField(label=_("Name"), most=60, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    passwordless = forms.BooleanField(
        label=_("Sign in with it alone, without a password"),
        help_text=_("It then asks for a fingerprint, your face or a PIN. Clear this for a simple security key."),
        required=False,
        initial=True,
    )

    def clean(self) -> dict[str, Any] | None:
        with _read_or_refused():
            return super().clean()


class PasskeyForm(Account, webauthn.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey after the password."""

    credential = Credential()

    def clean_credential(self) -> Authenticator:
        with _read_or_refused():
            return super().clean_credential()


class PasskeyAgainForm(PasskeyForm, webauthn.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey of somebody who is signed in."""


class PasskeyAloneForm(PasskeyForm, webauthn.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey instead of the password."""
