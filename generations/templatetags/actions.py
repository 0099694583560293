"""What templates ask about the actions of a generation."""

from collections.abc import Sequence

from django import template

from generations.library import actions
from generations.library.actions import Action
from generations.models import Generation, Result

register = template.Library()
register.filter(actions.offered)
register.filter(actions.verbs)
register.filter(actions.word)


@register.filter
def steps(offered: Sequence[Action]) -> list[Action]:
    """Those that lead on from the card's state, without the tools of its picture."""
    return [action for action in offered if action in actions.STEPS]


@register.filter
def kept_result(card: Generation) -> Result | None:
    """The first file of the set that is ours."""
    return next((result for result in card.results.all() if result.kept_at), None)
