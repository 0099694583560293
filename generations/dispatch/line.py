"""Who goes next: the line of waiting generations behind each token.

A token's places are shared fairly between people, and between the clicks of one person: whoever had fewer posts in the
rate window goes first, and a pile leaves some places to the others, so a batch of 300 does not keep anybody else's
single picture waiting. What may have been charged already is settled before its owner's new requests.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from generations.dispatch import rate
from generations.dispatch.rate import Window
from generations.models import Generation, GenerationQuerySet, Place

S = Generation.Status


@dataclass(frozen=True)
class Waiting:
    """One generation in line; `nonce` names its click and `number` its place in it."""

    pk: UUID
    status: str
    owner: int
    nonce: str
    number: int
    queued_at: datetime


def in_order(waiting: Iterable[Waiting], posted: Counter[tuple[int, str]]) -> list[Waiting]:
    """The line in the order in which it should be sent. `posted` counts what each (owner, click) has had lately."""
    had = _by_owner(posted)
    ranked: list[tuple[tuple[int, datetime], Waiting]] = []
    people = sorted(waiting, key=attrgetter("owner"))
    for owner, rows in groupby(people, attrgetter("owner")):
        for place, row in enumerate(_own_order(rows, posted)):
            ranked.append(((had[owner] + place, row.queued_at), row))
    return [row for _, row in sorted(ranked, key=lambda entry: entry[0])]


def _own_order(rows: Iterable[Waiting], posted: Counter[tuple[int, str]]) -> list[Waiting]:
    """One person's rows: what may be charged already first, then their clicks take turns."""
    clicks: Counter[str] = Counter()
    ranked = []
    for row in sorted(rows, key=attrgetter("queued_at", "number")):
        rank = -1 if row.status == S.SENDING else posted[row.owner, row.nonce] + clicks[row.nonce]
        clicks[row.nonce] += 1
        ranked.append((rank, row))
    return [row for _, row in sorted(ranked, key=lambda entry: (entry[0], entry[1].queued_at, entry[1].number))]


def turns(now: datetime, limit: int) -> list[UUID]:
    """What may be sent now, at most `limit`, the tokens taking turns."""
    fingerprints = set(_waiting(now).values_list("token__fingerprint", flat=True).distinct())
    if not fingerprints:
        return []
    windows = rate.windows(fingerprints, now)
    free = {fingerprint: windows[fingerprint].free(now) for fingerprint in fingerprints}
    found: list[tuple[int, datetime, UUID]] = []
    for fingerprint, rows in _lines(now, [each for each in fingerprints if free[each]]).items():
        first = _first(rows, windows[fingerprint], free[fingerprint])
        found += [(place, row.queued_at, row.pk) for place, row in enumerate(first)]
    return [pk for _, _, pk in sorted(found)[:limit]]


def is_next(pk: UUID, fingerprint: str, window: Window, now: datetime) -> bool:
    """Whether this one is among those that the token's free places belong to."""
    free = window.free(now)
    if not free:
        return False
    first = _first(_lines(now, [fingerprint]).get(fingerprint, []), window, free)
    return any(row.pk == pk for row in first)


def _first(rows: Iterable[Waiting], window: Window, free: int) -> list[Waiting]:
    """Those that the free places belong to: in order, but nobody has more than their share of the window."""
    had = _by_owner(window.posted)
    first: list[Waiting] = []
    for row in in_order(rows, window.posted):
        if len(first) == free:
            break
        if had[row.owner] < window.share:
            had[row.owner] += 1
            first.append(row)
    return first


def _by_owner(posted: Counter[tuple[int, str]]) -> Counter[int]:
    had: Counter[int] = Counter()
    for (owner, _), count in posted.items():
        had[owner] += count
    return had


def places(cards: Iterable[Generation], now: datetime) -> dict[UUID, Place]:
    """Where those of the cards stand that wait in line; `with_card` has brought their tokens."""
    fingerprints = {
        card.token.fingerprint
        for card in cards
        if card.status == S.QUEUED and card.token is not None and not card.token.refused_at
    }
    if not fingerprints:
        return {}
    windows = rate.windows(fingerprints, now)
    found: dict[UUID, Place] = {}
    for fingerprint, rows in _lines(now, fingerprints).items():
        window = windows[fingerprint]
        line = in_order(rows, window.posted)
        soon, late = window.starts(now, len(line), window.posts), window.starts(now, len(line), window.share)
        had = _by_owner(window.posted)
        for number, row in enumerate(line):
            # Within their share of the window people wait for each other only.
            starts = soon if had[row.owner] < window.share else late
            had[row.owner] += 1
            found[row.pk] = Place(number + 1, starts[number])
    return found


def _waiting(now: datetime) -> GenerationQuerySet:
    return Generation.objects.claimable(now).with_good_token().unparked()


def _lines(now: datetime, fingerprints: Collection[str]) -> dict[str, list[Waiting]]:
    """The rows in line behind each token, unordered."""
    lines: dict[str, list[Waiting]] = defaultdict(list)
    if fingerprints:
        columns = ("pk", "status", "owner_id", "nonce", "number", "queued_at")
        rows = _waiting(now).filter(token__fingerprint__in=fingerprints)
        for fingerprint, *row in rows.values_list("token__fingerprint", *columns):
            lines[fingerprint].append(Waiting(*row))
    return lines
