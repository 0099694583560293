"""Two ways to reach a sandbox: over real HTTP, or mounted in the process of a test."""

import asyncio
import contextlib
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from sandbox.answers import Request, Response
from sandbox.app import Sandbox

MAX_REQUEST_BYTES = 215_000_000  # the largest reference clip, 200 MiB, plus some margin


class Server(ThreadingHTTPServer):
    """The sandbox on a loopback port. `url` is the value for MEIGEN_BASE_URL."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, port: int = 0) -> None:
        self.sandbox = sandbox
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Does not report clients that disconnected."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_REQUEST_BYTES:
            self.close_connection = True
            self.send_error(413)
            return
        request = Request(
            method=self.command,
            path=urlsplit(self.path).path,
            query=dict(parse_qsl(urlsplit(self.path).query)),
            base=f"http://{self.headers.get('Host', self.server.url.removeprefix('http://'))}",
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(size),
            client=str(self.client_address[0]),
        )
        if len(request.body) < size:  # the client disconnected halfway
            self.close_connection = True
            return
        response = self.server.sandbox.handle(request)
        time.sleep(response.delay)
        if response.drop:
            self.close_connection = True
            return
        with contextlib.suppress(ConnectionError):
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the ledger at `/` is more useful than an access log."""


class _Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Passes httpx requests directly to a sandbox. A delay beyond the read timeout raises that timeout without
    waiting."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        await asyncio.sleep(0)
        return self._answer(request, body)

    def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        url = request.url
        response: Response = self.sandbox.handle(
            Request(
                method=request.method,
                path=url.raw_path.decode().partition("?")[0],
                query=dict(url.params),
                base=f"{url.scheme}://{url.netloc.decode()}",
                headers=dict(request.headers),
                body=body,
            )
        )
        limit = request.extensions.get("timeout", {}).get("read")
        if limit is not None and response.delay > limit:
            raise httpx.ReadTimeout("timed out", request=request)
        if response.drop:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
        stream = httpx.ByteStream(response.body)  # unread, as from a network
        return httpx.Response(response.status, headers=response.headers, stream=stream)


def transport(sandbox: Sandbox) -> _Transport:
    """An httpx transport, blocking and asynchronous, that mounts the sandbox in this process."""
    return _Transport(sandbox)
