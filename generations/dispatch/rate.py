"""Twelve posts a minute: a sliding window over the attempt rows of a token.

Not a token bucket: capacity 12 with 12 a minute of refill lets 23 through in one minute.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from generations.models import Attempt, RateGate

# Between our clock and the moment Meigen counts a post.
MARGIN = timedelta(milliseconds=250)
LONGEST_POST = timedelta(seconds=30)


def next_place(fingerprint: str, now: datetime) -> datetime | None:
    """None when a post may leave now, else when to ask again.

    Call it inside the transaction that inserts the attempt: the gate row stays locked until that is committed, so two
    processes never take the same place. A post counts from its answer (or from now while it is under way): Meigen
    counted it before that.
    """
    RateGate.objects.get_or_create(token_fingerprint=fingerprint)
    gate = RateGate.objects.select_for_update().get(token_fingerprint=fingerprint)
    if gate.blocked_until and gate.blocked_until > now:
        return gate.blocked_until
    posts, seconds = settings.MEIGEN_RATE
    window = timedelta(seconds=seconds)
    recent = Attempt.objects.filter(token_fingerprint=fingerprint, sent_at__gt=now - window - LONGEST_POST)
    ends = sorted(
        min(sent_at + (LONGEST_POST if took is None else timedelta(milliseconds=took)), now)
        for sent_at, took in recent.values_list("sent_at", "milliseconds")
    )
    counted = [end for end in ends if end > now - window - MARGIN]
    return counted[-posts] + window + MARGIN if len(counted) >= posts else None


def block(fingerprint: str, until: datetime) -> None:
    """Keeps the token quiet until then, as a 429 asks."""
    RateGate.objects.get_or_create(token_fingerprint=fingerprint)
    RateGate.objects.filter(Q(blocked_until=None) | Q(blocked_until__lt=until), token_fingerprint=fingerprint).update(
        blocked_until=until
    )
