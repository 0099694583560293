"""What the moves of generations leave behind: lines of the timeline, ledger entries and sums."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from generations.models.ledger import Booking, DailyUsage, LedgerEntry, UsageKey
from generations.models.timeline import Event


@dataclass
class Trail:
    """Rows that any number of moves leave, to be written at the end of their transaction."""

    events: list[Event] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    usage: dict[UsageKey, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, event: Event, before: Booking | None, after: Booking) -> None:
        """One step of a generation's life; there is no `before` when a click has just made it."""
        self.events.append(event)
        change = Counter(after.standing)
        if before:
            change.subtract(before.standing)
            self.usage[before.key].subtract(before.standing)
        self.usage[after.key].update(after.standing)
        if entry := LedgerEntry.of_change(event.generation, event.at, change):
            self.entries.append(entry)

    def write(self) -> None:
        Event.objects.bulk_create(self.events)
        LedgerEntry.objects.bulk_create(self.entries)
        DailyUsage.add(self.usage)
