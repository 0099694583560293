"""Where a person is signed in, and how long a sign-in lasts."""

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

NOTED_EVERY = 300  # seconds; a request more often than that writes nothing
BY_ITSELF: set[str | None] = {"live"}  # what an open page requests while nobody is there
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "FxiOS": "Firefox", "CriOS": "Chrome"}
BROWSERS |= {"Chrome": "Chrome", "Safari": "Safari"}  # after those that call themselves this too
SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "CrOS": "ChromeOS"}
SYSTEMS |= {"Mac OS X": "macOS", "Linux": "Linux"}


def kept_alive(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that lets a session go on while its person uses the studio.

    It ends after SESSION_COOKIE_AGE seconds without a request, and SESSION_LASTS seconds after the sign-in at the
    latest. The tick of an open page does not get here.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        match = request.resolver_match
        # Views for everybody have not asked who it is, and need not.
        if match is not None and match.url_name not in BY_ITSELF and getattr(match.func, "login_required", True):
            _note(request)
        return response

    return middleware


def _note(request: HttpRequest) -> None:
    now, session = int(time.time()), request.session
    if not request.user.is_authenticated:
        return
    if now - session.get("seen", 0) < NOTED_EVERY:
        return
    session["seen"] = now
    since = session.setdefault("since", now)
    session.set_expiry(max(1, min(settings.SESSION_COOKIE_AGE, since + settings.SESSION_LASTS - now)))
    UserSession.objects.create_from_request(request)


def device_of(agent: str) -> str:
    """The browser and system that a User-Agent names, in words."""
    browser = next((name for sign, name in BROWSERS.items() if f"{sign}/" in agent), "")
    system = next((name for sign, name in SYSTEMS.items() if sign in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")
