"""Requests and responses of the sandbox, independent of how they travel."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """`base` is the scheme and host the client used, for the URLs in answers. Header names are lower-case."""

    method: str
    path: str
    base: str = "http://sandbox"
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """`delay` seconds pass before it leaves; with `drop` the connection closes instead of answering."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    drop: bool = False


def answer(status: int, data: Any, headers: dict[str, str] | None = None, delay: float = 0) -> Response:
    body = json.dumps(data).encode()
    return Response(status, body, {"Content-Type": "application/json", **(headers or {})}, delay)


def refusal(status: int, message: str, headers: dict[str, str] | None = None, **fields: Any) -> Response:
    return answer(status, {"success": False, "error": message, **fields}, headers)


def html(status: int) -> Response:
    page = f"<html><head><title>{status}</title></head><body><h1>{status} Bad Gateway</h1></body></html>"
    return Response(status, page.encode(), {"Content-Type": "text/html"})
