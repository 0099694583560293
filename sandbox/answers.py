"""The sandbox's requests and responses, independent of the transport."""

import json
from dataclasses import dataclass, field
from typing import Any

from meigen_api.types import Json


@dataclass(frozen=True)
class Request:
    """`base` is the scheme and host the client used, for URLs in responses. Header names are lower-case.

    `client` is the address the request came from, empty for requests from the same process.
    """

    method: str
    path: str
    base: str = "http://sandbox"
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    client: str = ""


@dataclass(frozen=True)
class Response:
    """`delay` is how many seconds to wait before sending. With `drop` the connection is closed without a response."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    drop: bool = False


class Refused(Exception):
    """Ends a request with this response."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def answer(status: int, data: Any, headers: dict[str, str] | None = None, delay: float = 0) -> Response:
    body = json.dumps(data).encode()
    return Response(status, body, {"Content-Type": "application/json", **(headers or {})}, delay)


def refusal(status: int, message: str, headers: dict[str, str] | None = None, **fields: Any) -> Response:
    return answer(status, {"success": False, "error": message, **fields}, headers)


def invalid(message: str, **fields: Any) -> Refused:
    """A 400 to raise. `fields` say what is wrong: `code`, `field`, `received`, `allowed`."""
    return Refused(refusal(400, message, **fields))


def html(status: int) -> Response:
    page = f"<html><head><title>{status}</title></head><body><h1>{status} Bad Gateway</h1></body></html>"
    return Response(status, page.encode(), {"Content-Type": "text/html"})


def body_of(request: Request) -> Json:
    """The JSON object of a request, or an empty one."""
    try:
        data = read_json(request.body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def read_json(data: bytes | str) -> Any:
    """Parses JSON so that 5.0 and 5 are the same number, as JSON itself defines it."""
    return json.loads(data, parse_float=_number)


def _number(digits: str) -> int | float:
    value = float(digits)
    return int(value) if value.is_integer() else value


def canonical(data: Json) -> str:
    """One text for all bodies with the same meaning, regardless of the order of their keys."""
    return json.dumps(data, sort_keys=True)
