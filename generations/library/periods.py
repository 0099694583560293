"""Periods of the calendar that have a name. A week begins on Monday."""

from datetime import date, timedelta

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from generations.models.ledger import month_of

DAY = timedelta(days=1)


class Period(TextChoices):
    TODAY = "today", gettext_lazy("Today")
    YESTERDAY = "yesterday", gettext_lazy("Yesterday")
    LAST_7_DAYS = "last-7-days", gettext_lazy("Last 7 days")
    LAST_WEEK = "last-week", gettext_lazy("Last week")
    THIS_MONTH = "this-month", gettext_lazy("This month")
    LAST_MONTH = "last-month", gettext_lazy("Last month")
    DAYS = "days", gettext_lazy("Choose dates")


def days_of(period: str, today: date) -> tuple[date, date]:
    """The first and the last day of a period that the calendar tells, which is any but `DAYS`."""
    monday = today - timedelta(days=today.weekday())
    month = today.replace(day=1)
    return {
        Period.TODAY: (today, today),
        Period.YESTERDAY: (today - DAY, today - DAY),
        Period.LAST_7_DAYS: (today - 6 * DAY, today),
        Period.LAST_WEEK: (monday - 7 * DAY, monday - DAY),
        Period.THIS_MONTH: (month, today),
        Period.LAST_MONTH: (month_of(month - DAY)[0], month - DAY),
    }[Period(period)]


def in_words(since: date | None, until: date | None) -> str:
    """The days from one to the other, either of which may be left open."""
    if since and until:
        return "\N{EN DASH}".join(date_format(day, "SHORT_DATE_FORMAT") for day in dict.fromkeys([since, until]))
    if since:
        return _("from %(day)s") % {"day": date_format(since, "SHORT_DATE_FORMAT")}
    return _("until %(day)s") % {"day": date_format(until, "SHORT_DATE_FORMAT")} if until else ""
