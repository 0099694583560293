"""What can go wrong in a call: one class per row of the contract's error table.

The classes answer the question that decides about money: did the request certainly not arrive (`Unreachable`), was it
refused (`Refused`), or is the outcome unknown (`Unsettled`)? Only the first two may ever be followed by a new
idempotency key.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from meigen_api.text import clean


@dataclass(frozen=True)
class Answer:
    """An HTTP response as received: status code, lower-case header names, body (cleaned text, at most 10 MB)."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    milliseconds: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", clean(self.body))


class Problem(StrEnum):
    """What the client says of a failure itself, because no response came or one that does not say."""

    UNREACHABLE = "Meigen could not be reached."
    NO_RESPONSE = "Meigen did not respond in time."
    CONNECTION_LOST = "The connection was lost before Meigen's response was complete."
    RESPONSE_TOO_SLOW = "Meigen's response took too long."
    RESPONSE_TOO_LARGE = "Meigen's response is larger than 10 MB."
    RESPONDED = "Meigen responded with %(status)s."
    NO_SUCCESS = "Meigen responded with success: false."
    NOT_JSON = "Meigen's response is not JSON."
    NOT_AN_OBJECT = "Meigen's response is not a JSON object."
    NESTED_TOO_DEEPLY = "Meigen's response is nested too deeply."
    NO_MODELS = "Meigen's list of models is empty or unreadable."
    NO_IMAGE = "Meigen's response has no picture."
    NO_SEARCH_RESULTS = "Meigen's response has no search results."
    NO_TOKENS = "Meigen's response has no list of tokens."
    NOT_SHOWN = "Meigen created a token but did not show it."
    NO_USAGE = "Meigen's response has no usage."
    NO_UPLOAD_ADDRESS = "Meigen's response has no upload address."
    NO_STATUS = "Meigen's response has no status."
    NO_GENERATION_ID = "Meigen accepted the request but returned no generation id."


class MeigenError(Exception):
    """Any failure of a call to Meigen.

    `answer` is the HTTP response, or None if there was none. `fields` are the members of the error body (empty if it is
    not a JSON object); `code` and `message` are its `code` and `error`. If the message is the client's own, `problem`
    says which. `retry_after` is in seconds, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        answer: Answer | None = None,
        fields: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.answer = answer
        self.problem = message if isinstance(message, Problem) else None
        self.message = message % {"status": self.status} if self.problem else message
        super().__init__(self.message)
        self.fields = fields or {}
        self.retry_after = retry_after

    @property
    def code(self) -> str:
        code = self.fields.get("code")
        return clean(code) if isinstance(code, str) else ""

    @property
    def status(self) -> int | None:
        return self.answer.status if self.answer else None


class Unreachable(MeigenError):
    """No connection was made, so the request never left."""


class Unsettled(MeigenError):
    """The request left and its outcome is unknown: it may have been charged."""


class NoAnswer(Unsettled):
    """A timeout or a dropped connection after the request was sent."""


class BadAnswer(Unsettled):
    """A response that violates the contract: not JSON, truncated, wrong types, too large."""


class ServerError(Unsettled):
    """500, 502-504 and any other 5xx. The body may be HTML."""


class Refused(MeigenError):
    """Meigen understood the request and refused it: nothing was charged."""


class InvalidRequest(Refused):
    """400 (and any other 4xx without a class of its own): never retry unchanged."""


class BadToken(Refused):
    """401: the token is unusable until it is replaced."""


class InsufficientCredits(Refused):
    """402 `insufficient_credits` or `premium_model_paywall`, with `required` and `available` if the server states
    them."""

    @property
    def required(self) -> float | None:
        return _number(self.fields.get("required"))

    @property
    def available(self) -> float | None:
        return _number(self.fields.get("available"))


class NotFound(Refused):
    """404."""


class Gone(NotFound):
    """410: the job is gone. For a submit or a receipt, the key can never be used again."""


class Conflict(Refused):
    """Every 409 except `in_progress`: final until a person decides, never retried automatically."""


class NotYet(Refused):
    """503 `reference_probe_timeout`: a reference could not be loaded in time. The same key may be sent again."""


class InProgress(Unsettled):
    """409 `in_progress`, or 503 for a receipt: a request with this key is still being accepted."""


class RateLimited(Refused):
    """429: `retry_after` says when to try again."""


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
