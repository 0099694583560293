"""Cards as a page shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.cache import caches
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from .dispatch import line
from .models import Generation, GenerationQuerySet

S = Generation.Status


@dataclass(frozen=True)
class Shown:
    """A card's HTML, and whether it may still change by itself."""

    pk: UUID
    created_at: datetime
    html: SafeString
    is_live: bool


def placed(cards: Iterable[Generation]) -> list[Generation]:
    """The cards, those that wait in line with their place."""
    shown = list(cards)
    places = line.places(shown, timezone.now())
    for card in shown:
        card.place = places.get(card.pk)
    return shown


def shown(rows: GenerationQuerySet) -> list[Shown]:
    """The rows as cards, in their order. Finished ones come from memory while their version is the same.

    Rendering is the cost of a page of cards, so a warm one takes a single query. Others show times and buttons that
    depend on more than their version, and are drawn anew.
    """
    heads = list(rows.values_list("pk", "version", "status", "created_at"))
    keys = {pk: f"{pk}:{version}:{get_language()}" for pk, version, status, _ in heads if status == S.DONE}
    cache = caches["cards"]
    known: dict[str, tuple[str, bool]] = cache.get_many(keys.values())
    missing = [pk for pk, *_ in heads if keys.get(pk) not in known]
    drawn: dict[UUID, tuple[str, bool]] = {}
    if missing:
        for card in placed(Generation.objects.filter(pk__in=missing).with_card()):
            html = render_to_string("generations/_card.html", {"card": card})
            drawn[card.pk] = (html, card.is_live)
            if card.status == S.DONE:
                cache.set(f"{card.pk}:{card.version}:{get_language()}", drawn[card.pk])
    found = []
    for pk, _, _, created_at in heads:
        text, is_live = drawn.get(pk) or known[keys[pk]]
        found.append(Shown(pk, created_at, SafeString(text), is_live))
    return found
