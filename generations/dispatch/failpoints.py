"""Named places where a test may kill the process, as a power cut would. Off unless STUDIO_FAILPOINTS names a folder.

A place is armed by a file of its name in that folder; whoever removes the file dies, so one file is one kill.
"""

import os
import signal
from collections.abc import Callable

from django.conf import settings

# What httpx reports of a request, and the place that stands for it: headers out but no body yet; the answer begun.
_STEPS = {
    ("POST", "http11.send_request_headers.complete"): "request-half-sent",
    ("POST", "http11.receive_response_headers.complete"): "answer-unread",
    ("GET", "http11.send_request_body.complete"): "polling",
}


def reach(name: str) -> None:
    """Kills this process with SIGKILL when the place is armed."""
    if settings.FAILPOINTS is None:
        return
    try:
        (settings.FAILPOINTS / name).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def tracer() -> Callable[[str, str], None] | None:
    """What a client calls with (method, step) while a request is under way; None when nothing can be armed."""
    return _trace if settings.FAILPOINTS is not None else None


def _trace(method: str, step: str) -> None:
    if name := _STEPS.get((method, step)):
        reach(name)
