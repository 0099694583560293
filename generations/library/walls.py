"""The wall: cards in their order under the days they were made on, and clicks that go on as groups of their own.

A click that still goes on keeps its place and its line while its cards change; once the page is loaded anew without
anything going on, its cards stand among the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from generations.dispatch import decisions, line
from generations.library.cards import Shown
from generations.models import Generation
from generations.models.status import TROUBLE

S = Generation.Status


@dataclass(frozen=True)
class Click:
    """What the line of a click says: how far it is and when the last of it is expected, in seconds from now.

    `first` is the id of its first generation, `nonce` what the click is known by in the database.
    """

    nonce: str
    first: UUID
    prompt: str
    prompts: int
    total: int
    done: int
    trouble: int
    cancelled: int
    live: int
    left: int | None
    cancel: UUID | None

    @property
    def ended(self) -> int:
        return self.total - self.live


@dataclass(frozen=True)
class Part:
    """A day's heading, or a click with its cards, or cards."""

    day: date | None = None
    click: Click | None = None
    cards: Sequence[Shown] = ()


def parts(
    cards: Iterable[Shown], viewer: User, after: datetime | None = None, *, names_today: bool = False
) -> Iterator[Part]:
    """The wall of these cards, newest first, which begins anew or goes on `after` a card that was made then.

    Today has a heading only where no new card comes in above it.
    """
    clicks = {click.nonce: click for click in going_on(viewer, {card.nonce for card in cards if card.is_live})}
    day = timezone.localdate(after) if after else None if names_today else timezone.localdate()
    for made_on, of_day in groupby(cards, lambda card: timezone.localdate(card.created_at)):
        if made_on != day:
            yield Part(day=made_on)
            day = made_on
        for nonce, some in groupby(of_day, lambda card: card.nonce if card.nonce in clicks else ""):
            if nonce:
                yield Part(click=clicks[nonce], cards=sorted(some, key=attrgetter("number")))
            else:
                yield Part(cards=list(some))


def going_on(owner: User, nonces: Iterable[str]) -> list[Click]:
    """These clicks of the person, as far as they are known."""
    wanted = set(nonces)
    if not wanted:
        return []
    now = timezone.now()
    asked = Generation.objects.owned_by(owner).filter(nonce__in=wanted).select_related("token")
    rows = sorted(asked, key=attrgetter("nonce", "number"))
    places = line.places(rows, now)
    for row in rows:
        row.place = places.get(row.pk)
    return [_click(nonce, list(some), now) for nonce, some in groupby(rows, attrgetter("nonce"))]


def _click(nonce: str, every: list[Generation], now: datetime) -> Click:
    rows = [row for row in every if not row.deleted_at]
    live = [row for row in rows if row.status in Generation.LIVE]
    waits = [_left(row, now) for row in live]
    return Click(
        nonce=nonce,
        first=every[0].pk,
        prompt=every[0].prompt,
        prompts=len({row.prompt for row in rows}),
        total=len(rows),
        done=sum(row.status == S.DONE for row in rows),
        trouble=sum(row.status in TROUBLE for row in rows),
        cancelled=sum(row.status == S.CANCELLED for row in rows),
        live=len(live),
        left=max((wait for wait in waits if wait is not None), default=None) if None not in waits else None,
        cancel=next((row.pk for row in live if decisions.can_cancel(row)), None),
    )


def _left(row: Generation, now: datetime) -> int | None:
    """The seconds until it is expected to be done, None where nobody knows or where that moment is over."""
    ends = row.expected_end
    if not ends and row.place and row.expected_wait:
        ends = row.place.starts_at + timedelta(seconds=row.expected_wait)
    return round((ends - now).total_seconds()) if ends and ends > now else None
