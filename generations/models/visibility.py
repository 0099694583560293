"""Whose generations a person may open, and how long what was deleted is kept."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from generations.models.status import Status


def visible(user: User, path: str = "") -> Q:
    """What this person may open: all that is theirs, and what others show to the team. `path` leads to a generation."""
    return Q(**{f"{path}owner": user}) | shown(path)


def shown(path: str = "") -> Q:
    """What the whole team may see, and not before it is done.

    Said by what it is not: for an equality SQLite would choose the index by status, and read all that is done.
    """
    not_done = [status for status in Status if status != Status.DONE]
    is_shown = Q(**{f"{path}team_at__isnull": False, f"{path}deleted_at": None})
    return is_shown & ~Q(**{f"{path}status__in": not_done})


def trash_ends(now: datetime) -> datetime:
    """What was deleted before this moment is erased."""
    return now - timedelta(days=settings.TRASH_DAYS)
