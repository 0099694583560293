"""Template filters of the token pages."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def moment(text: str) -> str:
    """A time as Meigen writes it, formatted for people. An unreadable value is returned unchanged."""
    # Translators: a date format of Django, with the year
    form = _("j M Y, H:i")
    try:
        found = parse_datetime(text)
        if found is None:
            return text
        return date_format(timezone.localtime(found) if found.tzinfo else found, form)
    except (ValueError, OverflowError):
        return text


@register.filter(expects_localtime=True)
def day_and_time(when: datetime) -> str:
    """A recent or near date and time, formatted for people."""
    # Translators: a date format of Django, without the year
    return date_format(when, _("j M, H:i"))
