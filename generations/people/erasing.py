"""Erasing all that somebody has made, for good; what the books need stays."""

from datetime import timedelta
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.log import record
from audit.models import Action
from generations.dispatch import wake
from generations.models import Approval, Collection, Generation, Preset, Reference, SavedView, Share, Star
from generations.models.visibility import trash_ends
from generations.people import holdings, leaving


class StillRunning(Exception):
    """Some of it is paid and not finished: erasing it now would lose a result that nobody has seen."""


def erase(person: User) -> None:
    """Erases the person's work as the trash does, and their collections, presets, views and links. Raises StillRunning.

    The person is switched off first. The trash takes the prompts, answers and files within minutes; from this moment
    nobody sees them.
    """
    leaving.switch(person, on=False)
    leaving.put_away_queue(person)
    with transaction.atomic():
        counted = holdings.of(person)
        if counted.running:
            raise StillRunning
        long_ago = trash_ends(timezone.now()) - timedelta(seconds=1)
        Share.objects.filter(created_by=person).delete()
        Collection.objects.owned_by(person).delete()
        Preset.objects.filter(owner=person).delete()
        SavedView.objects.owned_by(person).delete()
        Star.objects.filter(user=person).delete()
        Approval.objects.filter(owner=person).update(reason="", answer="")
        Generation.objects.owned_by(person).mark_changed(deleted_at=long_ago, team_at=None)
        _references(person)
        record(Action.PERSON_ERASED, person, details={"generations": counted.generations, "files": counted.files})
        wake.empty_trash()


def _references(person: User) -> None:
    """What no request names goes now, the rest with the last request that names it."""
    rows = Reference.objects.filter(owner=person)
    unused = rows.filter(referenceuse=None)
    names = [name for name in unused.values_list("file", flat=True) if name]
    unused.delete()
    rows.update(created_at=trash_ends(timezone.now()) - timedelta(seconds=1))
    for name in names:  # what cannot be removed now is left to `verify_media`
        transaction.on_commit(partial(default_storage.delete, name), robust=True)
