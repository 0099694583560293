"""What the cards need and Django's own filters lack."""

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from generations.models import Generation, Result

register = template.Library()

WIDEST, TALLEST = 4.0, 0.25


def proportions(ratio: str) -> tuple[float, float] | None:
    """(width, height) of "16:9" and the like, kept within what a card can show; None for anything else."""
    across, colon, down = ratio.partition(":")
    try:
        width, height = float(across), float(down)
    except ValueError:
        return None
    if not colon or not 0 < width < 1000 or not 0 < height < 1000:
        return None
    shape = min(max(width / height, TALLEST), WIDEST)
    return shape * 100, 100.0


@register.filter
def shape(card: Generation) -> SafeString:
    """An empty drawing that gives the card its final proportions before the picture exists."""
    result = first_result(card)
    if result and result.width and result.height:
        box = proportions(f"{result.width / 100}:{result.height / 100}")
    else:
        box = proportions(card.aspect_ratio)
    width, height = box or ((178, 100) if card.is_video else (100, 100))
    return format_html('<svg class="shape" viewBox="0 0 {} {}" aria-hidden="true"></svg>', f"{width:g}", f"{height:g}")


@register.filter
def ratio_icon(ratio: str) -> SafeString:
    """A little frame of that ratio for its chip."""
    box = proportions(str(ratio))
    if box is None:
        return SafeString("")
    scale = 18 / max(box)
    width, height = box[0] * scale, box[1] * scale
    return format_html(
        '<svg viewBox="0 0 20 20" aria-hidden="true"><rect x="{}" y="{}" width="{}" height="{}" rx="1.5"/></svg>',
        *(f"{value:.1f}" for value in ((20 - width) / 2, (20 - height) / 2, width, height)),
    )


@register.filter
def first_result(card: Generation) -> Result | None:
    """The first file of the set, from what was prefetched."""
    results = list(card.results.all())
    return results[0] if results else None


@register.filter
def any_live(cards: Iterable[Generation] | None) -> bool:
    return any(card.is_live for card in cards or [])


@register.filter
def as_list(card: Generation) -> list[Generation]:
    return [card]


@register.filter
def seconds_since(moment: datetime | None) -> int:
    return max(0, int((timezone.now() - moment).total_seconds())) if moment else 0


@register.filter
def seconds_until(moment: datetime | None) -> int:
    return max(0, round((moment - timezone.now()).total_seconds())) if moment else 0


@register.filter
def clock(seconds: int) -> str:
    return f"{seconds // 60:02}:{seconds % 60:02}"


@register.filter
def unlocalized(value: float) -> str:
    """A number as HTML attributes want it, whatever the language."""
    return f"{value:.1f}"


@register.filter
def refusal(card: Generation) -> str:
    """What a rejected card says: the reason, and what would make it work."""
    fields = card.answer_fields
    if card.answer_status == 402:
        required, available = fields.get("required"), fields.get("available")
        if isinstance(required, int | float) and isinstance(available, int | float):
            return f"Needs {required:g} credits, you have {available:g}. Top up at meigen.ai, then send it again."
        return f"Not enough credits: {card.message}. Top up at meigen.ai, then send it again."
    if card.answer_status == 401:
        return "Meigen refuses your token. Replace it and this goes out by itself."
    if card.answer_status == 409:
        return "Meigen has another request under this key. Send it as new."
    words = f"Meigen did not accept it: {card.message.rstrip('.')}."
    allowed = fields.get("allowed")
    if isinstance(allowed, list) and allowed:
        where = f" for {fields['field']}" if isinstance(fields.get("field"), str) else ""
        words += f" Allowed{where}: {', '.join(str(item)[:40] for item in allowed[:20])}."
    return words
