"""What templates ask about where a result comes from, what came of it, and what finishes it."""

from collections.abc import Sequence
from uuid import uuid4

from django import template
from django.template import Context

from generations.library import lineage as library
from generations.library.lineage import Lineage
from generations.models import Generation, Share
from generations.studio import finishing, hearts
from generations.studio.finishing import Finish
from generations.studio.hearts import Loved
from generations.templatetags.catalogue import known

register = template.Library()


@register.simple_tag(takes_context=True)
def lineage(context: Context, card: Generation) -> Lineage:
    """Its neighbours, as far as whoever looks may see them."""
    return library.lineage(card, context["request"].user)


@register.simple_tag(takes_context=True)
def finishes(context: Context, card: Generation, led_to: Sequence[Generation]) -> list[Finish]:
    """The steps that finish a result of one's own, each with what it has led to already."""
    model = known(context).model(card.model_id)
    if model is None or not card.is_own or card.deleted_at or card.status != Generation.Status.DONE:
        return []
    steps = finishing.steps(card, model, card.clip_seconds)
    return [Finish(card, step, made=finishing.made_by(card, step, led_to)) for step in steps]


@register.simple_tag(takes_context=True)
def loved(context: Context, share: Share) -> Loved:
    """What the hearts of a link say to the person who made it, with what the address chooses of it, or all."""
    asked = context["request"].GET
    return hearts.loved(share, asked.getlist("finish") if "chosen" in asked else None)


@register.simple_tag
def nonce() -> str:
    """The one-time value of a button."""
    return uuid4().hex
