"""What Meigen's answers mean, in words that say what to do next."""

from typing import Any

from django.utils.translation import gettext as _

from meigen_api.text import clean
from meigen_api.types import number

from .models import Generation
from .words import said

TOO_LONG = 300


def refusal(card: Generation) -> str:
    """What a rejected card says: the reason, and what would make it work."""
    fields = card.answer_fields
    match card.answer_status:
        case 402:
            return _credits(card, fields)
        case 401:
            return _("Meigen refuses your token. Replace it and this goes out by itself.")
        case 404 | 410:
            unknown = _("Meigen does not know what was asked for: %(reason)s. It is not sent again by itself.")
            return unknown % {"reason": _said(card)}
        case 409:
            return _("Meigen has another request under this key. Send it as new.")
    words = _("Meigen did not accept it: %(reason)s.") % {"reason": _said(card)}
    allowed = fields.get("allowed")
    if allowed in (None, "", [], {}):
        return words
    form = _("Allowed for %(field)s: %(values)s.") if fields.get("field") else _("Allowed: %(values)s.")
    return f"{words} {form % {'field': _short(fields.get('field')), 'values': _short(allowed)}}"


def _credits(card: Generation, fields: dict[str, Any]) -> str:
    required, available = number(fields.get("required")), number(fields.get("available"))
    if required is not None and available is not None:
        missing = max(0, required - available)
        needs = _(
            "Needs %(required)s credits, you have %(available)s: %(missing)s missing. Top up, then send it again."
        )
        return needs % {"required": f"{required:g}", "available": f"{available:g}", "missing": f"{missing:g}"}
    return _("Not enough credits: %(reason)s. Top up, then send it again.") % {"reason": _said(card)}


def _said(card: Generation) -> str:
    reason = _short(said(card.message)).rstrip(".。")
    return reason or _("it answered %(status)s") % {"status": card.answer_status}


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
