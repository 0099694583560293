"""Adding, replacing and removing tokens. This is the only place that writes them."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django_q.tasks import async_task

from audit.log import record
from audit.models import Action
from meigen_api.secret import Secret

from . import sealing, vault
from .models import Token, User
from .token_check import Verdict


@sensitive_variables("secret")
def add(owner: User, secret: Secret, label: str, verdict: Verdict) -> Token:
    """Stores the token. An API token becomes the one its owner spends from.

    Pasting a known token again only updates its label. A default token that Meigen refuses is replaced by the new one,
    so that generations queued with it continue.
    """
    with transaction.atomic():
        User.objects.select_for_update().get(pk=owner.pk)  # serializes two simultaneous submissions
        current = Token.objects.default_for(owner)
        known = Token.objects.filter(owner=owner, fingerprint=sealing.fingerprint(secret)).first()
        if known is not None:
            token = known
        elif current is not None and current.refused_at and current.kind == _kind(secret):
            token = current
        else:
            token = Token(owner=owner)
        # A session token is for managing tokens; it pays only if there is no other.
        if current is None or _kind(secret) == Token.Kind.API:
            Token.objects.filter(owner=owner, is_default=True).exclude(pk=token.pk).update(is_default=False)
            token.is_default = True
        token.label = label or token.label or _("My token")
        is_new = token.pk is None
        _put(token, secret, verdict)
        record(Action.TOKEN_ADDED if is_new else Action.TOKEN_REPLACED, token, actor=owner)
    return token


@sensitive_variables("secret")
def replace(token: Token, secret: Secret, verdict: Verdict) -> None:
    """Replaces the token in a row. Generations waiting for the old token continue with the new one.

    Raises IntegrityError if the owner already has the new token in another row, and Token.DoesNotExist if the row is
    gone.
    """
    with transaction.atomic():
        sealing.catch_up()  # its lock comes before any token's, as in `add`
        # Read again under a lock: during the call the token may have been removed or another made the default.
        current = Token.objects.select_for_update().get(pk=token.pk)
        _put(current, secret, verdict)
        record(Action.TOKEN_REPLACED, current)


def _kind(secret: Secret) -> Token.Kind:
    return Token.Kind.API if secret.reveal().startswith("meigen_sk_") else Token.Kind.SESSION


def _put(token: Token, secret: Secret, verdict: Verdict) -> None:
    fingerprint = sealing.fingerprint(secret)
    if token.pk and token.fingerprint != fingerprint:
        token.revision += 1
        token.credits = token.daily_credits = token.credits_at = None
        token.is_unlimited = False
    token.fingerprint = fingerprint
    token.ciphertext = sealing.seal(secret, owner_id=token.owner_id)
    token.key_id = vault.current_key_id()
    token.last4 = secret.reveal()[-4:]
    token.kind = _kind(secret)
    token.refused_at = None
    token.checked_at = timezone.now() if verdict is Verdict.GOOD else None
    token.save()
    # In the same transaction: the new token and the wake-up of its queue succeed or fail together.
    async_task(settings.WAKE_TASK)


def make_default(token: Token) -> None:
    """Makes it the token its owner spends from. Queued generations keep their own token."""
    with transaction.atomic():
        Token.objects.filter(owner=token.owner, is_default=True).update(is_default=False)
        if Token.objects.filter(pk=token.pk).update(is_default=True):
            record(Action.TOKEN_CHOSEN, token)


def remove(token: Token) -> None:
    """Deletes the token. The owner's newest remaining token becomes the default. Generations queued with it wait for
    the owner."""
    with transaction.atomic():
        owner, was_default = token.owner, token.is_default
        record(Action.TOKEN_REMOVED, token)
        token.delete()
        heir = Token.objects.default_for(owner)
        if was_default and heir is not None:
            Token.objects.filter(pk=heir.pk).update(is_default=True)


def note_verdict(token: Token, verdict: Verdict) -> None:
    """Stores what Meigen said about a token. An unknown verdict changes nothing."""
    if verdict is Verdict.UNKNOWN:
        return
    with transaction.atomic():
        same = Token.objects.filter(pk=token.pk, revision=token.revision)
        if verdict is Verdict.GOOD:
            same.update(checked_at=timezone.now(), refused_at=None)
            async_task(settings.WAKE_TASK)
        else:
            token.note_refusal(timezone.now(), token.revision)
