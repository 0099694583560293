"""Writes the audit log: the one way in, and the purge."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from .models import Action, Entry

# What somebody without an account can cause again and again is kept so often at most, of one address and of all. No two
# of a flood tell more than one, nobody may fill the disk, and nobody hides what others do behind what they do.
# What is beyond is dropped; `more_followed` in the last entry says so.
BY_ANYBODY = {
    Action.SIGN_IN_FAILED,
    Action.FACTOR_FAILED,
    Action.SHARE_OPENED,
    Action.SHARE_UNLOCKED,
    Action.SHARE_REFUSED,
}
A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)
MOST_OF_ONE = [(A_MINUTE, 20), (A_DAY, 500)]
MOST_OF_ALL = [(A_MINUTE, 100), (A_DAY, 5000)]
PURGE_SECONDS = 20.0

_current: ContextVar[tuple[HttpRequest | None, str]] = ContextVar("asker", default=(None, ""))


@contextmanager
def answering(request: HttpRequest, address: str) -> Iterator[None]:
    """Until its end, whatever is recorded was done by this request's person, from this address."""
    before = _current.set((request, address))
    try:
        yield
    finally:
        _current.reset(before)


def record(
    action: Action,
    thing: models.Model | None = None,
    *,
    kind: str = "",
    words: str | None = None,
    actor: Any = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Adds an entry, in the transaction of what it tells of: both happen, or neither.

    `words` name the thing where its own text will not do; `kind` stands for a thing without a row of ours. Without an
    `actor` it is the person whose request is being answered; outside of requests it is nobody. Never pass a secret.
    """
    request, address = _current.get()
    actor = actor or getattr(request, "user", None)
    told = dict(details or {})
    if action in BY_ANYBODY:
        room = _room(action, address)
        if room <= 0:
            return
        if room == 1:
            told["more_followed"] = True
    Entry.objects.create(
        action=action,
        actor_id=actor.pk if actor else None,
        actor_name=_text(actor.get_username(), 150) if actor else "",
        object_kind=thing._meta.label_lower if thing else kind,  # noqa: SLF001
        object_id=str(thing.pk) if thing else "",
        object_words=_text(str(thing or "") if words is None else words, 200),
        address=address,
        details=told,
    )


def has_old_entries() -> bool:
    """Whether anything is older than AUDIT_DAYS."""
    return Entry.objects.filter(at__lt=_oldest()).exists()


def purge() -> None:
    """Deletes what is older than AUDIT_DAYS, for a limited time; the next run goes on."""
    before = _oldest()
    ends = time.monotonic() + PURGE_SECONDS
    while Entry.objects.purge(before) and time.monotonic() < ends:
        pass


def _oldest() -> datetime:
    return timezone.now() - timedelta(days=settings.AUDIT_DAYS)


def _room(action: Action, address: str) -> int:
    """How many more entries of this action, from this address, are kept now."""
    now = timezone.now()
    same = Entry.objects.filter(action=action)
    limits = [(same, MOST_OF_ALL), (same.filter(address=address), MOST_OF_ONE)]
    return min(most - rows.filter(at__gt=now - span)[:most].count() for rows, spans in limits for span, most in spans)


def _text(words: str, most: int) -> str:
    """On one line, without what no database keeps."""
    return "".join(letter if letter.isprintable() else " " for letter in words[:most])
