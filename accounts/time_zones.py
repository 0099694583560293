"""The time zone in which a person sees times: their own choice, or the studio's."""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from .models import User

# Of the names that a system knows, those of places; the rest are abbreviations and names of countries.
AREAS = {
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"),
}


@cache
def by_area() -> list[tuple[str, list[tuple[str, str]]]]:
    """(area, [(name, place)]) of all zones, as choices in groups."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        area, _, place = name.partition("/")
        if area in AREAS:
            groups.setdefault(area, []).append((name, place.replace("_", " ")))
    return list(groups.items())


def zone_of(user: object) -> ZoneInfo | None:
    """The person's own zone, or None for the studio's: of a guest, without a choice, or if the name is unknown now."""
    if not isinstance(user, User) or not user.time_zone:
        return None
    try:
        return ZoneInfo(user.time_zone)
    except (KeyError, ValueError, OSError):
        return None


def own_time(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that shows signed-in people times in their zone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with timezone.override(zone_of(request.user)):
            return get_response(request)

    return middleware
