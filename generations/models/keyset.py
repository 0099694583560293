"""Where a page of a list goes on: after a place in its order, never by counting rows."""

import uuid
from datetime import datetime

from django.db.models import Q

Position = tuple[datetime, uuid.UUID]  # in `newest_first` order


def keyset(before: Position, created_at: str = "created_at", pk: str = "id") -> Q:
    """What comes after this place in `newest_first` order.

    The plain bound beside the keyset is what lets an index serve it; the OR alone is as slow as OFFSET.
    """
    moment, last = before
    later = Q(**{f"{created_at}__lt": moment}) | Q(**{created_at: moment, f"{pk}__lt": last})
    return later & Q(**{f"{created_at}__lte": moment})
