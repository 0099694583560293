"""What the catalogue says of a model, in a few words: what it costs and takes, and how long it takes."""

from django import template
from django.template import Context
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from generations.dispatch import catalogue
from generations.dispatch.catalogue import Offer
from generations.models import Generation
from generations.studio.options import initial_from
from generations.studio.prices import credits, price_of, short_credits
from meigen_api import prices
from meigen_api.prices import Price
from meigen_api.types import ClipLimits, Model

# How many models count as recently used, and among how many clicks.
RECENT, LATEST = 3, 60

register = template.Library()
register.filter(credits)
register.filter(short_credits)


@register.filter
def cheapest(model: Model) -> str:
    """A model's lowest price in a few characters, "" when the catalogue does not say."""
    price = prices.cheapest(model)
    if price is None:
        return ""
    words = _("{credits} cr") if price.is_exact else _("from {credits} cr")
    return words.format(credits=price.least)


@register.filter
def costs(model: Model) -> str:
    """A model's price in a few characters, from its cheapest choices to its most expensive; "" if it is not known."""
    price = prices.cheapest(model)
    return short_credits(price) if price else ""


@register.filter
def inputs(model: Model) -> list[tuple[str, str]]:
    """What a model takes beside a prompt, as icons and the words that they stand for."""
    pictures = model.max_content_references or (0 if model.is_video else model.max_references)
    taken = [
        (pictures, "reference", _("takes pictures")),
        (model.is_video and model.max_references, "frames", _("takes frames")),
        (model.reference_video, "video", _("takes videos")),
        (model.reference_audio, "audio", _("takes sounds")),
    ]
    return [(icon, words) for is_taken, icon, words in taken if is_taken]


@register.simple_tag
def models_for(user: User, offer: Offer) -> list[tuple[Model, bool]]:
    """The models on offer, those of the person's latest clicks first, each with whether it is one of these."""
    rows = Generation.objects.owned_by(user).kept().newest_first().values_list("model_id", flat=True)
    recent = list(dict.fromkeys(rows[:LATEST]))[:RECENT]
    models = sorted(offer.models, key=lambda model: recent.index(model.id) if model.id in recent else RECENT)
    return [(model, model.id in recent) for model in models]


@register.filter
def takes(model: Model | None) -> str:
    """What a model takes as references, for the head of their list."""
    if model is None:
        return _("References")
    if not (model.max_references or model.max_content_references or model.takes_clips):
        return _("References: not supported by {model}").format(model=model.name)
    told = [_pictures_taken(model)]
    if model.reference_video:
        told.append(_videos_taken(model.reference_video))
    if model.reference_audio:
        told.append(_sounds_taken(model.reference_audio))
    return _("References: {taken}").format(taken="; ".join(told))


def _pictures_taken(model: Model) -> str:
    most = model.max_references
    if model.has_frames_and_content:
        words = _("at most {most} content pictures, and first and last frame")
        return words.format(most=model.max_content_references)
    if not most:
        return _("no pictures")
    if not model.is_video:
        return ngettext("at most {most} picture", "at most {most} pictures", most).format(most=most)
    if model.requires_first_frame:
        return _("a picture is required as the first frame")
    return _("a picture as the first frame") if most == 1 else _("pictures as first and last frame")


def _videos_taken(limits: ClipLimits) -> str:
    if _has_bounds(limits):
        return _("at most {most} videos of {least} to {longest} s, {total} s in total").format(**_bounds(limits))
    return ngettext("at most {most} video", "at most {most} videos", limits.max_count).format(most=limits.max_count)


def _sounds_taken(limits: ClipLimits) -> str:
    if _has_bounds(limits):
        return _("at most {most} sounds of {least} to {longest} s, {total} s in total").format(**_bounds(limits))
    return ngettext("at most {most} sound", "at most {most} sounds", limits.max_count).format(most=limits.max_count)


def _has_bounds(limits: ClipLimits) -> bool:
    return bool(limits.min_seconds and limits.max_seconds and limits.max_total_seconds)


def _bounds(limits: ClipLimits) -> dict[str, str]:
    seconds = {"least": limits.min_seconds, "longest": limits.max_seconds, "total": limits.max_total_seconds}
    return {"most": str(limits.max_count), **{name: f"{value:g}" for name, value in seconds.items()}}


@register.simple_tag
def wait(model: Model, waits: dict[str, int]) -> str:
    """How long the model usually takes: from our own history, else what the catalogue says, else ""."""
    seconds = waits.get(model.id) or model.typical_seconds
    if not seconds:
        return ""
    if seconds < 90:
        return _("~{seconds} s").format(seconds=f"{seconds:.0f}")
    return _("~{minutes} min").format(minutes=f"{seconds / 60:.0f}")


@register.simple_tag(takes_context=True)
def other_models(context: Context, card: Generation) -> list[tuple[Model, Price | None]]:
    """The other models for the same prompt, with what it would cost with these settings, where they have them."""
    values = initial_from(card.request_fields) if card.body else {}
    seconds = card.clip_seconds if card.is_own else []  # another person's form will not have them
    models = (model for model in known(context).models if model.id != card.model_id)
    return [(model, price_of(model, values, seconds)) for model in models]


def known(context: Context) -> Offer:
    """The last good list of models, read once for a page."""
    request = context["request"]
    if not hasattr(request, "known_offer"):
        request.known_offer = catalogue.known()
    offer: Offer = request.known_offer
    return offer
