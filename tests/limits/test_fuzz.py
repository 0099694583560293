"""No request brings the studio down: every address, every method, every kind of visitor, with hostile input.

The corpus is made from a seed, so that a failure can be repeated; it says which request it was.
"""

import io
import itertools
import random
import re
import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings as configured
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.http import int_to_base36
from pytest_django import Settings

from accounts.models import User
from generations.library import collecting
from generations.media import attachments
from generations.sharing import links
from generations.studio import presets
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_result, make_token, picture
from tests.limits.hostile import BELIEVABLE, BODIES, HEADERS, NOT_A_PAGE, NUMBERS, PATHS, SUBJECTS, TYPES, WORDS

ACTORS = ["guest", "member", "admin"]
METHODS = ["GET", "POST", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]
LEAST = 330  # requests per actor

NOT_OURS = re.compile(r"_doc|jsi18n")


def sources() -> Iterator[str]:
    for folder in ["accounts", "generations", "meigen_site", "templates"]:
        for path in sorted((configured.BASE_DIR / folder).rglob("*")):
            if path.suffix in {".py", ".html"}:
                yield Path(path).read_text()


def parameters() -> list[str]:
    """Every name that the code reads from a request or that a page sends."""
    found = re.compile(
        r'(?:GET|POST|FILES)(?:\.get|\.getlist)?[(\[]\s*"(\w+)"|\bname="(\w+)"|^    (\w+) = (?:forms\.)?\w*Field\(',
        re.MULTILINE,
    )
    names = {name for text in sources() for groups in found.findall(text) for name in groups if name}
    return sorted(names | {"action", "_selected_action", "o", "p", "all", "_popup", "login", "remember", "e"})


def believable(world: dict[str, list[str]]) -> dict[str, str]:
    """What a person could send, in one form for every address."""
    chosen = {"selected": "uuid", "nonce": "uuid", "into": "collection", "from": "collection", "reference": "reference"}
    return BELIEVABLE | {name: world[kind][0] for name, kind in chosen.items()}


@dataclass(frozen=True)
class Route:
    name: str
    pattern: str  # with {} for every argument
    converters: tuple[str, ...]


def routes() -> list[Route]:
    """Every address of the studio and of its admin."""

    def walk(patterns: list[Any], before: str) -> Iterator[Route]:
        for pattern in patterns:
            path = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern):
                arguments = re.findall(r"<(?:(\w+):)?\w+>|\(\?P<\w+>[^)]*\)", path)
                template = re.sub(r"<(?:\w+:)?\w+>|\(\?P<\w+>[^)]*\)", "{}", path).replace("^", "").replace("$", "")
                yield Route(pattern.name or path, f"/{template}", tuple(kind or "str" for kind in arguments))

    return [route for route in walk(get_resolver().url_patterns, "") if not NOT_OURS.search(route.pattern)]


class Corpus:
    """Hostile requests, the same ones from the same seed."""

    def __init__(self, seed: str, world: dict[str, list[str]]) -> None:
        self.random = random.Random(seed)
        self.world = world
        self.names = parameters()

    def known(self, route: Route) -> list[str]:
        """Arguments that name what exists."""
        right = next((subject for subject in SUBJECTS if subject in route.name), None)
        kinds = [right or kind if not number else kind for number, kind in enumerate(route.converters)]
        return [self.random.choice(self.world[kind]) for kind in kinds]

    def path(self, route: Route) -> str:
        """The address, mostly of what exists, so that views are entered."""
        pick = self.random.choice
        return route.pattern.format(
            *(known if self.random.random() < 0.8 else pick(PATHS) for known in self.known(route))
        )

    def value(self) -> str:
        every = [*NUMBERS, *WORDS, *itertools.chain.from_iterable(self.world.values())]
        return self.random.choice(every)

    def fields(self, most: int) -> dict[str, list[str]]:
        """Some of the known fields, each once or, where a value is meant, several times."""
        chosen = self.random.sample(self.names, self.random.randint(0, min(most, len(self.names))))
        return {name: [self.value() for _ in range(self.random.choice([1, 1, 1, 3]))] for name in chosen}

    def form(self) -> dict[str, list[str]]:
        """Anything at all, or what is believable but for a few fields."""
        if self.random.random() < 0.3:
            return self.fields(len(self.names))
        wrong = self.fields(5)
        if self.random.random() < 0.3:
            wrong["next"] = [self.random.choice([*WORDS, *NOT_A_PAGE])]
        return {name: [value] for name, value in believable(self.world).items()} | wrong

    def query(self) -> str:
        made = "&".join(
            f"{name}={quote(value.encode('utf-8', 'surrogatepass'), safe='%')}"
            for name, values in self.fields(6).items()
            for value in values
        )
        return made + self.random.choice(["", "", "&%ff=%fe", "&=", "&next=//evil", "&next=studio"])

    def headers(self) -> dict[str, str]:
        chosen = self.random.sample(sorted(HEADERS), self.random.randint(0, 4))
        return {f"HTTP_{name.upper().replace('-', '_')}": self.random.choice(HEADERS[name]) for name in chosen}

    def cookies(self, own: str) -> str:
        """What the browser has, and among it what nobody gave it."""
        names = [
            "messages",
            "guest",
            "guest_name",
            configured.LANGUAGE_COOKIE_NAME,
            configured.CSRF_COOKIE_NAME,
            "open",
        ]
        values = ["\xff", "a" * 3000, '"', "[[", "zz-zz", "%00", "x:y:z", "\\303\\251", ""]
        chosen = self.random.sample(names, self.random.randint(0, 3))
        return "; ".join([own, *(f"{name}={self.random.choice(values)}" for name in chosen)])

    def body(self) -> tuple[bytes, str]:
        """A form, whole or cut, or something else under any type."""
        if self.random.random() < 0.3:
            return self.random.choice(BODIES), self.random.choice(TYPES)
        parts = []
        for name, values in self.form().items():
            for value in values:
                file = f'; filename="{self.random.choice(["a.png", "", "../x", "a" * 300])}"' if "file" in name else ""
                head = f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
                parts.append(head.encode() + value.encode("utf-8", "surrogatepass") + b"\r\n")
        whole = b"".join(parts) + b"--x--\r\n"
        cut = self.random.randint(0, len(whole)) if self.random.random() < 0.2 else len(whole)
        return whole[:cut], "multipart/form-data; boundary=x"


@pytest.fixture
def world(user: User, sandbox: FastSandbox, settings: Settings) -> dict[str, list[str]]:
    """What exists, by the kind of argument that names it."""
    settings.MEIGEN_RATE = (10_000, 60)
    row = make_generation(user, status="done")
    result = make_result(row)
    queued, stalled = make_generation(user), make_generation(user, status="stalled")
    token = make_token(user)
    open_share, locked = links.share(user, [row]), links.share(user, [row], password="open sesame")
    collection, _ = collecting.create(user, "A collection")
    collecting.add(user, collection.pk, [row.pk])
    reference = attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
    preset = presets.save(user, "A preset", {}, [], is_team=True)
    rows = [row, queued, stalled]
    of_admin = [str(made.pk) for made in [row, token, open_share, user]]
    return {
        "uuid": [str(made.pk) for made in rows],
        "int": ["0", str(token.pk), str(preset.pk)],
        "str": of_admin,
        "path": of_admin,
        "slug": ["a"],
        "base36": [int_to_base36(user.pk)],
        "token": [str(token.pk)],
        "preset": [str(preset.pk)],
        "collection": [str(collection.pk)],
        "reference": [str(reference.pk)],
        "inspiration": ["img-1"],
        "shared": [str(open_share.secret), str(locked.secret)],
        "unlock": [str(locked.secret)],
        "share_": [str(open_share.pk), str(locked.pk)],
        "revoke": [str(open_share.pk)],
        "result": [str(row.pk), str(result.pk)],
    }


def visitor(actor: str, user: User) -> Client:
    """Nobody, or whom everything belongs to, who may be an admin."""
    client = Client(raise_request_exception=False)
    if actor != "guest":
        client.force_login(user)
    return client


@pytest.fixture
def causes() -> Iterator[list[str]]:
    """What the requests failed of."""
    found: list[str] = []

    def note(**_: Any) -> None:
        found.append(_cause())

    got_request_exception.connect(note)
    yield found
    got_request_exception.disconnect(note)


@pytest.mark.parametrize("actor", ACTORS)
def test_no_request_brings_the_studio_down(
    world: dict[str, list[str]], user: User, actor: str, causes: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL")
    user.is_staff = user.is_superuser = actor == "admin"
    user.save()
    corpus, failed, asked = Corpus(actor, world), [], 0
    for route in routes():
        many = 4 if actor == "admin" or not route.pattern.startswith("/admin/") else 1
        for method in ["GET", "POST", "POST", corpus.random.choice(METHODS)][:many]:
            asked += 1
            before = transaction.savepoint()
            answer, what = ask(corpus, visitor(actor, user), route, method)
            transaction.savepoint_rollback(before)  # what exists is there for the next one
            if answer.status_code == 500:
                failed.append((method, route.name, what, causes[-1:]))
    assert failed == []
    assert asked >= LEAST


@pytest.mark.parametrize("header", [{}, {"HX-Request": "true"}])
def test_no_next_leads_away_or_astray(
    world: dict[str, list[str]], user: User, causes: list[str], header: dict[str, str]
) -> None:
    """Every form, filled in as a person would, that says to go back to something else than a page."""
    corpus, failed = Corpus("next", world), []
    for route in routes():
        if route.pattern.startswith("/admin/"):
            continue
        for target in corpus.random.sample(NOT_A_PAGE, 3):
            before = transaction.savepoint()
            address = route.pattern.format(*(corpus.known(route)))
            answer = visitor("member", user).post(address, believable(world) | {"next": target}, headers=header)
            transaction.savepoint_rollback(before)
            where = answer.get("Location", "/")
            if answer.status_code == 500 or not where.startswith("/") or where.startswith(("//", "/\\")):
                failed.append((route.name, target[:30], answer.status_code, where[:30], causes[-1:]))
    assert failed == []


def ask(corpus: Corpus, client: Client, route: Route, method: str) -> tuple[Any, str]:
    """The answer to the corpus' next request, and where it went."""
    own = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    body, kind = corpus.body() if method not in {"GET", "HEAD"} else (b"", "")
    path, query, headers = corpus.path(route), corpus.query(), corpus.headers()
    extra: dict[str, Any] = {"QUERY_STRING": query, "HTTP_COOKIE": corpus.cookies(own), **headers}
    answer = client.generic(method, path, body, kind, **extra)
    b"".join(answer)  # of a file, too
    return answer, path[:80]


def _cause() -> str:
    kind, error, trace = sys.exc_info()
    ours = [frame for frame in traceback.extract_tb(trace) if "site-packages" not in frame.filename]
    place = f"{ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}" if ours else "library"
    return f"{kind.__name__ if kind else ''}({error}) at {place}"[:300]


class Interrupted(io.RawIOBase):
    """A body that stops arriving."""

    def read(self, *_: Any) -> bytes:
        raise BlockingIOError(11, "Resource temporarily unavailable")


@pytest.mark.parametrize(
    ("actor", "strict", "kind"),
    [("guest", False, "application/x-www-form-urlencoded"), ("member", True, "multipart/form-data; boundary=x")],
)
def test_a_form_that_stops_arriving_is_no_failure(
    world: dict[str, list[str]], user: User, causes: list[str], actor: str, strict: bool, kind: str
) -> None:
    failed = []
    for route in routes():
        client = Client(raise_request_exception=False, enforce_csrf_checks=strict)
        if actor != "guest":
            client.force_login(user)
        before = transaction.savepoint()
        address = route.pattern.format(*Corpus("interrupted", world).known(route))
        interrupted: dict[str, Any] = {"wsgi.input": Interrupted(), "CONTENT_LENGTH": "100"}
        answer = client.generic("POST", address, b"x", kind, **interrupted)
        transaction.savepoint_rollback(before)
        if answer.status_code == 500:
            failed.append((route.name, address[:60], causes[-1:]))
    assert failed == []
