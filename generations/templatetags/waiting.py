"""What of a person's work waits for a decision of theirs, and what sending it would cost."""

from django import template
from django.utils import timezone

from accounts.models import User
from generations.models import Generation, GenerationQuerySet, Pause
from meigen_api.prices import Price

register = template.Library()


@register.simple_tag
def lacking_credits(user: User) -> tuple[int, Price | None]:
    """(how many generations of this person wait for credits, what they cost together as far as is known)."""
    return _together(Generation.objects.owned_by(user).lacking_credits(timezone.now()))


@register.simple_tag
def put_away(user: User) -> tuple[int, Price | None]:
    """The same of what was put away when the person's account was switched off. Most people's never was."""
    return _together(Generation.objects.owned_by(user).put_away()) if user.active_since else (0, None)


@register.simple_tag
def is_paused() -> bool:
    """Whether what is asked for now waits until an admin has resumed the restored studio."""
    return Pause.is_on()


def _together(rows: GenerationQuerySet) -> tuple[int, Price | None]:
    known = [row.announced for row in rows.only("credits_estimated", "credits_estimated_most")]
    together = [price for price in known if price]
    least, most = sum(price.least for price in together), sum(price.most for price in together)
    return len(known), Price(least, most) if together else None
