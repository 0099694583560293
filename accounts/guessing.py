"""How often a person's password may be tried. Strangers who guess never lock out a browser the person has used."""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from allauth.account.utils import filter_users_by_email, filter_users_by_username
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import ngettext

from . import throttles
from .address import client_address
from .models import User
from .throttles import Count, Limit, Try, Waiting, network

FIVE_MINUTES, AN_HOUR, A_DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
ACCOUNT = Limit("account", 5, FIVE_MINUTES, AN_HOUR, A_DAY)
NETWORK = Limit("sign-ins of a network", 30, FIVE_MINUTES, AN_HOUR, AN_HOUR)  # an office has few a day
BROWSER = Limit("known browser", 10, FIVE_MINUTES, AN_HOUR, AN_HOUR)

KNOWN = f"{settings.COOKIE_PREFIX}known"
LASTS = timedelta(days=365)
MOST_PEOPLE = 10  # who share one browser
SALT = "known browser"


def begin(request: HttpRequest, logins: Iterable[str]) -> Try:
    """Counts a try of a password for whoever these user names or addresses may mean. Raises Waiting."""
    known, people = _known(request), _people(logins)
    counts = [
        Count(BROWSER, f"{browser} {pk}") if (browser := known.get(str(pk))) else Count(ACCOUNT, f"person {pk}")
        for pk in people
    ]
    if not people:
        counts = [Count(ACCOUNT, f"name {login.casefold()}") for login in logins]
    if any(count.limit is ACCOUNT for count in counts):
        counts.append(Count(NETWORK, network(client_address(request))))
    return throttles.begin(*counts)


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Makes this browser known as one of the person's."""
    people = {str(user.pk): secrets.token_urlsafe(12), **_known(request)}
    latest = {pk: people[pk] for pk in [str(user.pk), *(pk for pk in people if pk != str(user.pk))][:MOST_PEOPLE]}
    response.set_cookie(
        KNOWN,
        signing.dumps(latest, salt=SALT),
        max_age=LASTS,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def too_many_tries(waiting: Waiting) -> ValidationError:
    """What to say beside a password field."""
    words = ngettext(
        "Too many wrong passwords. Try again in %(minutes)s minute.",
        "Too many wrong passwords. Try again in %(minutes)s minutes.",
        waiting.minutes,
    )
    return ValidationError(words % {"minutes": waiting.minutes}, code="too_many_tries")


def _known(request: HttpRequest) -> dict[str, str]:
    """The people who have signed in with this browser before, each with a name of the browser for their limit."""
    try:
        people: dict[str, str] = signing.loads(request.COOKIES.get(KNOWN, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return {}
    return people


def _people(logins: Iterable[str]) -> set[int]:
    """Everybody whose password allauth may compare, since one person's name can be another's address."""
    found = (user for login in logins for user in [*filter_users_by_username(login), *filter_users_by_email(login)])
    return {user.pk for user in found}
