"""How long models usually take, based on our own history."""

import statistics
from collections import defaultdict

from django.core.cache import caches

from generations.models import Generation

KEY = "typical-waits"
LASTS = 300
SAMPLE = 300


def typical() -> dict[str, int]:
    """The median seconds from sent to done of the latest runs, by model id. Cached for five minutes per process."""
    cache = caches["local"]
    known: dict[str, int] | None = cache.get(KEY)
    if known is None:
        known = _measure()
        cache.set(KEY, known, LASTS)
    return known


def _measure() -> dict[str, int]:
    # Ordered by time alone to use its index; otherwise SQLite sorts all finished rows.
    latest = Generation.objects.filter(finished_at__isnull=False).order_by("-finished_at")
    runs: dict[str, list[float]] = defaultdict(list)
    rows = latest.values_list("status", "model_id", "running_at", "finished_at")[:SAMPLE]
    for status, model_id, begun, ended in rows:
        if status == Generation.Status.DONE and begun and ended and ended > begun:
            runs[model_id].append((ended - begun).total_seconds())
    return {model_id: max(1, round(statistics.median(times))) for model_id, times in runs.items()}
