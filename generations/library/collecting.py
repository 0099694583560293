"""What people do with collections: add, take out, move, merge, arrange, show to the team."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from generations.models import Collection, CollectionItem, Generation, GenerationQuerySet
from generations.models.share import with_links

BY = " · "  # between the name and the owner of somebody else's collection


def known_as(collection: Collection, user: User) -> str:
    """What this person types to mean it: the owner stands beside the name of another's."""
    return collection.name if collection.owner_id == user.pk else f"{collection.name}{BY}{collection.owner}"


class Name(NamedTuple):
    """A collection as somebody chooses it, and who sees what they put there: the team, the world by a link."""

    pk: UUID
    name: str
    is_team: bool
    is_linked: bool


def names(user: User) -> list[Name]:
    """What this person may put something into, by name."""
    rows = with_links(Collection.objects.visible_to(user))
    # A link shows what the collection's owner puts there, and nobody else's.
    return [Name(row.pk, known_as(row, user), row.is_team, row.is_linked and row.owner_id == user.pk) for row in rows]


def named(user: User, text: str) -> Collection | None:
    """The collection that this person means by a text; a bare name is always one's own, so that nothing is shown to the
    team by mistake."""
    own = Collection.objects.named(user, text).select_related("owner").first()
    name, by, owner = text.rpartition(BY)
    if own or not by:
        return own
    theirs = Collection.objects.visible_to(user).exclude(owner=user)
    return theirs.called(name).filter(owner__username=owner).first()


def create(user: User, name: str, *, is_team: bool = False) -> tuple[Collection, bool]:
    """The person's collection of this name, and whether it is new."""
    try:
        with transaction.atomic():
            return Collection.objects.create(owner=user, name=name, is_team=is_team), True
    except IntegrityError:  # it is there, or was made by another click meanwhile
        return Collection.objects.named(user, name).get(), False


def rename(user: User, pk: UUID, name: str) -> bool:
    """False when another of the person's collections has this name."""
    try:
        with transaction.atomic():
            Collection.objects.owned_by(user).filter(pk=pk).update(name=name)
    except IntegrityError:
        return False
    return True


def add(user: User, pk: UUID, ids: Iterable[UUID]) -> int | None:
    """Puts what the person may see of these in, the oldest first; says how many, or None when it is gone."""
    with transaction.atomic():
        collection = Collection.objects.visible_to(user).locked().filter(pk=pk).first()
        if collection is None:
            return None
        rows = Generation.objects.visible_to(user).kept().filter(pk__in=ids).order_by("created_at", "pk")
        collection.add(user, rows)
        return len(rows)


def may_take_out(user: User, collection: Collection) -> Q:
    """Which items this person may take out: their own work, and everything of a collection of theirs."""
    return Q() if collection.owner_id == user.pk else Q(generation__owner=user)


def take_out(user: User, collection: Collection, ids: Iterable[UUID]) -> int:
    """Takes these out, which stay where else they are; says how many."""
    with transaction.atomic():
        Collection.objects.locked().filter(pk=collection.pk).first()
        items = CollectionItem.objects.filter(may_take_out(user, collection), collection=collection, generation__in=ids)
        taken = list(items.values_list("generation", flat=True))
        count, _ = items.delete()
        _stay_hidden(user, Generation.objects.filter(pk__in=taken))
        return count


def move(user: User, source: Collection, target: UUID, ids: Iterable[UUID]) -> int | None:
    """Takes these out of one and puts them into the other; says how many, or None when either is gone."""
    with transaction.atomic():
        both = {row.pk: row for row in Collection.objects.visible_to(user).locked().filter(pk__in=[source.pk, target])}
        if source.pk not in both or target not in both:
            return None
        items = CollectionItem.objects.filter(may_take_out(user, source), collection=source, generation__in=ids)
        rows = Generation.objects.visible_to(user).kept().filter(collectionitem__in=items).order_by("created_at", "pk")
        moved = list(rows)
        both[target].add(user, moved)
        if source.pk != target:
            items.filter(generation__in=moved).delete()
            _stay_hidden(user, Generation.objects.filter(pk__in=[row.pk for row in moved]))
        return len(moved)


def merge(user: User, pk: UUID, target: UUID) -> Collection | None:
    """Puts all that is in the person's collection into another and deletes it; None when either is gone."""
    with transaction.atomic():
        both = {row.pk: row for row in Collection.objects.visible_to(user).locked().filter(pk__in=[pk, target])}
        if pk == target or pk not in both or target not in both or both[pk].owner_id != user.pk:
            return None
        there = CollectionItem.objects.filter(collection=target).values("generation")
        items = CollectionItem.objects.filter(collection=pk)
        if both[target].is_team:
            Generation.objects.owned_by(user).filter(collections=pk).show()
        # What others put into theirs, this person puts into the other: it is not as if its owner had.
        items.filter(added_by=both[target].owner_id).update(added_by=user)
        # What a colleague had put there is put there by this person now, as far as it is their own work.
        own = items.filter(added_by=user, generation__owner=user).values_list("generation", flat=True)
        CollectionItem.objects.filter(collection=target, generation__in=list(own)).update(added_by=user)
        items.exclude(generation__in=there).update(collection=target, position=0)
        both[pk].delete()  # with what was in both
        _stay_hidden(user, Generation.objects.filter(collections=target))
        return both[target]


def show(user: User, pk: UUID, *, shown: bool) -> int:
    """Makes it the team's, with the owner's work in it, or private again; says how many the team sees more."""
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
    """(how many finished results of this person in it the team does not see, how many are under way)."""
    rows = _of(user, collection).kept().filter(team_at=None)
    done = rows.filter(status=Generation.Status.DONE)
    return done.count(), rows.filter(status__in=Generation.LIVE).count()


def _stay_hidden(user: User, rows: GenerationQuerySet) -> None:
    """What of this person's is not done yet and in no collection of the team any more is not shown when it is done.

    What is done stays shown: the team has seen it, and its page says who sees it.
    """
    with_team = CollectionItem.objects.filter(generation=OuterRef("pk"), collection__is_team=True)
    rows.owned_by(user).exclude(status=Generation.Status.DONE).exclude(Exists(with_team)).hide()


def _of(user: User, collection: Collection) -> GenerationQuerySet:
    return Generation.objects.owned_by(user).filter(collections=collection)


def delete(user: User, pk: UUID) -> bool:
    """Deletes the person's collection and keeps what is in it; False when it is gone."""
    with transaction.atomic():
        own = Collection.objects.owned_by(user).locked().filter(pk=pk).first()
        if own is not None:
            unfinished = list(_of(user, own).exclude(status=Generation.Status.DONE).values_list("pk", flat=True))
            own.delete()
            _stay_hidden(user, Generation.objects.filter(pk__in=unfinished))
        return own is not None


def choose_cover(user: User, collection: Collection, generation: UUID) -> bool:
    """False when it is not in it, or the collection not the person's."""
    chosen = CollectionItem.objects.filter(collection=collection, generation=generation).seen_by(user)
    own = Collection.objects.owned_by(user).filter(pk=collection.pk)
    return chosen.exists() and bool(own.update(cover=generation))


def arrange(user: User, pk: UUID, generation: UUID, step: str) -> int | None:
    """Moves one a step `earlier` or `later`, or to be `first` or `last`, in the order as it is seen now.

    From then on the order is by hand. Returns the new place from 1, or None when it is not there. What others took back
    from the team keeps its place unseen.
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
        there = {"earlier": max(here - 1, 0), "later": min(here + 1, last), "first": 0, "last": last}.get(step, here)
        items.insert(places[there], items.pop(places[here]))
        moved = []
        for position, item in enumerate(items, 1):
            if item.position != position:
                item.position = position
                moved.append(item)
        CollectionItem.objects.bulk_update(moved, ["position"], batch_size=400)
        Collection.objects.filter(pk=pk).update(order=Collection.Order.HAND)
        return there + 1
