"""Clients that send half a request: the site answers everybody else meanwhile."""

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.faults.conftest import Processes

MANY = int(os.environ.get("HALF_SENT", "16"))  # as many as the web server has threads
HEAD = b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n"
HALVES = {
    "nothing": b"",
    "half a line": HEAD[:10],
    "half a head": HEAD,
    "empty lines and half a head": b"\r\n\r\n" + HEAD,
    "a head without an end": HEAD + b"X: " + b"a" * 30_000,
}


@contextlib.contextmanager
def opened(web: Processes, sent: bytes) -> Iterator[list[socket.socket]]:
    """Clients that have sent so much, and no more."""
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(MANY):
            client = socket.create_connection(("127.0.0.1", int(web.environment["PORT"])))
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            clients.append(stack.enter_context(client))
            client.sendall(sent)
        yield clients


def seconds_of_an_answer(web: Processes) -> float:
    begun = time.monotonic()
    with contextlib.suppress(httpx.TimeoutException):
        httpx.get(f"http://127.0.0.1:{web.environment['PORT']}/healthz", trust_env=False, timeout=10)
    return time.monotonic() - begun


@pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES)
def test_half_sent_heads_silence_nobody(web: Processes, sent: bytes) -> None:
    with opened(web, sent):
        taken = [seconds_of_an_answer(web) for _ in range(5)]
    print(f"{MANY} clients sent {len(sent)} bytes: /healthz answered within {max(taken):.3f} s")
    assert max(taken) < 1


def test_who_does_not_hang_up_after_an_answer_silences_nobody(web: Processes) -> None:
    with opened(web, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") as clients:
        assert max(seconds_of_an_answer(web) for _ in range(5)) < 1
        assert all(client.recv(12) == b"HTTP/1.1 200" for client in clients)


def test_who_is_slow_is_answered_in_the_end(web: Processes) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with opened(web, whole[:30]) as clients:
        assert seconds_of_an_answer(web) < 1
        for client in clients:
            for place in range(30, len(whole)):
                client.sendall(whole[place : place + 1])
            assert client.recv(12) == b"HTTP/1.1 200"


def test_who_hangs_up_in_the_middle_is_let_go_at_once(web: Processes) -> None:
    with opened(web, HEAD) as clients:
        for client in clients:
            client.shutdown(socket.SHUT_WR)
            assert select.select([client], [], [], 10)[0], "the connection is closed"


def test_a_head_that_is_too_large_is_not_waited_for(web: Processes) -> None:
    with opened(web, HEAD + b"X: " + b"a" * 70_000) as clients:
        assert seconds_of_an_answer(web) < 1
        for client in clients:
            assert select.select([client], [], [], 10)[0], "the connection is closed"
