"""How pages show times: in the viewer's zone, which the page names once, and with the exact time for machines."""

from datetime import UTC, date, datetime

from django import template
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()


def _form(kind: str) -> str:
    """The date format of Django for a kind of time."""
    match kind:
        case "day":
            return _("j M")
        case "date":
            return _("j M Y")
        case "time":
            return "H:i"
        case "second":
            return "H:i:s"
        case "day and time":
            # Translators: a date format of Django, without the year
            return _("j M, H:i")
        case "date and time":
            # Translators: a date format of Django, with the year
            return _("j M Y, H:i")
    raise ValueError(kind)


@register.filter
def when(moment: datetime | None, kind: str) -> SafeString | str:
    """A `<time>` that shows as much of the moment as the kind says: "day", "time", "date and time" and so on."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}">{}</time>', local.isoformat("T", "seconds"), date_format(local, _form(kind))
    )


@register.filter
def told(text: str) -> SafeString | str:
    """The same for a time as Meigen writes it, in UTC if it names no zone. An unreadable value is shown as it is."""
    try:
        found = parse_datetime(text)
        if found is None:
            return text
        return when(found if found.tzinfo else found.replace(tzinfo=UTC), "date and time")
    except (ValueError, OverflowError):
        return text


@register.filter
def calendar(day: date, kind: str = "date") -> str:
    """A day without a time, as people write it: "day" without the year, "date" with it, or the "month" alone, also
    as "short month" where its year is known. For an address "iso" and "iso month"."""
    match kind:
        case "iso":
            return day.isoformat()
        case "iso month":
            return f"{day:%Y-%m}"
        case "month":
            return date_format(day, "YEAR_MONTH_FORMAT")
        case "short month":
            return date_format(day, "M")
    return date_format(day, _form(kind))
