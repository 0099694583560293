"""What a generation was made from, and what it led to."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import BooleanField, ExpressionWrapper, Q

from accounts.models import User
from generations.models import Generation, ReferenceUse

MOST = 24


@dataclass(frozen=True)
class Lineage:
    """What it was made from, and the newest of what was made from it."""

    sources: list[Generation]
    led_to: list[Generation]


def lineage(row: Generation, viewer: User) -> Lineage:
    """The neighbours that this person may see, in two queries.

    A generation is made from the one that its form was opened with, and from those whose results it refers to.
    """
    uses = ReferenceUse.objects.order_by()
    referred = uses.filter(generation=row, reference__result__isnull=False).values("reference__result__generation")
    referring = uses.filter(reference__result__generation=row).values("generation")
    opened_with = Generation.objects.filter(led_to=row).values("pk")
    opened_by = Generation.objects.filter(made_from=row).values("pk")
    is_source = ExpressionWrapper(Q(pk__in=opened_with.union(referred)), BooleanField())
    related = opened_with.union(referred, opened_by, referring)
    rows = Generation.objects.visible_to(viewer).kept().filter(pk__in=related).annotate(is_source=is_source)
    found = list(rows.order_by("-is_source", "-created_at").prefetch_related("results")[:MOST])
    sources = [near for near in found if near.is_source]  # type: ignore[attr-defined]
    return Lineage(sources, found[len(sources) :])
