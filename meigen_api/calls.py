"""Every call of the API as a value: what to send, and how to read the answer.

Calls know nothing of connections, so the blocking client and the polling pool share them. Paths follow the contract.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from . import errors, types
from .errors import Answer
from .types import Json, Model, Status

T = TypeVar("T")


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request. `read` turns a 2xx answer's JSON object into the result; it may raise BadAnswer."""

    method: str
    path: str
    read: Callable[[Json, Answer], T]
    body: bytes | None = None
    public: bool = False


def canonical_body(fields: Json) -> str:
    """The one text of a request body: sorted keys, no spaces. The same fields always give the same bytes."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def submit(body: str) -> Call[Status]:
    """`POST /api/generate/v2` with the exact text of `canonical_body`, idempotency key included."""
    return Call("POST", "/api/generate/v2", _submitted, body=body.encode())


def status(generation_id: str) -> Call[Status]:
    """`GET /api/generate/v2/status/:id`."""
    return Call("GET", f"/api/generate/v2/status/{_segment(generation_id)}", _status)


def request(idempotency_key: str) -> Call[Status]:
    """`GET /api/generate/v2/requests/:idempotencyKey`: what became of a submit whose answer was lost."""
    return Call("GET", f"/api/generate/v2/requests/{_segment(idempotency_key)}", _submitted)


def models() -> Call[list[Model]]:
    """`GET /api/models` (public)."""
    return Call("GET", "/api/models", read_models, public=True)


def raw_models() -> Call[str]:
    """`GET /api/models` as the text of the answer, once it has proved readable; for keeping."""
    return Call("GET", "/api/models", _raw_models, public=True)


def _raw_models(data: Json, answer: Answer) -> str:
    read_models(data, answer)
    return answer.body


def read_models(data: Json, answer: Answer) -> list[Model]:
    if not isinstance(data.get("models"), list):
        raise errors.BadAnswer("The list of models came without models.", answer=answer, fields=data)
    return types.models_from_json(data)


def _segment(value: str) -> str:
    return quote(value, safe="")


def _submitted(data: Json, answer: Answer) -> Status:
    found = Status.from_json(data)
    if not found.generation_id:
        raise errors.BadAnswer("Meigen took the request but named no generation.", answer=answer, fields=data)
    return found


def _status(data: Json, answer: Answer) -> Status:
    if not types.text(data.get("status")):
        raise errors.BadAnswer("The answer names no status.", answer=answer, fields=data)
    return Status.from_json(data)


def result(call: Call[T], answer: Answer) -> T:
    """The call's result, or the typed error that the answer stands for."""
    data, broken = decode(answer.body)
    if 200 <= answer.status < 300:
        if broken or data.get("success") is False:
            raise errors.BadAnswer(broken or types.text(data.get("error")) or "success: false", answer=answer)
        return call.read(data, answer)
    raise error(answer, data)


def decode(body: str) -> tuple[Json, str]:
    """The body as a JSON object, and what is wrong with it ("" when nothing is)."""
    try:
        data = json.loads(body, parse_constant=_no_constant)
    except RecursionError:
        return {}, "The answer is nested too deeply."
    except ValueError:
        return {}, "The answer is not JSON."
    if not isinstance(data, dict):
        return {}, "The answer is not a JSON object."
    return data, ""


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def error(answer: Answer, fields: Json) -> errors.MeigenError:
    """The typed error for a non-2xx answer."""
    said = types.text(fields.get("error")) or types.text(fields.get("message"))
    wait = retry_after(answer, fields)
    kind: type[errors.MeigenError]
    match answer.status:
        case 401:
            kind = errors.BadToken
        case 402:
            kind = errors.InsufficientCredits
        case 404 | 410:
            kind = errors.NotFound
        case 409:
            kind = errors.Conflict if fields.get("code") == "idempotency_conflict" else errors.InProgress
        case 429:
            kind = errors.RateLimited
        case code if 400 <= code < 500:
            kind = errors.InvalidRequest
        case code if code >= 500:
            kind = errors.ServerError
        case _:
            kind = errors.BadAnswer
    return kind(said or f"Meigen answered {answer.status}.", answer=answer, fields=fields, retry_after=wait)


def retry_after(answer: Answer, fields: Json, now: datetime | None = None) -> float | None:
    """Seconds to wait, from `Retry-After` (seconds or an HTTP date) or the body's `retryAfterSeconds`."""
    header = answer.headers.get("retry-after", "").strip()
    seconds = types.number(header)
    if seconds is None and header:
        try:
            when = parsedate_to_datetime(header)
        except ValueError:
            when = None
        if when is not None:
            when = when if when.tzinfo else when.replace(tzinfo=UTC)
            seconds = (when - (now or datetime.now(UTC))).total_seconds()
    if seconds is None:
        seconds = types.number(fields.get("retryAfterSeconds"))
    return None if seconds is None else max(0.0, seconds)
