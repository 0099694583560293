"""The forms of second factors, in the studio's words."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.forms import GenerateRecoveryCodesForm
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from allauth.mfa.webauthn.internal.auth import get_state
from django import forms
from django.utils.translation import gettext_lazy as _
from fido2.webauthn import UserVerificationRequirement

from . import guessing
from .fields import NameField
from .forms import Account
from .throttles import Waiting


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


class _Guessed(_Coded, base.BaseAuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """Counts a code as wrong before anybody looks at it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from your app, or a recovery code")

    def clean_code(self) -> str:
        try:
            trying = guessing.begin_code(context.request, self.user)
        except Waiting as waiting:
            raise forms.ValidationError(waiting.told(guessing.TOO_MANY_CODES)) from None
        code: str = super().clean_code()
        trying.was_right()
        return code


class CodeForm(_Guessed, base.AuthenticateForm):  # type: ignore[misc]
    """A code of the app, or a recovery code, while signing in."""


class CodeAgainForm(_Guessed, base.ReauthenticateForm):  # type: ignore[misc]
    """The same, of somebody who is signed in."""


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
    """A passkey instead of the password: its owner has shown a PIN, a face or a finger, and meant it for this.

    All that is asked of passkeys waits in one place of the session, so that what was asked after a password, for a
    touch alone, could be answered here.
    """

    def clean_credential(self) -> Authenticator:
        asked = get_state() or {}
        if asked.get("user_verification") != UserVerificationRequirement.REQUIRED:
            raise get_adapter().validation_error("incorrect_code")
        passkey = super().clean_credential()
        if passkey.wrap().is_passwordless is False:
            raise get_adapter().validation_error("incorrect_code")
        return passkey
