"""How fast this machine is, since a figure in milliseconds is that of one machine, and of one hour on a shared one."""

import statistics
import time
import timeit

USUAL_MS = 26.0  # of the machines on which the limits in milliseconds were set


def million_ms() -> float:
    """Milliseconds in which Python adds up a million numbers, at best."""
    return min(timeit.repeat(_adding(1_000_000), number=1, repeat=5)) * 1000


class Yardstick:
    """Laid beside what is measured, many times meanwhile: what this machine needs for what takes one elsewhere."""

    NUMBERS = 20_000

    def __init__(self) -> None:
        self._taken: list[float] = []
        self._adding = timeit.Timer(_adding(self.NUMBERS), timer=time.process_time)

    def lay(self) -> None:
        self._taken.append(self._adding.timeit(number=1))

    @property
    def slowness(self) -> float:
        """The median; 1 on a usual machine, 2 on one that takes twice as long."""
        return statistics.median(self._taken) * 1000 * 1_000_000 / self.NUMBERS / USUAL_MS


def _adding(numbers: int) -> str:
    return f"total = 0\nfor number in range({numbers}): total += number"
