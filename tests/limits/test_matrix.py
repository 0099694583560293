"""Every address of the studio, for every kind of visitor, by every method: nobody gets what is not theirs.

An address that is in no list of `tests/site/addresses.py` is an error here, and so is an admin page without a row.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from tests.helpers import make_token, make_user
from tests.site.addresses import OWN, PERSONAL, PUBLIC, STAFF, made_by_somebody

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CANARY = b"CANARY"
PARTS = {
    "token_id": "some-id",
    "image_id": "some-id",
    "secret": "no-such-secret",
    "number": 0,
    "media": 0,
    "uidb36": "1",
}


def patterns(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every pattern with its name, which begins with its namespace."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        elif pattern.name:  # the admin has some without, which only redirect to the page of a row
            yield f"{space}{pattern.name}", pattern


def body(answer: HttpResponseBase) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]


@pytest.fixture
def addresses(db: None) -> dict[str, tuple[str, str]]:
    """Every address of the studio by name: its kind, and the URL of something of the owner's."""
    owned = made_by_somebody()
    found: dict[str, tuple[str, str]] = {}
    for name, pattern in patterns(get_resolver()):
        if name.startswith("admin:"):
            for url in _in_admin(name, pattern):
                found[f"{name} {url}"] = ("admin", url)
        elif name in OWN:
            found[name] = ("own", owned[name])
        else:
            kinds = {"personal": PERSONAL, "staff": STAFF, "public": PUBLIC}
            kind = next((kind for kind, names in kinds.items() if name in names), "unknown")
            found[name] = (kind, _filled(name, pattern))
    return found


def _filled(name: str, pattern: URLPattern) -> str:
    uuid = "00000000-0000-4000-8000-000000000000"
    kinds: dict[str, Any] = {"UUIDConverter": uuid, "IntConverter": 0, "SlugConverter": "some-id"}
    converters = pattern.pattern.converters.items()
    return reverse(
        name, kwargs={part: PARTS.get(part, kinds.get(type(kind).__name__, "some-id")) for part, kind in converters}
    )


def _in_admin(name: str, pattern: URLPattern) -> list[str]:
    """The admin's pages by this name, those about a row for the first one that there is."""
    parts = [*pattern.pattern.converters]
    rows = {f"{m._meta.app_label}_{m._meta.model_name}": m for m in admin.site._registry}
    of = next((rows[known] for known in rows if name.startswith(f"admin:{known}_")), None)
    row = of and of._default_manager.order_by("pk").first()
    known = {"content_type_id": 1, "url": "nowhere/", "number": 0, "object_id": row.pk if row else 0}
    if name == "admin:app_list":
        return [reverse(name, args=[app]) for app in {m._meta.app_label for m in admin.site._registry}]
    return [reverse(name, args=[known.get(part, known["object_id"]) for part in parts])]


@pytest.fixture(params=["guest", "member", "staff", "admin"])
def visitor(request: pytest.FixtureRequest, db: None) -> tuple[str, Client]:
    who, client = request.param, Client()
    if who != "guest":
        user = make_user(who, is_staff=who != "member", is_superuser=who == "admin")
        make_token(user)
        client.force_login(user)
    return who, client


REFUSED = {302, 403, 404, 405}
# What the admin shows to staff without any permission: nothing of anybody.
OF_ALL_STAFF = {
    "admin:autocomplete",
    "admin:index",
    "admin:jsi18n",
    "admin:login",
    "admin:logout",
    "admin:password_change_done",
}


def is_right(name: str, kind: str, who: str, answer: HttpResponseBase, content: bytes) -> bool:
    if answer.status_code == 500 or kind == "unknown":
        return False
    if kind in {"admin", "staff"} and who == "admin":
        return True
    if CANARY in content:
        return False
    if kind == "own":
        return answer.status_code in ({302, 405} if who == "guest" else {404, 405})
    if kind == "staff" and who != "guest":
        return answer.status_code in {403, 404, 405}
    if kind in {"personal", "staff"} and who == "guest":
        return answer.status_code in {302, 405}
    if kind == "admin":
        return answer.status_code in REFUSED or (who == "staff" and name.partition(" ")[0] in OF_ALL_STAFF)
    return True


def test_who_gets_what(visitor: tuple[str, Client], addresses: dict[str, tuple[str, str]]) -> None:
    who, client = visitor
    client.raise_request_exception = False
    wrong: list[str] = []
    for name, (kind, url) in addresses.items():
        for method in METHODS:
            with transaction.atomic():
                send: Callable[..., Any] = getattr(client, method.lower())
                answer = send(url, REMOTE_ADDR="192.0.2.1")
                if not is_right(name, kind, who, answer, body(answer)):
                    wrong.append(f"{method} {name} ({kind}) for {who}: {answer.status_code}")
                transaction.set_rollback(True)
            if who != "guest" and not client.cookies["sessionid"].value:  # it signed out
                client.force_login(User.objects.get(username=who))
    assert wrong == []


def test_the_walk_meets_every_app_with_pages(addresses: dict[str, tuple[str, str]]) -> None:
    assert {kind for kind, _ in addresses.values()} == {"own", "personal", "staff", "public", "admin"}
    assert len(addresses) > 100
