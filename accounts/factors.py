"""Second factors: how the studio keeps them and names them, and where it demands one."""

from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_variables

from meigen_api.secret import Secret

from . import sealing, vault
from .sessions import device_of

Type = Authenticator.Type
SEALED = ("secret", "seed")  # of an app and of recovery codes, in `Authenticator.data`


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets are encrypted with TOKEN_KEYS, as tokens are."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_generate_recovery_codes": gettext_lazy("Set up an authenticator app or a passkey first."),
        "incorrect_code": gettext_lazy("This was not accepted. Wait for the next code, or try another way."),
    }

    @sensitive_variables()
    def encrypt(self, text: str) -> str:
        """allauth does not say whose secret it is."""
        return sealing.seal(Secret(text), owner_id=sealing.NOBODY)

    @sensitive_variables()
    def decrypt(self, encrypted_text: str) -> str:
        """Raises vault.Unreadable if no key in TOKEN_KEYS decrypts it."""
        return sealing.unseal(encrypted_text, owner_id=sealing.NOBODY).reveal()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": settings.MFA_TOTP_ISSUER}

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:
        return device_of(context.request.headers.get("User-Agent", ""))


def has_passed(request: HttpRequest) -> bool:
    """Whether this sign-in went through a second factor that the person still has."""
    used = [record.get("id") for record in get_authentication_records(request, request.user)]
    factors = Authenticator.objects.filter(user_id=request.user.pk, pk__in=filter(None, used))
    return bool(factors.exists())


def is_lacking(request: HttpRequest) -> bool:
    """Whether the person must pass a second factor before the admin opens."""
    return settings.STAFF_NEED_MFA and not has_passed(request)


def ask(request: HttpRequest, then: str) -> HttpResponse:
    """Leads to the person's second factor, or to setting one up."""
    types = set(Authenticator.objects.filter(user_id=request.user.pk).values_list("type", flat=True))
    if not types:
        messages.warning(request, _("The administration needs a second factor. Set one up first."))
        return redirect("mfa_index")
    page = "mfa_reauthenticate" if Type.TOTP in types else "mfa_reauthenticate_webauthn"
    return redirect(f"{reverse(page)}?{urlencode({'next': then})}")


def reseal(factor: Authenticator) -> None:
    """Encrypts its secret with the first key of TOKEN_KEYS. Raises vault.Unreadable if no key decrypts it."""
    adapter = Adapter()
    sealed = {name: adapter.encrypt(adapter.decrypt(factor.data[name])) for name in SEALED if name in factor.data}
    factor.data |= sealed
    factor.save(update_fields=["data"])


def opens(factor: Authenticator) -> bool:
    """Whether a key in TOKEN_KEYS decrypts its secret."""
    try:
        for name in SEALED:
            if name in factor.data:
                Adapter().decrypt(factor.data[name])
    except vault.Unreadable:
        return False
    return True
