"""Credits over time as bars, drawn on the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from generations.usage.sums import Extent, lines

WIDTH, HEIGHT = 720, 140
DAYS, WEEKS = 62, 430  # a longer period is drawn in weeks, then in months


@dataclass(frozen=True)
class Bar:
    """A rectangle of the picture, which is WIDTH by HEIGHT, and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    since: date
    charged: int


@dataclass(frozen=True)
class Chart:
    by: str
    bars: list[Bar]
    most: int
    width: int = WIDTH
    height: int = HEIGHT


def drawn(extent: Extent) -> Chart:
    length = (extent.until - extent.since).days + 1
    by = "day" if length <= DAYS else "week" if length <= WEEKS else "month"
    charged = {line.value: line.sums["charged"] for line in lines(extent, by)}
    steps = list(_steps(extent, by))
    most = max([*charged.values(), 1])
    step = WIDTH / len(steps)
    bars = []
    for place, first in enumerate(steps):
        credits = max(charged.get(first, 0), 0)
        height = round(credits / most * HEIGHT, 1)
        bars.append(Bar(round(place * step, 2), HEIGHT - height, round(step * 0.8, 2), height, first, credits))
    return Chart(by, bars, most)


def _steps(extent: Extent, by: str) -> list[date]:
    """The first days of all bars, the empty ones too."""
    if by == "month":
        months = range(extent.since.year * 12 + extent.since.month - 1, extent.until.year * 12 + extent.until.month)
        return [date(month // 12, month % 12 + 1, 1) for month in months]
    days = 7 if by == "week" else 1
    first = extent.since - timedelta(days=extent.since.weekday() if by == "week" else 0)
    return [first + timedelta(days=day) for day in range(0, (extent.until - first).days + 1, days)]
