"""What a click costs: computed from the form's values, and put into words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meigen_api import prices
from meigen_api.prices import Price
from meigen_api.types import Model, number

UNPRICED = "none"  # what the form says of a button without a price


def price_of(model: Model, values: Mapping[str, Any], clip_seconds: Sequence[float | None] = ()) -> Price | None:
    """What one generation with these form values costs. A value that the model does not offer counts as unset."""
    tier = str(values.get("tier") or "")
    tier = tier if tier in model.tiers else ""
    resolution, quality = (str(values.get(name) or "") for name in ("resolution", "quality"))
    seconds = number(values.get("duration") or None)
    clips = clip_seconds if model.reference_video else ()
    return prices.estimate(
        model,
        tier=tier,
        resolution=resolution if resolution in model.resolutions_for(tier, clips=bool(clips)) else "",
        quality=quality if quality in model.qualities else "",
        duration=seconds if seconds in model.all_durations else None,
        clip_seconds=clips,
    )


def together(prices: Iterable[Price | None]) -> Price | None:
    """What these cost in all, or None if one of them is not known."""
    each = list(prices)
    known = [price for price in each if price]
    if len(known) < len(each):
        return None
    return Price(sum(price.least for price in known), sum(price.most for price in known))


def credits(price: Price) -> str:
    """A price in words: "5 credits", or "4 to 88 credits" if a choice is open."""
    if not price.is_exact:
        return _("{least} to {most} credits").format(least=price.least, most=price.most)
    return ngettext("{credits} credit", "{credits} credits", price.least).format(credits=price.least)


def short_credits(price: Price) -> str:
    """A price in a few characters: "5 cr", or a range."""
    span = str(price.least) if price.is_exact else f"{price.least}\N{EN DASH}{price.most}"
    return _("{credits} cr").format(credits=span)


def risen(shown: str, price: Price | None) -> str:
    """What to say when a click costs more than the button said, else "". `shown` is the highest price on the button.

    A button without a price can be pressed before the price arrives: by keys, right after a wrong count was mended.
    """
    if shown == UNPRICED:
        is_more = price is not None
    else:
        is_more = shown.isdecimal() and (price is None or price.most > int(shown))
    if not is_more:
        return ""
    if price is None:
        return _("The price is no longer known in advance. Nothing was sent; press Generate again to accept that.")
    words = _("The price is now %(price)s. Nothing was sent; press Generate again to accept it.")
    return words % {"price": credits(price)}
