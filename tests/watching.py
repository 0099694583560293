"""What somebody outside sees of the studio: the lines of its log, /metrics and /healthz."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.test import Client
from django.utils.module_loading import import_string
from prometheus_client.parser import text_string_to_metric_families

from meigen_site import logs

Lines = Callable[[], list[str]]

METRICS_TOKEN = "a-token-of-the-tests"


@contextmanager
def written(form: str = "json") -> Iterator[Lines]:
    """What the console gets in this form since it was last asked, through the filters of the settings."""
    config, stream = logs.config(form), io.StringIO()
    handler = logging.StreamHandler(stream)
    formatter = config["formatters"]["line"]
    handler.setFormatter(logs.Json() if "()" in formatter else logging.Formatter(formatter["format"], style="{"))
    logs._SLOT.pack_into(logs._shared, 3 * logs._SLOT.size, 0, 0)
    config["filters"]["database_away"]["slot"] = 3
    for name in config["handlers"]["console"]["filters"]:
        arguments = config["filters"][name]
        handler.addFilter(import_string(arguments.pop("()"))(**arguments))

    def lines() -> list[str]:
        found = stream.getvalue().splitlines()
        stream.seek(stream.truncate(0))
        return found

    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


def events(lines: Lines, event: str = "") -> list[dict[str, Any]]:
    """The objects among what was written, or those of one event."""
    found = [json.loads(line) for line in lines()]
    return [told for told in found if not event or told.get("event") == event]


def sample(text: str) -> dict[str, float]:
    """Each value of an answer by its name, with the one label's value in brackets if it has one."""
    return {
        each.name + "".join(f"[{value}]" for value in each.labels.values()): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def metrics() -> dict[str, float]:
    """What /metrics says; the test has set METRICS_TOKEN."""
    answer = Client().get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
    assert answer.status_code == 200
    return sample(answer.content.decode())


def health() -> tuple[int, dict[str, Any]]:
    """The status and the words of /healthz."""
    answer = Client().get("/healthz")
    return answer.status_code, answer.json()
