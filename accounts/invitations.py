"""Inviting people: a link that makes one account, once."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from audit.log import record
from audit.models import Action

from . import letters, link_secrets, reviewers
from .models import Invitation, User
from .rights import roles_within

DAYS = 7
Role = Invitation.Role


class Over(Exception):
    """The invitation was used, taken back or has expired meanwhile."""


def invite(giver: User, *, days: int = DAYS, role: str = Role.MEMBER, **choices: object) -> Invitation:
    """Makes an invitation. `choices` are `name`, `email` and `budget`."""
    made = Invitation(created_by=giver, role=role, expires_at=timezone.now() + timedelta(days=days), **choices)
    made.seal()
    with transaction.atomic():
        made.save(force_insert=True)
        record(Action.INVITED, made, actor=giver, details={"role": role, "email": made.email, "budget": made.budget})
    return made


@sensitive_variables("secret")
def find(secret: str) -> Invitation | None:
    """The open invitation behind a link, or None: unknown, used, revoked and expired look the same.

    So does one for a role that whoever invited may not give any more.
    """
    found = Invitation.objects.open().filter(secret_hash=link_secrets.hashed(secret)).select_related("created_by")
    invitation = found.first()
    if invitation is None or invitation.created_by is None:
        return None
    return invitation if invitation.role in roles_within(invitation.created_by) else None


@sensitive_variables("password")
def accept(invitation: Invitation, name: str, password: str) -> User:
    """Makes the account. Of two people who open a link at once, one gets it; the other raises Over.

    Raises IntegrityError when the name or the address has been taken meanwhile; then the invitation stays open.
    """
    with transaction.atomic():
        unused = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
        if not unused.update(used_at=timezone.now()):
            raise Over
        role = Role(invitation.role)
        person = User(username=name, email=invitation.email)
        person.is_staff, person.is_superuser = role != Role.MEMBER, role == Role.ADMIN
        person.set_password(password)
        person.save(force_insert=True)
        if role == Role.REVIEWER:
            person.groups.add(Group.objects.get_or_create(name=reviewers.NAME)[0])
        Invitation.objects.filter(pk=invitation.pk).update(person=person)
        record(Action.INVITATION_USED, person, actor=person, details={"invitation": str(invitation.pk), "role": role})
    return person


def revoke(*invitations: Invitation) -> int:
    """Takes them back; says how many were still open."""
    revoked = 0
    with transaction.atomic():
        for one in invitations:
            if Invitation.objects.filter(pk=one.pk, used_at=None, revoked_at=None).update(revoked_at=timezone.now()):
                record(Action.INVITATION_REVOKED, one)
                revoked += 1
    return revoked


def mail(addresses: dict[Invitation, str]) -> int:
    """Sends each its link by mail, where the studio sends mail and they have an address; says how many went out."""
    if not settings.HAS_MAIL:
        return 0
    return letters.post(_letter(one, address) for one, address in addresses.items() if one.email)


def _letter(invitation: Invitation, address: str) -> EmailMessage:
    words = {"invitation": invitation, "address": address, "studio_name": settings.STUDIO_NAME}
    text = render_to_string("accounts/email/invitation.txt", words)
    return EmailMessage(
        _("You are invited to %(studio)s") % {"studio": settings.STUDIO_NAME}, text, to=[invitation.email]
    )
