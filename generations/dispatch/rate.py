"""Twelve posts a minute: a sliding window over the attempt rows of a token.

Not a token bucket: capacity 12 with 12 a minute of refill lets 23 through in one minute.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Q
from django.utils import timezone

from accounts.models import Token
from generations.models import Attempt, RateGate
from generations.models.lease import is_over

# Between our clock and the moment Meigen counts a post.
MARGIN = timedelta(milliseconds=250)
LONGEST_POST = timedelta(seconds=30)
# Places of a shared token that one person's pile leaves for the others, so that a single click goes at once.
RESERVED = 2
# An attempt further ahead than this was written before the clock was set back.
AHEAD = timedelta(minutes=1)
# After repeated 429s: half as long again each time, and never longer than a pause may be.
PAUSE_GROWS = 1.5
MOST_STEPS = 20
LONGEST_PAUSE = timedelta(hours=1)


@dataclass
class Window:
    """What one token has posted lately.

    `counted` are the moments, oldest first, of the posts that still count: a post counts from its answer (or from now
    while it is under way), since Meigen counted it before that. `posted` says how many each (owner, click) has had.
    `is_shared` when several people have the token.
    """

    counted: list[datetime] = field(default_factory=list)
    posted: Counter[tuple[int, str]] = field(default_factory=Counter)
    blocked_until: datetime | None = None
    is_shared: bool = False

    @property
    def posts(self) -> int:
        """How many places there are."""
        posts: int = settings.MEIGEN_RATE[0]
        return posts

    @property
    def share(self) -> int:
        """How many of them one person may have: of a shared token, not quite all."""
        return max(1, self.posts - RESERVED) if self.is_shared else self.posts

    def free(self, now: datetime) -> int:
        """How many posts may leave now."""
        if self.blocked_until and self.blocked_until > now:
            return 0
        return max(0, self.posts - len(self.counted))

    def starts(self, now: datetime, count: int, posts: int) -> list[datetime]:
        """When each of the next `count` posts may leave, at so many in a window, if nothing else comes between."""
        seconds = settings.MEIGEN_RATE[1]
        ends = self.counted[-posts:]
        earliest = max(now, self.blocked_until or now)
        for _ in range(count):
            oldest = ends[-posts] + timedelta(seconds=seconds) + MARGIN if len(ends) >= posts else earliest
            ends.append(max(earliest, oldest))
        return ends[len(ends) - count :]


def windows(fingerprints: Collection[str], now: datetime) -> dict[str, Window]:
    """The window of each token, by fingerprint."""
    gates = RateGate.objects.filter(token_fingerprint__in=fingerprints)
    return _windows(fingerprints, now, gates)


def _windows(fingerprints: Collection[str], now: datetime, gates: Iterable[RateGate]) -> dict[str, Window]:
    found: dict[str, Window] = defaultdict(Window)
    window = timedelta(seconds=settings.MEIGEN_RATE[1])
    since, until = now - window - LONGEST_POST, now + AHEAD
    recent = Attempt.objects.filter(token_fingerprint__in=fingerprints, sent_at__range=(since, until))
    rows = recent.values_list(
        "token_fingerprint", "sent_at", "milliseconds", "generation__owner_id", "generation__nonce"
    )
    for fingerprint, sent_at, took, owner, nonce in rows:
        end = min(sent_at + (LONGEST_POST if took is None else timedelta(milliseconds=took)), now)
        if end > now - window - MARGIN:
            found[fingerprint].counted.append(end)
            found[fingerprint].posted[owner, nonce] += 1
    for row in found.values():
        row.counted.sort()
    for gate in gates:
        if gate.is_closed(now):
            found[gate.token_fingerprint].blocked_until = gate.blocked_until
    owners = Token.objects.filter(fingerprint__in=fingerprints).values_list("fingerprint").annotate(Count("owner"))
    for fingerprint, count in owners:
        found[fingerprint].is_shared = count > 1
    return found


def locked_window(fingerprint: str, now: datetime) -> Window:
    """The window of a token that nobody else may take a place in until this transaction ends.

    Call it inside the transaction that inserts the attempt: two processes never take the same place.
    """
    gate, _created = RateGate.objects.select_for_update().get_or_create(token_fingerprint=fingerprint)
    return _windows([fingerprint], now, [gate])[fingerprint]


def note_limit(fingerprint: str, sent_at: datetime, asked: float | None) -> datetime:
    """Meigen answered 429 to a post of that moment: keeps the token quiet, and says until when.

    The pause is what was `asked` (seconds; the window's where nothing was) and grows by half with each 429 in a row.
    Posts that were under way together are refused together, and count once.
    """
    now = timezone.now()
    RateGate.objects.get_or_create(token_fingerprint=fingerprint)
    gates = RateGate.objects.filter(token_fingerprint=fingerprint)
    newer = Q(limited_at=None) | Q(limited_at__lt=sent_at) | Q(limited_at__gt=now) | Q(limited_in_row=0)
    gates.filter(newer).update(limited_in_row=F("limited_in_row") + 1, limited_at=now)
    in_row = min(gates.values_list("limited_in_row", flat=True)[0], MOST_STEPS)
    seconds = max(asked or settings.MEIGEN_RATE[1], 1) * PAUSE_GROWS ** (in_row - 1)
    until = now + min(timedelta(seconds=seconds), LONGEST_PAUSE)
    gates.filter(is_over("blocked_until", now) | Q(blocked_until__lt=until)).update(blocked_until=until)
    return until


def clear_limits(fingerprint: str) -> None:
    """Meigen answered a post with something else than 429: the next one is the first in a row again."""
    RateGate.objects.filter(token_fingerprint=fingerprint, limited_in_row__gt=0).update(limited_in_row=0)
