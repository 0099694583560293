"""The ledger, checked against the credits that Meigen's answers say are left.

Every answer to a click tells the account's balance. Between two answers it falls by what the studio charged, as the
ledger has it; any other change was made elsewhere: another token of the same account, a purchase, a refund.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

from django.utils import timezone

from accounts.models import Token
from generations.models import Generation, LedgerEntry
from generations.models.ledger import day_of

DAYS = 14


@dataclass(frozen=True)
class Check:
    """From the last answer of an earlier day (or the first answer of all) to the last one of this day, in credits."""

    day: date
    before: int
    after: int
    charged: int

    @property
    def elsewhere(self) -> int:
        """What was spent elsewhere; negative if more came in than was spent."""
        return self.before - self.after - self.charged

    @property
    def added(self) -> int:
        return -self.elsewhere


def checks(token: Token) -> list[Check]:
    """One for each of the last `DAYS` days with an answer. None for session tokens, whose daily credits renew.

    A job whose answer is on its way when a day ends may count on the other side of it.
    """
    if token.kind != Token.Kind.API:
        return []
    answers = list(_answers(token))
    if len(answers) < 2:
        return []
    entries = LedgerEntry.objects.filter(generation__token__fingerprint=token.fingerprint, at__gt=answers[0][0])
    charges = list(entries.exclude(charged=0).order_by("at").values_list("at", "charged"))
    moments, sums = [at for at, _ in charges], [0, *accumulate(charged for _, charged in charges)]
    return [
        Check(day_of(at), before, after, sums[bisect_right(moments, at)] - sums[bisect_right(moments, earlier)])
        for (earlier, before), (at, after) in pairwise(answers)
    ]


def _answers(token: Token) -> Iterator[tuple[datetime, int]]:
    """The first answer, and the last one of each day, with the balance that it told."""
    since = timezone.now() - timedelta(days=DAYS)
    rows = Generation.objects.filter(token__fingerprint=token.fingerprint, created_at__gte=since, running_at__gte=since)
    # An answer that was given again may tell the balance of its first time.
    told: Any = rows.filter(tries=1, balance_purchased__isnull=False).order_by("running_at")
    last = None
    for at, balance in told.values_list("running_at", "balance_purchased").iterator():
        if last is None or day_of(last[0]) != day_of(at):
            yield last or (at, balance)
        last = at, balance
    if last:
        yield last
