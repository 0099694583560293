"""How common words and trigrams are and how often they meet, by a sample of the prompts: what to ask an index for.

An index reads the list of every trigram it is asked for. Those of one word say almost the same, so two or three rare
ones, of different words if need be, leave as little to compare as all of them together, and cost a tenth.
"""

from __future__ import annotations

import time
import uuid
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache, reduce
from math import ceil, prod
from operator import and_, itemgetter

from django.apps import apps

from generations.search_keys import mark, model_key, owner_key
from generations.search_tables import BETWEEN

SIZE = 1000
LASTS = 600  # seconds, in each process
MOST = 60  # trigrams that are looked at
MANY = 50  # texts tell what those like them have
SURE = 4  # texts tell how many there are, fewer hardly


class Sample:
    """Some texts, the ids and times of their rows, and which of them contain a part of a text, as bits of a number."""

    def __init__(self, rows: Sequence[tuple[uuid.UUID, datetime, str]]) -> None:
        # The ids are random numbers of 128 bits, so the first of them tell how many there are.
        self.total = len(rows) if len(rows) < SIZE else round(SIZE * 2**128 / rows[-1][0].int)
        rows = sorted(rows, key=itemgetter(1))
        self.times = [created_at for _, created_at, _ in rows]
        self.texts = [text for _, _, text in rows]
        self.having = lru_cache(maxsize=10_000)(self._having)

    def expected(self, words: Iterable[str]) -> float:
        """How many rows of all have all the words, more or less."""
        return max(self.count(words), 0.5) * self.total / max(1, len(self.texts))

    def chance(self, words: Iterable[str], keys: Sequence[str]) -> float:
        """What part of the rows with the keys has the words; of all rows, if the sample has few with the keys."""
        keys = keys if self.count(keys) >= MANY else ()
        return max(self.count([*keys, *words]), 0.5) / max(1, self.count(keys))

    def count(self, words: Iterable[str]) -> int:
        """How many of the texts have all the words."""
        return self._meeting(words).bit_count()

    def _meeting(self, parts: Iterable[str]) -> int:
        return reduce(and_, map(self.having, parts), (1 << len(self.texts)) - 1)

    def _having(self, part: str) -> int:
        part = part.replace(BETWEEN, "").lower()  # one or two letters
        return int("".join("1" if part in text else "0" for text in self.texts) or "0", 2)

    def share(self, since: datetime, before: datetime | None) -> float:
        """What part of the rows is of this stretch of time, more or less."""
        return sum(since <= at and (before is None or at <= before) for at in self.times) / max(1, len(self.times))

    def since(self, parts: Sequence[str], rows: float, until: datetime, share: float = 0.5) -> datetime | None:
        """From when on so many rows have all the parts, counted back from a time; more or less.

        None: they are more than this share of all, so that all could be read as well.
        """
        met = self._meeting(parts)
        later = len(self.times) - bisect_right(self.times, until)
        met >>= later  # the last bit is the newest text now
        wanted = rows * len(self.texts) / max(1, self.total)
        if not met and parts:
            # As if they were independent; unless some texts should have had them all then.
            chance = prod(self.having(part).bit_count() / max(1, len(self.texts)) for part in parts)
            meet = 0 < chance * (len(self.texts) - later) < SURE
            return self.since((), rows / chance, until, share) if meet else None
        if not met or wanted > (met.bit_count() + 1) * share:
            return None
        # What is wanted may be less than a text; some texts tell better than one how many there are in a day.
        count = min(max(SURE, ceil(wanted)), met.bit_count())
        for _ in range(count - 1):
            met &= met - 1
        at = self.times[len(self.times) - later - (met & -met).bit_length()]
        return until - (until - at) * (wanted / count)

    def cheapest(self, grams: Iterable[str], compare: float) -> list[str]:
        """The rarest of the trigrams, and as many others, each the one that saves most, as make the search cheaper.

        `compare` is what fetching a row and comparing it costs, in entries of the index that are read meanwhile.
        What is not in the sample may still be in one row of the index for each in the sample.
        """
        grams = list(dict.fromkeys(grams))
        rest = grams[:: 1 + len(grams) // MOST]
        chosen: list[str] = []
        rows, left = (1 << len(self.texts)) - 1, float(len(self.texts))

        def then(gram: str) -> float:
            met = (rows & self.having(gram)).bit_count()
            # Where they meet less often than once in the sample: as that one of them has it which most often does.
            return met or min(1.0, left * max(self._part(gram, of) for of in ["", *chosen]))

        def saves(gram: str) -> float:
            return (left - then(gram)) * compare - self._entries(gram)

        while rest:
            best = max(rest, key=saves) if chosen else min(rest, key=self._entries)
            if chosen and saves(best) <= 0:
                break
            left = then(best)
            rows &= self.having(best)
            chosen.append(best)
            rest.remove(best)
        return chosen

    def _entries(self, gram: str) -> float:
        return self.having(gram).bit_count() or 0.5

    def _part(self, gram: str, of: str) -> float:
        """What part of those that have one has the other too."""
        return (self.count([gram, of]) or 0.5) / max(1, self.count([of]))


def taken() -> Sample:
    """The first prompts by their ids, which are of any time and of anybody; kept for some minutes."""
    return _taken(int(time.monotonic() // LASTS))


def forget() -> None:
    """For who fills a table all at once: the next search looks at it anew."""
    _taken.cache_clear()


@lru_cache(maxsize=1)
def _taken(period: int) -> Sample:
    rows = apps.get_model("generations", "Generation").objects.order_by("pk")[:SIZE]
    read = rows.values_list("pk", "created_at", "owner_id", "model_id", "prompt")
    return Sample(
        [
            (pk, created_at, mark(owner_key(owner)) + mark(model_key(model)) + prompt.lower())
            for pk, created_at, owner, model, prompt in read
        ]
    )
