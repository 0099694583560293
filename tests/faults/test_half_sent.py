"""Clients that send half a request: the site answers everybody else meanwhile."""

import contextlib
import os
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.faults.conftest import Processes

MANY = int(os.environ.get("HALF_SENT", "16"))
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


@pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES)
def test_half_sent_requests_silence_nobody(web: Processes, sent: bytes) -> None:
    # The wait is shorter than the web server's patience with a client, and long enough for a busy machine.
    with opened(web, sent), httpx.Client(trust_env=False, timeout=10) as client:
        for _ in range(5):
            assert client.get(f"http://127.0.0.1:{web.environment['PORT']}/healthz").status_code == 200
