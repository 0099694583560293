"""The failures that a prompt can ask for, for example `a red car sandbox:402`. README.md in this folder lists them
all."""

import re
from collections.abc import Callable

from meigen_api.types import Json
from sandbox.answers import Response, html, refusal

SWITCH = re.compile(r"\bsandbox:([a-z0-9-]+)(?:=([0-9.]+))?")

# How a job ends if it does not simply succeed.
OUTCOMES = ("fail", "fail-kept", "stuck", "gone", "pending", "stopped")

ALWAYS = {
    "400": refusal(
        400,
        "This aspect ratio is out of stock",
        code="invalid_input",
        field="aspectRatio",
        received="auto",
        allowed=["1:1"],
        supportedRatios=["1:1"],
    ),
    "401": refusal(401, "Token expired", code="token_expired"),
    "403": refusal(403, "This model is not available", code="model_not_available", field="modelId"),
    "404": refusal(404, "This model is gone", code="model_not_found"),
    "collision": refusal(409, "This key belongs to another request", code="request_id_collision"),
    "unavailable": refusal(410, "This generation is no longer available", code="generation_unavailable"),
}
# Failures that stop by themselves: after how many times, and the response until then.
COUNTED = {
    "429": (1, refusal(429, "Too many requests", {"Retry-After": "5"}, code="rate_limited")),
    "500": (2, refusal(500, "Internal error")),
    "html": (2, html(502)),
    "probe": (2, refusal(503, "A reference took too long", code="reference_probe_timeout", retryable=True)),
}
# Refusals whose response is lost with `sandbox:lost`.
LOSABLE = {"400", "402", "paywall", "collision", "unavailable"}


def of(body: Json) -> dict[str, str]:
    """The switches in the body's prompt, with their values."""
    prompt = body.get("prompt")
    return dict(SWITCH.findall(prompt)) if isinstance(prompt, str) else {}


def words(prompt: str) -> str:
    """The prompt without its switches."""
    return SWITCH.sub("", prompt).strip()


def refused(asked: dict[str, str], first_times: Callable[[str, int], bool]) -> Response | None:
    """The refusal or failure that the prompt asks for. `first_times` counts those that stop by themselves."""
    for name, response in ALWAYS.items():
        if name in asked:
            return response
    for name, (times, response) in COUNTED.items():
        if name in asked and first_times(name, times):
            return response
    return None


def loses_refusal(asked: dict[str, str]) -> bool:
    return "lost" in asked and bool(LOSABLE & set(asked))
