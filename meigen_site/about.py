"""What a log line is about: the request, its person, the generation."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest

_ids: ContextVar[Mapping[str, str]] = ContextVar("ids", default=MappingProxyType({}))
_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)

NAMES = ("request", "person", "generation")


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Until its end, every line of this thread or task carries these ids, such as `generation=...`."""
    before = _ids.set({**_ids.get(), **{name: str(value) for name, value in ids.items()}})
    try:
        yield
    finally:
        _ids.reset(before)


@contextmanager
def answering(request: HttpRequest, request_id: str) -> Iterator[None]:
    """The same for a request. Who asks is not known yet, and is looked up for no log line: see `current`."""
    before = _request.set(request)
    try:
        with about(request=request_id):
            yield
    finally:
        _request.reset(before)


def current() -> dict[str, str]:
    """The ids that are known now."""
    found = dict(_ids.get())
    request = _request.get()
    person = getattr(request, "_cached_user", None)  # where Django's middleware keeps whom it has looked up
    if person is not None and person.pk:
        found["person"] = str(person.pk)
    match = getattr(request, "resolver_match", None)
    if match is not None and match.route.startswith("generations/<uuid:pk>/"):
        found.setdefault("generation", str(match.kwargs["pk"]))
    return found


class About(logging.Filter):
    """Puts the ids into a record: each by itself for JSON, and as `about` for a plain line."""

    def filter(self, record: logging.LogRecord) -> bool:
        ids: dict[str, Any] = current()
        record.ids = ids
        record.about = "".join(f" {name}={ids[name]}" for name in NAMES if name in ids)
        return True
