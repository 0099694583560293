"""Clients that send half a request: the site answers everybody else meanwhile."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.faults.conftest import Processes

MANY = int(os.environ.get("HALF_SENT", "16"))  # half of the web server's threads
HEAD = b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n"
HALVES = {
    "nothing": b"",
    "half a line": HEAD[:10],
    "half a head": HEAD,
    "half a body": HEAD + b"\r\n" + b"a" * 50_000,
}


@contextlib.contextmanager
def opened(web: Processes, sent: bytes) -> Iterator[None]:
    """Clients that have sent so much, and no more."""
    with contextlib.ExitStack() as stack:
        for _ in range(MANY):
            client = socket.create_connection(("127.0.0.1", int(web.environment["PORT"])))
            stack.enter_context(client)
            client.sendall(sent)
        yield


def seconds_of_an_answer(web: Processes) -> float:
    begun = time.monotonic()
    with contextlib.suppress(httpx.TimeoutException):
        httpx.get(f"http://127.0.0.1:{web.environment['PORT']}/healthz", trust_env=False, timeout=10)
    return time.monotonic() - begun


@pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES)
def test_half_sent_requests_silence_nobody(web: Processes, sent: bytes) -> None:
    with opened(web, sent):
        taken = [seconds_of_an_answer(web) for _ in range(5)]
    print(f"{MANY} clients sent {len(sent)} bytes: /healthz answered within {max(taken):.3f} s")
    assert max(taken) < 1
