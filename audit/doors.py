"""Records who comes in, who does not, and what they prove themselves with.

Django and allauth tell it by signals alone, so this is the one place that listens to some.
"""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as factors
from django.contrib.auth import get_user_model, signals
from django.db.models import Q

from .log import record
from .models import Action

SHOWN = 3


def listen() -> None:
    signals.user_logged_in.connect(_signed_in, dispatch_uid="audit")
    signals.user_login_failed.connect(_failed, dispatch_uid="audit")
    signals.user_logged_out.connect(_signed_out, dispatch_uid="audit")
    for changed in [account.password_changed, account.password_set, account.password_reset]:
        changed.connect(_password_changed, dispatch_uid="audit")
    factors.authenticator_added.connect(_factor_added, dispatch_uid="audit")
    factors.authenticator_removed.connect(_factor_removed, dispatch_uid="audit")
    factors.authenticator_reset.connect(_factor_renewed, dispatch_uid="audit")
    factors.authentication_failed.connect(_factor_failed, dispatch_uid="audit")


def _signed_in(sender: Any, user: Any, **rest: Any) -> None:
    record(Action.SIGNED_IN, user, actor=user)


def _signed_out(sender: Any, user: Any, **rest: Any) -> None:
    if user is not None:
        record(Action.SIGNED_OUT, user, actor=user)


def _failed(sender: Any, credentials: dict[str, Any], **rest: Any) -> None:
    """A name that nobody has may be a password in the wrong field, so only its beginning is kept."""
    typed = str(credentials.get("username") or credentials.get("email") or "")
    people = get_user_model()._default_manager  # noqa: SLF001
    person = people.filter(Q(username=typed) | Q(email__iexact=typed)).first() if typed else None
    record(Action.SIGN_IN_FAILED, person, words=typed if person else f"{typed[:SHOWN]}…", kind="accounts.user")


def _password_changed(sender: Any, user: Any, **rest: Any) -> None:
    record(Action.PASSWORD_CHANGED, user, actor=user)


def _factor_added(sender: Any, user: Any, authenticator: Any, **rest: Any) -> None:
    _factor(Action.FACTOR_ADDED, user, authenticator)


def _factor_removed(sender: Any, user: Any, authenticator: Any, **rest: Any) -> None:
    _factor(Action.FACTOR_REMOVED, user, authenticator)


def _factor_renewed(sender: Any, user: Any, authenticator: Any, **rest: Any) -> None:
    _factor(Action.FACTOR_RENEWED, user, authenticator)


def _factor_failed(sender: Any, user: Any, authenticator: Any, **rest: Any) -> None:
    """Whoever failed has shown the password, not who they are."""
    record(Action.FACTOR_FAILED, user, details={"factor": _kind(authenticator)})


def _factor(action: Action, user: Any, authenticator: Any) -> None:
    record(action, user, actor=user, details={"factor": _kind(authenticator)})


def _kind(authenticator: Any) -> str:
    """`totp`, `webauthn` or `recovery_codes`."""
    return str(getattr(authenticator, "type", ""))
