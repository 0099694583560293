"""What people may do in the admin, and what they may therefore let others do."""

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from . import reviewers
from .models import Invitation, User

PERMISSIONS = "django.contrib.auth.backends.ModelBackend"  # the backend that knows them
Role = Invitation.Role


def rights(person: User) -> QuerySet[Permission]:
    """What this person may do by themselves and through groups, whether or not the account is active."""
    return Permission.objects.filter(Q(user=person) | Q(group__user=person))


def groups_within(person: User) -> QuerySet[Group]:
    """The groups that give nobody more than this person has."""
    return Group.objects.exclude(permissions__in=Permission.objects.exclude(pk__in=rights(person)))


def roles_within(person: User) -> list[Invitation.Role]:
    """The roles that this person may give to others: nobody makes anybody more than they are."""
    if person.is_superuser:
        return [*Role]
    may_review = groups_within(person).filter(name=reviewers.NAME).exists()
    return [Role.MEMBER, Role.REVIEWER] if may_review else [Role.MEMBER]
