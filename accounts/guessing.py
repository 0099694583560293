"""How often a person's password may be tried. Strangers who guess never lock out a browser the person has used."""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from allauth.account.utils import filter_users_by_email, filter_users_by_username
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare
from django.utils.translation import ngettext_lazy

from . import throttles, vault
from .address import client_address
from .models import User
from .throttles import Count, Limit, Try, network

FIVE_MINUTES, AN_HOUR, A_DAY = timedelta(minutes=5), timedelta(hours=1), timedelta(days=1)
ACCOUNT = Limit("account", 5, FIVE_MINUTES, AN_HOUR, A_DAY)
NETWORK = Limit("sign-ins of a network", 30, FIVE_MINUTES, AN_HOUR, AN_HOUR)  # an office has few a day
BROWSER = Limit("known browser", 10, FIVE_MINUTES, AN_HOUR, AN_HOUR)
CODE = Limit("code of a second factor", 5, FIVE_MINUTES, AN_HOUR, A_DAY)

TOO_MANY_PASSWORDS = ngettext_lazy(
    "Too many wrong passwords. Try again in %(minutes)s minute.",
    "Too many wrong passwords. Try again in %(minutes)s minutes.",
    "minutes",
)
TOO_MANY_CODES = ngettext_lazy(
    "Too many wrong codes. Try again in %(minutes)s minute.",
    "Too many wrong codes. Try again in %(minutes)s minutes.",
    "minutes",
)

KNOWN = f"{settings.COOKIE_PREFIX}known"
LASTS = timedelta(days=365)
MOST_PEOPLE = 10  # who share one browser
SALT = "known browser"


def begin(request: HttpRequest, logins: Iterable[str]) -> Try:
    """Counts a try of a password for whoever these user names or addresses may mean. Raises Waiting."""
    people = _people(logins)
    counts = [
        Count(BROWSER, f"{browser} {person.pk}")
        if (browser := _browser_of(request, person))
        else Count(ACCOUNT, f"person {person.pk}")
        for person in people
    ]
    if not people:
        counts = [Count(ACCOUNT, f"name {login.casefold()}") for login in logins]
    if any(count.limit is ACCOUNT for count in counts):
        counts.append(Count(NETWORK, network(client_address(request))))
    return throttles.begin(*counts)


def begin_code(request: HttpRequest, person: User) -> Try:
    """Counts a try of a code of this person's second factor. Raises Waiting."""
    return throttles.begin(Count(CODE, f"{_browser_of(request, person) or 'strangers'} {person.pk}"))


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Makes this browser known as one of the person's, until their password changes."""
    others = {pk: name for pk, name in _known(request).items() if pk != str(user.pk)}
    name = _browser_of(request, user) or secrets.token_urlsafe(12)
    latest = {str(user.pk): f"{name} {_stamp(user)}", **dict([*others.items()][: MOST_PEOPLE - 1])}
    response.set_cookie(
        KNOWN,
        signing.dumps(latest, salt=SALT),
        max_age=LASTS,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _browser_of(request: HttpRequest, person: User) -> str:
    """The name of this browser if the person has signed in with it under the present password, else ""."""
    name, _, stamp = _known(request).get(str(person.pk), "").partition(" ")
    return name if constant_time_compare(stamp, _stamp(person)) else ""


def _stamp(person: User) -> str:
    """Another one when the password changes: who knew the old one has no browser of the person's any more."""
    return vault.derive("known browser", person.get_session_auth_hash().encode())[:16]


def _known(request: HttpRequest) -> dict[str, str]:
    """Who has signed in with this browser before: by each person's id a name of it for their limit, and a stamp."""
    try:
        people: dict[str, str] = signing.loads(request.COOKIES.get(KNOWN, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return {}
    return people


def _people(logins: Iterable[str]) -> list[User]:
    """Everybody whose password allauth may compare, since one person's name can be another's address."""
    found = (user for login in logins for user in [*filter_users_by_username(login), *filter_users_by_email(login)])
    return [*{user.pk: user for user in found}.values()]
