"""Changes to collections: adding, removing, moving, merging, arranging, and showing them to the team."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from generations.models import Collection, CollectionItem, Generation, GenerationQuerySet
from generations.models.share import with_links

BY = " · "  # between the name and the owner of another person's collection


def known_as(collection: Collection, user: User) -> str:
    """What this person types to refer to the collection. Another person's collection carries its owner's name."""
    return collection.name if collection.owner_id == user.pk else f"{collection.name}{BY}{collection.owner}"


class Name(NamedTuple):
    """A collection as offered for selection, and who sees what is added to it: the team, or anyone with a link."""

    pk: UUID
    name: str
    is_team: bool
    is_linked: bool
    is_own: bool
    created_at: datetime


def names(user: User) -> list[Name]:
    """The collections this person may add to, by name."""
    rows = with_links(Collection.objects.visible_to(user))
    # A link shows only what the collection's owner added.
    return [
        Name(
            pk=row.pk,
            name=known_as(row, user),
            is_team=row.is_team,
            is_linked=row.is_linked and row.owner_id == user.pk,
            is_own=row.owner_id == user.pk,
            created_at=row.created_at,
        )
        for row in rows
    ]


def named(user: User, text: str) -> Collection | None:
    """The collection this text refers to. A bare name always means the person's own, so that nothing is shown to the
    team by accident."""
    own = Collection.objects.named(user, text).select_related("owner").first()
    name, by, owner = text.rpartition(BY)
    if own or not by:
        return own
    theirs = Collection.objects.visible_to(user).exclude(owner=user)
    return theirs.called(name).filter(owner__username=User.normalize_username(owner)).first()


def create(user: User, name: str, *, is_team: bool = False) -> tuple[Collection, bool]:
    """The person's collection with this name, and whether it was created just now."""
    try:
        with transaction.atomic():
            return Collection.objects.create(owner=user, name=name, is_team=is_team), True
    except IntegrityError:  # it exists, or another click has just created it
        return Collection.objects.named(user, name).get(), False


def rename(user: User, pk: UUID, name: str) -> bool:
    """Renames the collection. Returns False if another of the person's collections has this name."""
    try:
        with transaction.atomic():
            Collection.objects.owned_by(user).filter(pk=pk).update(name=name)
    except IntegrityError:
        return False
    return True


def add(user: User, pk: UUID, ids: Iterable[UUID]) -> int | None:
    """Adds those of the rows that the person may see, oldest first. Returns how many, or None if the collection is
    gone."""
    with transaction.atomic():
        collection = Collection.objects.visible_to(user).locked().filter(pk=pk).first()
        if collection is None:
            return None
        rows = Generation.objects.visible_to(user).kept().filter(pk__in=ids).order_by("created_at", "pk")
        collection.add(user, rows)
        return len(rows)


def may_remove(user: User, collection: Collection) -> Q:
    """Selects the items this person may remove: their own work, or everything if the collection is theirs."""
    return Q() if collection.owner_id == user.pk else Q(generation__owner=user)


def remove(user: User, collection: Collection, ids: Iterable[UUID]) -> int:
    """Removes these from the collection only. Returns how many were removed."""
    with transaction.atomic():
        Collection.objects.locked().filter(pk=collection.pk).first()
        items = CollectionItem.objects.filter(may_remove(user, collection), collection=collection, generation__in=ids)
        taken = list(items.values_list("generation", flat=True))
        count, _ = items.delete()
        _stay_hidden(user, Generation.objects.filter(pk__in=taken))
        return count


def move(user: User, source: Collection, target: UUID, ids: Iterable[UUID]) -> int | None:
    """Moves these from one collection to another. Returns how many, or None if either collection is gone."""
    with transaction.atomic():
        both = {row.pk: row for row in Collection.objects.visible_to(user).locked().filter(pk__in=[source.pk, target])}
        if source.pk not in both or target not in both:
            return None
        items = CollectionItem.objects.filter(may_remove(user, source), collection=source, generation__in=ids)
        rows = Generation.objects.visible_to(user).kept().filter(collectionitem__in=items).order_by("created_at", "pk")
        moved = list(rows)
        both[target].add(user, moved)
        if source.pk != target:
            items.filter(generation__in=moved).delete()
            _stay_hidden(user, Generation.objects.filter(pk__in=[row.pk for row in moved]))
        return len(moved)


def merge(user: User, pk: UUID, target: UUID) -> Collection | None:
    """Moves everything in the person's collection to another one and deletes it. Returns None if either is gone."""
    with transaction.atomic():
        both = {row.pk: row for row in Collection.objects.visible_to(user).locked().filter(pk__in=[pk, target])}
        if pk == target or pk not in both or target not in both or both[pk].owner_id != user.pk:
            return None
        there = CollectionItem.objects.filter(collection=target).values("generation")
        items = CollectionItem.objects.filter(collection=pk)
        if both[target].is_team:
            Generation.objects.owned_by(user).filter(collections=pk).show()
        # What the target's owner added to the source counts as added by this person, so the target's links hide it.
        items.filter(added_by=both[target].owner_id).update(added_by=user)
        # This person's own work that a colleague added to the target now counts as added by this person.
        own = items.filter(added_by=user, generation__owner=user).values_list("generation", flat=True)
        CollectionItem.objects.filter(collection=target, generation__in=list(own)).update(added_by=user)
        items.exclude(generation__in=there).update(collection=target, position=0)
        both[pk].delete()  # along with the items that are in both
        _stay_hidden(user, Generation.objects.filter(collections=target))
        return both[target]


def show(user: User, pk: UUID, *, shown: bool) -> int:
    """Makes the collection a team collection, including the owner's work in it, or private again. Returns how many more
    results the team sees."""
    with transaction.atomic():
        own = Collection.objects.owned_by(user).locked().filter(pk=pk).first()
        if own is None:
            return 0
        Collection.objects.filter(pk=pk).update(is_team=shown)
        if not shown:
            _stay_hidden(user, _of(user, own))
            return 0
        done, _ = hidden(user, own)
        _of(user, own).show()
        return done


def hidden(user: User, collection: Collection) -> tuple[int, int]:
    """How many of this person's finished results in it the team does not see, and how many are in progress."""
    rows = _of(user, collection).kept().filter(team_at=None)
    done = rows.filter(status=Generation.Status.DONE)
    return done.count(), rows.filter(status__in=Generation.LIVE).count()


def _stay_hidden(user: User, rows: GenerationQuerySet) -> None:
    """Keeps this person's unfinished work hidden once it is done, unless another team collection contains it.

    Finished work stays shown: the team has seen it, and its page says who can see it.
    """
    with_team = CollectionItem.objects.filter(generation=OuterRef("pk"), collection__is_team=True)
    rows.owned_by(user).exclude(status=Generation.Status.DONE).exclude(Exists(with_team)).hide()


def _of(user: User, collection: Collection) -> GenerationQuerySet:
    return Generation.objects.owned_by(user).filter(collections=collection)


def delete(user: User, pk: UUID) -> bool:
    """Deletes the person's collection but keeps its contents. Returns False if the collection is gone."""
    with transaction.atomic():
        own = Collection.objects.owned_by(user).locked().filter(pk=pk).first()
        if own is not None:
            unfinished = list(_of(user, own).exclude(status=Generation.Status.DONE).values_list("pk", flat=True))
            own.delete()
            _stay_hidden(user, Generation.objects.filter(pk__in=unfinished))
        return own is not None


def choose_cover(user: User, collection: Collection, generation: UUID) -> bool:
    """Sets the cover. Returns False if the result is not in the collection or the collection is not the person's."""
    chosen = CollectionItem.objects.filter(collection=collection, generation=generation).seen_by(user)
    own = Collection.objects.owned_by(user).filter(pk=collection.pk)
    return chosen.exists() and bool(own.update(cover=generation))


def arrange(user: User, pk: UUID, generation: UUID, step: str, onto: UUID | None = None) -> int | None:
    """Moves an item `earlier`, `later`, `first`, `last`, or to the place of `onto`, in the order the owner sees.

    This switches the collection to its custom order. Returns the new position, counted from 1, or None if the item is
    not there. Items that others have hidden from the team keep their place.
    """
    with transaction.atomic():
        own = Collection.objects.owned_by(user).locked().filter(pk=pk).first()
        if own is None:
            return None
        items = list(CollectionItem.objects.filter(collection=own).order_by(*own.places))
        seen = set(CollectionItem.objects.filter(collection=own).seen_by(user).values_list("pk", flat=True))
        places = [place for place, item in enumerate(items) if item.pk in seen]
        here = next((n for n, place in enumerate(places) if items[place].generation_id == generation), None)
        if here is None:
            return None
        last = len(places) - 1
        steps = {"earlier": max(here - 1, 0), "later": min(here + 1, last), "first": 0, "last": last}
        if step == "onto":
            steps[step] = next((n for n, place in enumerate(places) if items[place].generation_id == onto), here)
        there = steps.get(step, here)
        items.insert(places[there], items.pop(places[here]))
        moved = []
        for position, item in enumerate(items, 1):
            if item.position != position:
                item.position = position
                moved.append(item)
        CollectionItem.objects.bulk_update(moved, ["position"], batch_size=400)
        Collection.objects.filter(pk=pk).update(order=Collection.Order.HAND)
        return there + 1
