"""How common words and trigrams are and how often they meet, by a sample of the prompts: what to ask an index for.

An index reads the list of every trigram it is asked for. Those of one word say almost the same, so two or three rare
ones, of different words if need be, leave as little to compare as all of them together, and cost a tenth.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache, reduce
from operator import and_

from django.apps import apps

from generations.search_tables import BETWEEN, owner_mark

SIZE = 1000
LASTS = 600  # seconds, in each process
MOST = 60  # trigrams that are looked at
# Fetching a row and comparing it, in entries of an index that could be read meanwhile: 0.9 us and some 15 ns.
COMPARE = 60


class Sample:
    """Some texts, the ids and times of their rows, and which of them contain a part of a text, as bits of a number."""

    def __init__(self, rows: Sequence[tuple[uuid.UUID, datetime, str]]) -> None:
        self.times = [created_at for _, created_at, _ in rows]
        self.texts = [text for _, _, text in rows]
        # The ids are random numbers of 128 bits, so the first of them tell how many there are.
        self.total = len(rows) if len(rows) < SIZE else round(SIZE * 2**128 / rows[-1][0].int)
        self.having = lru_cache(maxsize=10_000)(self._having)

    def expected(self, words: Iterable[str]) -> float:
        """How many rows of all have all the words, more or less."""
        met = reduce(and_, map(self.having, words))
        return max(met.bit_count(), 0.5) * self.total / max(1, len(self.texts))

    def _having(self, part: str) -> int:
        part = part.replace(BETWEEN, "").lower()  # one or two letters
        return int("".join("1" if part in text else "0" for text in self.texts) or "0", 2)

    def share(self, since: datetime, before: datetime | None) -> float:
        """What part of the rows is of this stretch of time, more or less."""
        return sum(since <= at and (before is None or at <= before) for at in self.times) / max(1, len(self.times))

    def rarest(self, grams: Iterable[str]) -> list[str]:
        """As many of the trigrams, from the rarest on, as make the search cheaper.

        What is not in the sample may still be in one row of the index for each in the sample.
        """
        grams = list(dict.fromkeys(grams))
        ordered = sorted(grams[:: 1 + len(grams) // MOST], key=lambda gram: self.having(gram).bit_count())
        chosen: list[str] = []
        rows, left = (1 << len(self.texts)) - 1, float(len(self.texts))
        for gram in ordered:
            having = self.having(gram)
            entries = having.bit_count() or 0.5
            met = rows & having
            # Where they meet less often than once in the sample: as if they were independent.
            then = met.bit_count() or min(1.0, left * entries / max(1, len(self.texts)))
            if not chosen or (left - then) * COMPARE > entries:
                chosen.append(gram)
                rows, left = met, then
        return chosen


def taken() -> Sample:
    """The first prompts by their ids, which are of any time and of anybody; kept for some minutes."""
    return _taken(int(time.monotonic() // LASTS))


@lru_cache(maxsize=1)
def _taken(period: int) -> Sample:
    rows = apps.get_model("generations", "Generation").objects.order_by("pk")[:SIZE]
    read = rows.values_list("pk", "created_at", "owner_id", "prompt")
    return Sample([(pk, created_at, owner_mark(owner) + prompt.lower()) for pk, created_at, owner, prompt in read])
