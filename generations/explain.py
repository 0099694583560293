"""What Meigen's answers mean, in words that say what to do next."""

from typing import Any

from meigen_api.text import clean
from meigen_api.types import number

from .models import Generation

TOO_LONG = 300


def refusal(card: Generation) -> str:
    """What a rejected card says: the reason, and what would make it work."""
    fields = card.answer_fields
    match card.answer_status:
        case 402:
            return _credits(card, fields)
        case 401:
            return "Meigen refuses your token. Replace it and this goes out by itself."
        case 404 | 410:
            return f"Meigen does not know what was asked for: {_said(card)}. It is not sent again by itself."
        case 409:
            return "Meigen has another request under this key. Send it as new."
    words = f"Meigen did not accept it: {_said(card)}."
    allowed = fields.get("allowed")
    if allowed not in (None, "", [], {}):
        where = f" for {_short(fields['field'])}" if fields.get("field") else ""
        words += f" Allowed{where}: {_short(allowed)}."
    return words


def _credits(card: Generation, fields: dict[str, Any]) -> str:
    required, available = number(fields.get("required")), number(fields.get("available"))
    if required is not None and available is not None:
        missing = max(0, required - available)
        return f"Needs {required:g} credits, you have {available:g}: {missing:g} missing. Top up, then send it again."
    return f"Not enough credits: {_said(card)}. Top up, then send it again."


def _said(card: Generation) -> str:
    return _short(card.message).rstrip(".") or f"it answered {card.answer_status}"


def _short(value: Any, depth: int = 0) -> str:
    if isinstance(value, list | dict) and depth > 4:
        return "…"
    if isinstance(value, list):
        value = ", ".join(_short(entry, depth + 1) for entry in value[:20])
    elif isinstance(value, dict):
        value = ", ".join(f"{name} {_short(entry, depth + 1)}" for name, entry in list(value.items())[:20])
    shown = clean(str(value))
    return shown if len(shown) <= TOO_LONG else f"{shown[:TOO_LONG]}…"


def details(card: Generation) -> list[tuple[str, str]]:
    """Every member of the deciding answer, as (name, value) for a person to read."""
    told = [(name, value) for name, value in card.answer_fields.items() if name != "success"]
    return [(_short(name)[:60], _short(value)) for name, value in told[:40]]
