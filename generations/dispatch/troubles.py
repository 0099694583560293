"""Troubles that last, such as Meigen being away: each is logged when it begins and when it ends, and not at every try.

A trouble is a row for as long as it lasts, kept among the leases: `expires_at` is when it began, `owner` what was seen.
Whichever process of whichever host inserts the row writes the one line, and whichever deletes it the other.
"""

import logging
import socket
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from generations.models import Lease
from meigen_site.logs import event

logger = logging.getLogger(__name__)

PREFIX = "!"  # short, for the sake of long host names
LONGEST_NAME = 40

MEIGEN = "meigen"
FILES = "files"
STORE = "store"  # of one host, or of all if it is the bucket
# Of one host each.
CLOCK = "clock"
SILENT = "silent"


class Trouble(NamedTuple):
    """`kind` is one of those above, `host` the one that has it, or "" if it is everybody's."""

    kind: str
    host: str
    since: datetime
    words: str


def of_host(kind: str, host: str = "") -> str:
    """The name of a trouble that one host has: this one, unless another is named."""
    return f"{kind}@{host or socket.gethostname()}"


def begin(name: str, words: str) -> bool:
    """Writes down that it has begun, unless that is known. Says whether it was news."""
    values = {"owner": words[:200], "expires_at": timezone.now()}
    _, is_new = Lease.objects.get_or_create(name=_row(name), defaults=values)
    if is_new:
        logger.error("%s", words, extra=event("trouble_begins", trouble=name))
    return is_new


def end(name: str, then: Callable[[], object] = lambda: None) -> bool:
    """Writes down that it is over, if it lasted, and does in the same transaction what is to be done `then`."""
    row = Lease.objects.filter(name=_row(name)).first()
    if row is None:
        return False
    with transaction.atomic():
        if not Lease.objects.filter(name=row.name, expires_at=row.expires_at).delete()[0]:
            return False
        then()
    seconds = round((timezone.now() - row.expires_at).total_seconds())
    logger.warning(
        "Over after %s s: %s", seconds, row.owner, extra=event("trouble_ends", trouble=name, seconds=seconds)
    )
    return True


def forget(host: str) -> None:
    """The host is gone, and its troubles with it."""
    Lease.objects.filter(name__in=[_row(of_host(kind, host)) for kind in (STORE, CLOCK, SILENT)]).delete()


def lasts(*names: str) -> bool:
    """Whether one of them lasts."""
    return Lease.objects.filter(name__in=map(_row, names)).exists()


def of(row: Lease) -> Trouble | None:
    """The trouble that a row stands for, if it stands for one."""
    if not row.name.startswith(PREFIX):
        return None
    kind, _, host = row.name.removeprefix(PREFIX).partition("@")
    return Trouble(kind, host, row.expires_at, row.owner)


def _row(name: str) -> str:
    return f"{PREFIX}{name}"[:LONGEST_NAME]
