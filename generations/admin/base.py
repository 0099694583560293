"""What the lists and pages of this admin have in common."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from audit.admin import NewestOnly


class ReadOnly:
    """The rows are the truth of dispatch; a hand in them would break its promises."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Newest(NewestOnly):
    """Pages over the newest rows only; generations are larger than entries of the log."""

    most = 2000


def counted(rows: QuerySet[Any]) -> str:
    """How many there are, such as "17" or, where counting stops, "2,000+"; "" for none."""
    number = rows[: Newest.most].count()
    return f"{number:,}{'+' if number == Newest.most else ''}" if number else ""
