"""Cards as a page shows them."""

from collections.abc import Iterable

from django.utils import timezone

from .dispatch import line
from .models import Generation


def placed(cards: Iterable[Generation]) -> list[Generation]:
    """The cards, those that wait in line with their place."""
    shown = list(cards)
    places = line.places(shown, timezone.now())
    for card in shown:
        card.place = places.get(card.pk)
    return shown
