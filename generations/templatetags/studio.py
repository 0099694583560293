"""What the cards need and Django's own filters lack."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from django import template
from django.forms import BoundField
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.http import Request
from accounts.models import User
from generations import explain
from generations.forms import GenerateForm
from generations.models import Generation, Result
from meigen_api.types import Model, number

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


@register.simple_tag
def picture_shape(width: int | None, height: int | None) -> SafeString:
    """The same for a picture whose pixels are known, or not."""
    box = proportions(f"{(width or 100) / 100}:{(height or 100) / 100}") or (100, 100)
    return format_html('<svg class="shape" viewBox="0 0 {} {}" aria-hidden="true"></svg>', *(f"{v:g}" for v in box))


@register.filter
def field(form: GenerateForm, name: str) -> BoundField | None:
    """The form's field of that name, if this model has it."""
    return form[name] if name in form.fields else None


@register.filter
def split(words: str) -> list[str]:
    return words.split()


@register.filter
def hint_names(form: GenerateForm) -> list[str]:
    """The places of the form in which a hint of Meigen can stand; "" is the top."""
    hidden = {"nonce", "count", "reference_video_seconds", "sref", "raw"}
    return ["", *(name for name in form.fields if name not in hidden)]


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
def lost_result(card: Generation) -> Result | None:
    """A file of the set that was given up, if any."""
    return next((result for result in card.results.all() if result.gone_at), None)


@register.filter
def any_live(cards: Iterable[Generation] | None) -> bool:
    return any(card.is_live for card in cards or [])


@register.simple_tag
def lacking_credits(user: User) -> tuple[int, int]:
    """(how many generations of this person wait for credits, what they cost together as far as is known)."""
    prices = Generation.objects.visible_to(user).lacking_credits(timezone.now()).values_list("credits_estimated")
    return len(prices), sum(price or 0 for (price,) in prices)


@register.filter
def is_from_studio(request: Request) -> bool:
    """Whether the page that asks is the studio itself, which has places that others lack."""
    return urlsplit(request.htmx.current_url_abs_path or "").path == reverse("studio")


@register.filter
def following(query: str, place: str) -> str:
    """The address of the history's next page."""
    return f"{reverse('generations')}?{query}{'&' if query else ''}{urlencode({'before': place})}"


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
def soon(seconds: int) -> str:
    """How long until then, in words; studio.js counts on from there in the same ones."""
    if seconds < 2:
        return "in a moment"
    return f"in ~{seconds} s" if seconds < 90 else f"in ~{round(seconds / 60)} min"


@register.filter
def clock(seconds: int) -> str:
    return f"{seconds // 60:02}:{seconds % 60:02}"


@register.filter
def unlocalized(value: float) -> str:
    """A number as HTML attributes want it, whatever the language."""
    return f"{value:.1f}"


@register.filter
def refusal(card: Generation) -> str:
    """What a rejected card says."""
    return explain.refusal(card)


@register.filter
def details(card: Generation) -> list[tuple[str, str]]:
    """Every member of Meigen's answer."""
    return explain.details(card)


@register.filter
def price(model: Model) -> str:
    """A model's price in a few characters, "" when the catalogue does not say."""
    rates = list(_numbers(model.price_per_second))
    if rates:
        return f"from {min(rates):g} cr/s"
    return "" if model.credits is None else f"{model.credits:g} cr"


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, dict):
        for entry in value.values():
            yield from _numbers(entry)
    elif (found := number(value)) is not None:
        yield found


@register.simple_tag
def wait(model: Model, waits: dict[str, int]) -> str:
    """How long the model usually takes: from our own history, else what the catalogue says, else ""."""
    seconds = waits.get(model.id) or model.typical_seconds
    if not seconds:
        return ""
    return f"~{seconds:.0f} s" if seconds < 90 else f"~{seconds / 60:.0f} min"


@register.filter
def at(mapping: Mapping[str, str] | None, key: str) -> str:
    """The mapping's value for a key that a variable holds."""
    return (mapping or {}).get(key, "")
