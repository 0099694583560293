"""Collections: generations that belong together in somebody's eyes, private or the team's."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.columns import NameField
from accounts.models import User
from accounts.text import composed
from generations.models.generation import Generation, GenerationQuerySet
from generations.models.keyset import MadeAt
from generations.models.visibility import visible

MANY = 300  # a collection of more is counted no further
FEW = 30
T = TypeVar("T", bound=models.Model)
Spot = tuple[int, int]  # position and id of an item


class NamedQuerySet(models.QuerySet[T]):
    """Rows that a person tells apart by name, upper and lower case and the spelling of accents aside, as the
    database's constraint does."""

    def named(self, owner: User, name: str) -> Self:
        return self.called(name).filter(owner=owner)

    def called(self, name: str) -> Self:
        return self.annotate(lower_name=Lower("name")).filter(lower_name=Lower(Value(composed(name))))


class CollectionQuerySet(NamedQuerySet["Collection"]):
    def visible_to(self, user: User) -> CollectionQuerySet:
        """What this person may open and add to: their own ones and the team's."""
        return self.filter(Q(owner=user) | Q(is_team=True)).select_related("owner")

    def owned_by(self, user: User) -> CollectionQuerySet:
        """What this person may rename, switch, arrange and delete."""
        return self.filter(owner=user)

    def locked(self) -> CollectionQuerySet:
        """For the rest of the transaction nobody else adds to it, switches, merges or deletes it."""
        return self.select_related(None).select_for_update(no_key=True).order_by("pk")

    def with_face(self, viewer: User) -> CollectionQuerySet:
        """With `count`, how many items the viewer sees up to `MANY`, and `face`, the generation that is their cover.

        That is the owner's choice if the viewer sees it, else the latest that has a picture, or None if none of the
        last `FEW` has one.
        """
        items = CollectionItem.objects.filter(collection=OuterRef("pk")).seen_by(viewer)
        count = Func(
            Subquery(items.values("pk")[:MANY]),
            template="(SELECT COUNT(*) FROM %(expressions)s AS seen)",
            output_field=models.IntegerField(),
        )
        chosen = items.filter(generation=OuterRef("cover")).values("generation")[:1]
        lately = CollectionItem.objects.filter(collection=OuterRef(OuterRef("pk"))).seen_by(viewer).order_by("-pk")
        pictured = items.filter(pk__in=lately.values("pk")[:FEW], generation__results__thumbnail__gt="")
        latest = pictured.order_by("-pk").values("generation")[:1]
        face = Coalesce(Subquery(chosen), Subquery(latest), output_field=models.UUIDField())
        return self.annotate(count=count, face=face)  # type: ignore[no-redef]


class Collection(models.Model):
    """A named set of generations."""

    class Order(models.TextChoices):
        NEWEST = "newest", _("Newest first")
        OLDEST = "oldest", _("Oldest first")
        HAND = "hand", _("Custom order")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="collections")
    name = NameField(max_length=80)
    is_team = models.BooleanField(default=False, help_text="Every member sees it and may add to it.")
    order = models.CharField(max_length=6, choices=Order, default=Order.NEWEST)
    cover = models.ForeignKey(
        Generation, models.SET_NULL, null=True, related_name="+", help_text="Shown for it while it is in it and seen."
    )
    generations = models.ManyToManyField(Generation, through="CollectionItem", related_name="collections")
    created_at = models.DateTimeField(default=timezone.now)

    objects = CollectionQuerySet.as_manager()

    # Set by `with_face`.
    count: int
    face: uuid.UUID | None
    # Set by `share.with_links`.
    is_linked: bool

    class Meta:
        ordering = [Lower("name")]
        constraints = [models.UniqueConstraint("owner", Lower("name"), name="collection_names_differ")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("collection", args=[self.pk])

    @property
    def has_many(self) -> bool:
        """Whether `with_face` stopped counting."""
        return self.count >= MANY

    def wall(self, user: User, after: Spot | None = None, before: Spot | None = None) -> GenerationQuerySet:
        """What is in it and this person may see, in its order; `after` and `before` items of it, which may be gone."""
        return self.arrange(Generation.objects.filter(visible(user), deleted_at=None), after, before)

    def beside(self, row: Generation, user: User) -> tuple[GenerationQuerySet, GenerationQuerySet]:
        """What stands before and after the row on the wall, the nearest first."""
        spot = CollectionItem.objects.values_list("position", "pk").get(collection=self, generation=row)
        return self.wall(user, before=spot).reverse(), self.wall(user, after=spot)

    def arrange(
        self, rows: GenerationQuerySet, after: Spot | None = None, before: Spot | None = None, *, by: User | None = None
    ) -> GenerationQuerySet:
        """Those of the rows that are in it, in its order; with `by`, those alone that this person put there."""
        places = [self._beyond(spot, backwards=spot is before) for spot in (after, before) if spot]
        if by is not None:
            places.append(Q(collectionitem__added_by=by))
        order = [f"{name[: name.count('-')]}collectionitem__{name.lstrip('-')}" for name in self.places]
        here = Q(*places, collectionitem__collection=self)  # at once, so that it is one join
        return rows.filter(here).order_by(*order)

    @property
    def places(self) -> list[str]:
        """How its items are sorted."""
        return {self.Order.OLDEST: ["pk"], self.Order.HAND: ["position", "-pk"]}.get(self.Order(self.order), ["-pk"])

    def _beyond(self, spot: Spot, *, backwards: bool) -> Q:
        position, item = spot
        is_rising = (self.order == self.Order.OLDEST) != backwards
        beyond = Q(collectionitem__pk__gt=item) if is_rising else Q(collectionitem__pk__lt=item)
        if self.order != self.Order.HAND:
            return beyond
        way = "lt" if backwards else "gt"
        further = Q(**{f"collectionitem__position__{way}": position}) | Q(collectionitem__position=position) & beyond
        return further & Q(**{f"collectionitem__position__{way}e": position})

    def add(self, user: User, generations: Iterable[Generation]) -> None:
        """Puts these in; the row is `locked`. Who puts their own work in has put it there, even after a colleague did.

        The team sees what a member puts into a collection of the team, as soon as it is done.
        """
        rows = list(generations)
        items = [CollectionItem(collection=self, generation=row, added_by=user) for row in rows]
        CollectionItem.objects.bulk_create(items, ignore_conflicts=True, batch_size=500)
        own = [row.pk for row in rows if row.owner_id == user.pk]
        CollectionItem.objects.filter(collection=self, generation__in=own).exclude(added_by=user).update(added_by=user)
        if self.is_team:
            Generation.objects.filter(pk__in=[row.pk for row in rows]).owned_by(user).show()


class CollectionItemQuerySet(models.QuerySet["CollectionItem"]):
    def seen_by(self, user: User) -> CollectionItemQuerySet:
        """Those whose generation this person may see."""
        return self.filter(visible(user, "generation__"), generation__deleted_at=None)


class CollectionItem(models.Model):
    """A generation's place in a collection."""

    collection = models.ForeignKey(Collection, models.CASCADE)
    generation = models.ForeignKey(Generation, models.CASCADE)
    added_at = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", help_text="Empty: who did it is gone."
    )
    position = models.PositiveIntegerField(
        default=0, help_text="The place somebody gave it by hand, from 1; what has none yet comes before, newest first."
    )

    made_at = MadeAt()

    objects = CollectionItemQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "generation"], name="once_per_collection")]
        indexes = [
            models.Index(fields=["collection", "-id"], name="items_newest_first"),
            models.Index(fields=["collection", "-made_at", "-generation"], name="collected_newest_first"),
            models.Index(fields=["collection", "position", "-id"], name="items_by_hand"),
        ]

    def __str__(self) -> str:
        return f"Added {timezone.localtime(self.added_at):%Y-%m-%d}"
