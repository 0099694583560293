"""Switching people off and on, and what stays of an account when its person has gone."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import Token, User
from audit.log import record
from audit.models import Action
from generations.dispatch import parking, wake
from generations.models import Draft, Generation, SavedView, Trail


def switch(person: User, *, on: bool) -> bool:
    """Switches the account on or off; says whether it was the other way before.

    What was waiting is put away at once. It could not have been sent anyway, whoever switches an account off.
    """
    with transaction.atomic():
        if not User.objects.filter(pk=person.pk, is_active=not on).update(is_active=on):
            return False
        person.refresh_from_db(fields=["is_active", "active_since"])
        words = "Switched on." if on else "Switched off."
        record(Action.ADMIN_CHANGED, person, details={"changes": words})
        put_away_queue(person)
        wake.sweep()
    return True


def put_away_queue(person: User) -> int:
    """Takes out of the queue what waits for somebody who is switched off; says how many."""
    now = timezone.now()
    with transaction.atomic():
        trail = Trail()  # written at the end, so that the sums of usage are held for a moment only
        rows = Generation.objects.filter(owner=person).to_put_away()
        count = sum(parking.put_away(row, now, trail) for row in rows)
        trail.write()
    return count


def close(person: User) -> bool:
    """Deletes the account, or leaves its bare name for the books; says whether it is gone.

    The books are rows that name who spent what, and that refuse to lose the name. Whatever one can sign in with or
    spend from is deleted either way.
    """
    with transaction.atomic():
        for model in [Authenticator, SocialAccount, UserSession, EmailAddress]:
            model.objects.filter(user=person).delete()
        Token.objects.filter(owner=person).delete()
        Draft.objects.filter(owner=person).delete()
        SavedView.objects.owned_by(person).delete()
        record(Action.ADMIN_DELETED, person)
        person.is_active = False
        person.email = person.first_name = person.last_name = ""
        person.set_unusable_password()
        person.save()
        try:
            with transaction.atomic():
                person.delete()
        except ProtectedError:
            return False
    return True
