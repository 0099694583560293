"""The wall's parts, and the lines of the clicks that go on."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from django import template
from django.contrib.humanize.templatetags.humanize import naturalday
from django.template import Context
from django.utils.text import capfirst

from generations.library import walls
from generations.library.cards import Shown
from generations.library.walls import Click, Part
from generations.models import Generation

register = template.Library()


@register.simple_tag(takes_context=True)
def wall_parts(
    context: Context, cards: Iterable[Shown], after: datetime | None = None, *, names_today: bool = False
) -> Iterator[Part]:
    return walls.parts(cards, context["request"].user, after, names_today=bool(names_today))


@register.simple_tag(takes_context=True)
def clicks_of(context: Context, cards: Iterable[Generation]) -> list[Click]:
    """The clicks that these cards belong to, of the person's own."""
    return walls.going_on(context["request"].user, {card.nonce for card in cards if card.is_own})


@register.simple_tag(takes_context=True)
def lines_of(context: Context, cards: Iterable[Generation]) -> list[Click]:
    """Those of them whose lines the page has, as it said with its request."""
    there = set(context["request"].POST.getlist("line"))
    return [click for click in clicks_of(context, cards) if str(click.first) in there] if there else []


@register.filter
def day_name(day: date) -> str:
    """The day as a heading: Today, Yesterday, or its date."""
    return capfirst(naturalday(day) or "")


@register.filter
def look(card: Generation) -> str:
    """The class of a card's shape: `going` while it goes on, a `picture`, or `slim` where there is none to see."""
    if card.status in Generation.LIVE and not card.deleted_at:
        return "going"
    return "picture" if any(not result.gone_at for result in card.results.all()) else "slim"


@register.filter
def kept_count(card: Generation) -> int:
    """How many files of the set were not given up."""
    return sum(not result.gone_at for result in card.results.all())
