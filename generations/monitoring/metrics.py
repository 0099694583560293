"""`/metrics` for Prometheus: figures read from the rows at each scrape, so it does not matter which process answers.

What only web servers know, their requests, is counted in memory that the processes of one gunicorn share. Every name
begins with `studio_`; docs/monitoring.md says what they mean.
"""

from collections.abc import Iterator, Mapping

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from generations.media import store
from generations.monitoring import figures
from meigen_site import VERSION, counters


@never_cache
@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """404 unless METRICS_TOKEN is set, and 401 unless it is the request's bearer token."""
    if settings.METRICS_TOKEN is None:
        raise Http404
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not constant_time_compare(given.strip(), settings.METRICS_TOKEN.reveal()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Studio())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Studio(Collector):
    def collect(self) -> Iterator[Metric]:
        yield _gauge("info", "The release.", {VERSION: 1}, "version")
        yield from _of_web_server()
        yield from _of_disks()
        yield from _of_rows()


def _of_web_server() -> Iterator[Metric]:
    requests = CounterMetricFamily("studio_requests", "Requests answered.", labels=["kind", "status"])
    seconds = CounterMetricFamily("studio_request_seconds", "How long that took.", labels=["kind", "status"])
    for slot, (count, took) in counters.answers().items():
        requests.add_metric(slot, count)
        seconds.add_metric(slot, took)
    yield requests
    yield seconds
    yield CounterMetricFamily("studio_slow_requests", "Requests above SLOW_SECONDS.", counters.slow())


def _of_disks() -> Iterator[Metric]:
    free, total = {}, {}
    for name, folder in store.folders().items():
        try:
            room = store.room(folder)
        except OSError:
            continue
        free[name], total[name] = room.free, room.total
    yield _gauge("disk_free_bytes", "Free on this host, by what is kept there.", free, "place")
    yield _gauge("disk_total_bytes", "Size of those disks.", total, "place")


def _of_rows() -> Iterator[Metric]:
    """What the database says; of one that lacks migrations only that, because its tables may be others."""
    found: list[Metric] = []
    is_up = True
    try:
        found += (_gauge(*figure) for figure in figures.read())
    except DatabaseError:
        is_up = False
    yield _gauge("database_up", "Whether the database answers.", {"": is_up})
    yield from found


def _gauge(name: str, words: str, values: Mapping[str, float], label: str = "") -> Metric:
    metric = GaugeMetricFamily(f"studio_{name}", words, labels=[label] if label else [])
    for value, number in values.items():
        metric.add_metric([value] if label else [], number)
    return metric
