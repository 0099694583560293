"""Why Meigen rejected a generation, in words that say what to do next."""

from typing import Any, NamedTuple

from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.sentences import told
from generations.models import Generation
from generations.models.sentences import translated_html
from meigen_api.text import clean
from meigen_api.types import number

TOO_LONG = 300


def explain(card: Generation) -> str:
    """The text of a rejected card, for a page: the reason, and what would fix it."""
    fields = card.answer_fields
    match card.answer_status, fields.get("code"):
        case 402, "premium_model_paywall":
            return _("Daily credits cannot pay for this model; it needs purchased credits. Top up, then send it again.")
        case 402, _code:
            return _credits(card, fields)
        case 401, _code:
            return _("Meigen refuses your token. Replace it, and this will be sent automatically.")
        case 403, "model_not_available":
            return _(
                "Meigen does not offer this model to your account right now. Choose another, or send it again later."
            )
        case 404, _code:
            unknown = _(
                "Meigen could not find what was requested: %(reason)s. It will not be sent again automatically."
            )
            return told(unknown, _reason(card))
        case 409, "request_id_collision":
            return _(
                "Meigen already knows this request's key from elsewhere, so it refused the request. It will not be "
                "sent again automatically; check your Meigen history before you send it as new."
            )
        case 409, _code:
            return _(
                "Meigen already has a different request with this key, so it refused this one. It will not be sent "
                "again automatically; check your Meigen history before you send it as new."
            )
        case 410, _code:
            return _(
                "Meigen no longer has this request, and its key cannot be reused. Check your Meigen history to see "
                "whether it was charged. Send it as new if you still want it."
            )
    words = told(_("Meigen did not accept it: %(reason)s."), _reason(card))
    values = allowed(fields)
    if values in (None, "", [], {}):
        return words
    form = _("Allowed for %(field)s: %(values)s.") if fields.get("field") else _("Allowed: %(values)s.")
    return format_html("{} {}", words, form % {"field": shortened(fields.get("field")), "values": shortened(values)})


def allowed(fields: dict[str, Any]) -> Any:
    """The values Meigen would have accepted, whatever member of the response lists them."""
    listed = (value for name, value in fields.items() if name.startswith("supported") and isinstance(value, list))
    return fields.get("allowed") or next(listed, None)


class Shortage(NamedTuple):
    """Credits that a request needs, that the account had, and the difference."""

    required: float
    available: float
    missing: float


def shortage(fields: dict[str, Any]) -> Shortage | None:
    """What a 402 says of the credits, None when it does not."""
    required, available = number(fields.get("required")), number(fields.get("available"))
    if required is None or available is None:
        return None
    return Shortage(required, available, max(0, required - available))


def _credits(card: Generation, fields: dict[str, Any]) -> str:
    if short := shortage(fields):
        needs = _("Needs %(required)s credits, you have %(available)s: %(missing)s short. Top up, then send it again.")
        return needs % {name: f"{value:g}" for name, value in short._asdict().items()}
    return told(_("Not enough credits: %(reason)s. Top up, then send it again."), _reason(card))


def _reason(card: Generation) -> str:
    return translated_html(card.message, shortened) or _("it responded with %(status)s") % {
        "status": card.answer_status
    }


def shortened(value: Any, depth: int = 0) -> str:
    if isinstance(value, list | dict) and depth > 4:
        return "…"
    if isinstance(value, list):
        value = ", ".join(shortened(entry, depth + 1) for entry in value[:20])
    elif isinstance(value, dict):
        value = ", ".join(f"{name} {shortened(entry, depth + 1)}" for name, entry in list(value.items())[:20])
    shown = clean(str(value))
    return shown if len(shown) <= TOO_LONG else f"{shown[:TOO_LONG]}…"


def details(card: Generation) -> list[tuple[str, str]]:
    """The members of the deciding response, as (name, value) pairs to display."""
    told = [(name, value) for name, value in card.answer_fields.items() if name != "success"]
    return [(shortened(name)[:60], shortened(value)) for name, value in told[:40]]
