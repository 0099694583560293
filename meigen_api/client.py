"""The two senders: a blocking client for single calls, and a pool of small asynchronous clients for polling.

Both send calls to one base URL, follow no redirects, ignore proxy settings of the environment, limit what they read,
and send the token only in the Authorization header.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import IO, Any, Self, TypeVar

import httpx

from meigen_api import calls, errors, outgoing, tls
from meigen_api.calls import Call
from meigen_api.errors import Answer, Problem
from meigen_api.secret import Secret

T = TypeVar("T")

# Called with (method, step) during a request; httpx names the steps.
Trace = Callable[[str, str], None]

CONNECT_SECONDS = 5.0
MAX_BODY_BYTES = 10_000_000
CHUNK = 1_000_000


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))


def _headers(call: Call[T], token: Secret | None) -> dict[str, str]:
    # Identity: a compressed answer could be a bomb, and JSON this small gains nothing.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    if token is not None and not call.public:
        headers["Authorization"] = f"Bearer {token.reveal()}"
    return headers


class _Reading:
    """Collects one response within a size limit and a total deadline. Raises NoAnswer or BadAnswer beyond them."""

    def __init__(self, deadline: float) -> None:
        self.started = time.monotonic()
        self.ends = self.started + deadline
        self.size = 0
        self.chunks: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > MAX_BODY_BYTES:
            raise errors.BadAnswer(Problem.RESPONSE_TOO_LARGE)
        if time.monotonic() > self.ends:
            raise errors.NoAnswer(Problem.RESPONSE_TOO_SLOW)
        self.chunks.append(chunk)

    def answer(self, response: httpx.Response, token: Secret | None) -> Answer:
        """The response with the token removed in case the server repeats it. All text of a response passes through
        here."""
        body = b"".join(self.chunks).decode("utf-8", "replace")
        headers = {name.lower(): value for name, value in response.headers.items()}
        if token is not None:
            body = token.scrub(body)
            headers = {token.scrub(name): token.scrub(value) for name, value in headers.items()}
        return Answer(
            status=response.status_code,
            headers=headers,
            body=body,
            milliseconds=round((time.monotonic() - self.started) * 1000),
        )


def _failure(error: httpx.HTTPError | httpx.InvalidURL | OSError) -> errors.MeigenError:
    """Our error for an httpx error, or for a TLS error that it lets through. The text is ours, since httpx's contains
    URLs."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return errors.Unreachable(Problem.UNREACHABLE)
    if isinstance(error, httpx.TimeoutException):
        return errors.NoAnswer(Problem.NO_RESPONSE)
    return errors.NoAnswer(Problem.CONNECTION_LOST)


class Client:
    """A blocking client.

    `base_url` is without `/api`. `transport` lets a test mount the sandbox in-process. Every call ends within `seconds`
    plus the time of one read.
    """

    def __init__(
        self,
        base_url: str,
        token: Secret | None = None,
        *,
        seconds: float = 20.0,
        transport: httpx.BaseTransport | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.token = token
        self.seconds = seconds
        self.trace = trace
        self._http = httpx.Client(
            base_url=base_url, timeout=_timeout(seconds), transport=transport, trust_env=False, verify=tls.context()
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(self, call: Call[T]) -> T:
        """The call's result. Raises only MeigenError."""
        reading = _Reading(self.seconds)
        trace = self.trace
        extensions = {"trace": lambda step, _: trace(call.method, step)} if trace else None
        try:
            with self._http.stream(
                call.method, call.path, content=call.body, headers=_headers(call, self.token), extensions=extensions
            ) as response:
                for chunk in response.iter_raw():
                    reading.add(chunk)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _failure(error) from None
        return calls.result(call, reading.answer(response, self.token))


def put_file(
    url: str, body: IO[bytes], size: int, content_type: str, places: outgoing.Places, *, seconds: float = 60.0
) -> None:
    """Uploads a file to a presigned URL in one of the allowed places. Raises only MeigenError."""
    headers = {"Content-Type": content_type, "Content-Length": str(size)}
    content = iter(partial(body.read, CHUNK), b"")
    try:
        with outgoing.stream(
            "PUT", url, places, timeout=_timeout(seconds), content=content, headers=headers
        ) as response:
            pass  # only the status matters; the body is not read
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise _failure(error) from None
    if not 200 <= response.status_code < 300:
        raise errors.ServerError(Problem.RESPONDED, answer=Answer(response.status_code))


class Pool:
    """Many small asynchronous clients handed out from a free list.

    A single large httpx client scans its whole connection pool at every request (433 requests/s with 16 connections, 73
    with 200). Sixteen clients with four connections each do not (1202/s).
    """

    def __init__(
        self,
        base_url: str,
        *,
        clients: int = 16,
        connections: int = 4,
        seconds: float = 20.0,
        transport: httpx.AsyncBaseTransport | None = None,
        trace: Trace | None = None,
    ) -> None:
        self.seconds = seconds
        self.size = clients * connections
        self.trace = trace
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._clients = [
            httpx.AsyncClient(
                base_url=base_url,
                timeout=_timeout(seconds),
                limits=limits,
                transport=transport,
                trust_env=False,
                verify=tls.context(),
                # Otherwise one account's cookies would be sent with another's call.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
            for _ in range(clients)
        ]
        self._free = self._clients * connections

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients:
            await client.aclose()

    async def send(self, call: Call[T], token: Secret | None) -> T:
        """The call's result, within `seconds`. Raises only MeigenError.

        At most `size` calls can run at a time.
        """
        reading = _Reading(self.seconds)
        client = self._free.pop()
        try:
            async with (
                asyncio.timeout(self.seconds),
                client.stream(
                    call.method,
                    call.path,
                    content=call.body,
                    headers=_headers(call, token),
                    extensions=self._extensions(call),
                ) as response,
            ):
                async for chunk in response.aiter_raw():
                    reading.add(chunk)
        except TimeoutError:
            raise errors.NoAnswer(Problem.NO_RESPONSE) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _failure(error) from None
        finally:
            self._free.append(client)
        return calls.result(call, reading.answer(response, token))

    def _extensions(self, call: Call[T]) -> dict[str, Any] | None:
        if (trace := self.trace) is None:
            return None

        async def hear(step: str, _: Any) -> None:
            trace(call.method, step)

        return {"trace": hear}
