"""What the token pages need and Django's own filters lack."""

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format

register = template.Library()


@register.filter
def moment(text: str) -> str:
    """A time as Meigen writes it, in a person's words; what cannot be read stays as it is."""
    try:
        found = parse_datetime(text)
        if found is None:
            return text
        return date_format(timezone.localtime(found) if found.tzinfo else found, "j M Y, H:i")
    except (ValueError, OverflowError):
        return text
