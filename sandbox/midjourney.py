"""The fields of a submit body that only Midjourney accepts: `referenceType` and `niji7Options`."""

from typing import Any

from meigen_api.types import Json
from sandbox.answers import Refused, invalid

# The minimum and maximum of each option.
RANGES: dict[str, tuple[float, float]] = {"stylize": (0, 1000), "chaos": (0, 100), "iw": (0, 2), "sw": (0, 1000)}
QUALITIES = ["1", "4"]
REFERENCE_TYPES = ["content", "style"]
MAX_TEXT = 2000


def check(body: Json, *, midjourney: bool) -> None:
    """Raises Refused if a field is invalid, or if another model receives one."""
    if "referenceType" in body:
        allowed = REFERENCE_TYPES if midjourney else []
        if body["referenceType"] not in allowed:
            raise _wrong("referenceType", "is not for this model", body["referenceType"], allowed)
    if "niji7Options" not in body:
        return
    options = body["niji7Options"]
    if not midjourney or not isinstance(options, dict):
        raise _wrong("niji7Options", "are not for this model", options, [])
    for name, value in options.items():
        _option(name, value)


def _option(name: str, value: Any) -> None:
    allowed: Any
    match name:
        case "raw":
            good, allowed = isinstance(value, bool), [True, False]
        case "quality":
            good, allowed = value in QUALITIES, QUALITIES
        case "sref" | "profile":
            good, allowed = isinstance(value, str) and len(value) <= MAX_TEXT, {"max": MAX_TEXT}
        case _ if name in RANGES:
            least, most = RANGES[name]
            good = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
            allowed = {"min": least, "max": most}
        case _:
            known = ["raw", "quality", "sref", "profile", *RANGES]
            raise _wrong(f"niji7Options.{name}", "is unknown", value, known)
    if not good:
        raise _wrong(f"niji7Options.{name}", "is out of range", value, allowed)


def _wrong(field: str, what: str, received: Any, allowed: Any) -> Refused:
    message = f"{field} {what}"
    return invalid(message, code="invalid_input", field=field, received=received, allowed=allowed)
