"""What templates ask about where a result comes from and what came of it."""

from django import template
from django.template import Context

from generations.library import lineage as library
from generations.library.lineage import Lineage
from generations.models import Generation

register = template.Library()


@register.simple_tag(takes_context=True)
def lineage(context: Context, card: Generation) -> Lineage:
    """Its neighbours, as far as whoever looks may see them."""
    return library.lineage(card, context["request"].user)
