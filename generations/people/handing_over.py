"""Handing all that somebody has made over to a colleague, when they leave or change."""

from typing import TypeVar

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from accounts.models import User
from audit.log import record
from audit.models import Action
from generations.models import Collection, CollectionItem, Generation, Preset, Reference, ReferenceUse, Share
from generations.people import holdings, leaving
from generations.sharing import links as sharing

Named = TypeVar("Named", Collection, Preset)


def hand_over(person: User, heir: User, *, keep_links: bool) -> None:
    """Makes the heir the owner of the person's work, collections, presets, references and links.

    The person is switched off first, so that nothing of it is sent any more. What runs goes on and arrives at the
    heir. The tokens stay the person's, and never pay for what is the heir's now. Links that are not kept are revoked,
    and so are those that would show what the heir has collected.
    """
    leaving.switch(person, on=False)
    leaving.put_away_queue(person)
    with transaction.atomic():
        counted = holdings.of(person)
        _references(person, heir)
        _take(Preset, person, heir)
        _take(Collection, person, heir)
        _links(person, heir, keep=keep_links)
        # Who spent what stays true: what is charged or refunded later is still booked on whoever asked for it.
        Generation.objects.owned_by(person).mark_changed(owner=heir, asked_by=Coalesce("asked_by", "owner"))
        told = {"to": heir.get_username(), "generations": counted.generations, "links": keep_links}
        record(Action.HANDED_OVER, person, details=told)


def _take(model: type[Named], person: User, heir: User) -> None:
    """Two things of one person never have the same name, so a double gets its maker's name behind it."""
    taken = {name.lower() for name in model.objects.filter(owner=heir).values_list("name", flat=True)}
    for row in model.objects.filter(owner=person):
        row.name, row.owner = _free(row.name, person.get_username(), taken), heir
        row.save(update_fields=["name", "owner"])
        taken.add(row.name.lower())


def _free(name: str, maker: str, taken: set[str]) -> str:
    """The name, or the first one like it that is not taken."""
    number, wanted = 1, name
    while wanted.lower() in taken:
        behind = f" ({maker[:30]})" if number == 1 else f" ({maker[:30]} {number})"
        number, wanted = number + 1, f"{name[: 80 - len(behind)]}{behind}"
    return wanted


def _references(person: User, heir: User) -> None:
    """An address that both have given is one reference from now on."""
    own = Reference.objects.filter(owner=heir, file="")
    twins = {row.public_url: row for row in own}
    for double in Reference.objects.filter(owner=person, file="", public_url__in=twins):
        twin = twins[double.public_url]
        ReferenceUse.objects.filter(reference=double).update(reference=twin)
        for preset in Preset.objects.filter(owner=person, references__icontains=str(double.pk)):
            preset.references = [str(twin.pk) if pk == str(double.pk) else pk for pk in preset.references]
            preset.save(update_fields=["references"])
        double.delete()
    Reference.objects.filter(owner=person).update(owner=heir)


def _links(person: User, heir: User, *, keep: bool) -> None:
    """A link that follows a collection shows what its maker put there: the two people's must never become one."""
    theirs = Share.objects.filter(created_by=person, revoked_at=None)
    followed = Share.objects.filter(created_by=heir, revoked_at=None, collection__isnull=False).values("collection")
    filled = CollectionItem.objects.filter(added_by=heir).values("collection")
    mixed = theirs.filter(Q(collection__in=followed) | Q(collection__in=filled))
    sharing.revoke(*(mixed if keep else theirs))
    CollectionItem.objects.filter(added_by=person).exclude(collection__in=followed).update(added_by=heir)
    Share.objects.filter(created_by=person).update(created_by=heir, nonce=None)
