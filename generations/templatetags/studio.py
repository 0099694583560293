"""What the cards need and Django's own filters lack."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django import template
from django.forms import BoundField
from django.template import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.http import page_of
from accounts.models import User
from generations.library import lists, rejections, tick
from generations.media import serving
from generations.media.formats import PREVIEW, THUMBNAIL
from generations.models import Collection, Generation, Result
from generations.models.sentences import translated_html
from generations.models.share import with_links
from generations.studio.form import GenerateForm
from generations.studio.options import CHOICES
from generations.studio.references import is_from_studio

register = template.Library()
register.filter(is_from_studio)
register.filter("translated", translated_html)

WIDEST, TALLEST = 4.0, 0.25
# How high a row of cards may usually become, in rem: wall.css begins at 9.5 and lets it grow.
CARD_ROW = 14
# Those in the contract; another one is shown as it is.
CREDITS_STATUSES = {
    gettext_noop("charged"),
    gettext_noop("pending"),
    gettext_noop("confirmed"),
    gettext_noop("refunded"),
}
ANEW = SafeString('hx-target="#about" hx-select="#about > *" hx-swap="innerHTML" hx-select-oob="#messages:beforeend"')


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


def _box(card: Generation) -> tuple[float, float]:
    """The card's proportions: what was asked for, from the first moment to the last, else what the file has.

    Kept as asked when the file differs by a little, so that nothing on the page moves when it comes.
    """
    asked = proportions(card.aspect_ratio)
    result = first_result(card)
    if result is None or not result.width or not result.height:
        return asked or ((178, 100) if card.is_video else (100, 100))
    got = proportions(f"{result.width / 100}:{result.height / 100}") or (100, 100)
    is_near = asked is not None and abs(asked[0] * got[1] / (asked[1] * got[0]) - 1) < 0.03
    return asked if asked and is_near else got


@register.filter
def shape(card: Generation) -> SafeString:
    """An empty drawing that gives the card its final proportions before the picture exists."""
    width, height = _box(card)
    return format_html('<svg class="shape" viewBox="0 0 {} {}" aria-hidden="true"></svg>', f"{width:g}", f"{height:g}")


@register.simple_tag
def picture_space(result: Result) -> SafeString:
    """An empty drawing as large as the picture or video, whose place it keeps until that has come."""
    drawing = '<svg class="space" width="{0}" height="{1}" viewBox="0 0 {0} {1}" aria-hidden="true"></svg>'
    return format_html(drawing, result.width or 1280, result.height or 720)


@register.filter
def ratio_class(card: Generation) -> str:
    """The class that gives the card its share of a row: `r` and the ratio in twentieths, from r10 to r50."""
    return _ratio_class(*_box(card))


@register.simple_tag
def picture_class(width: int | None, height: int | None) -> str:
    """The same for a picture whose pixels are known, or not."""
    return _ratio_class(width or 100, height or 100)


def _ratio_class(width: float, height: float) -> str:
    return f"r{min(max(round(width / height * 20), 10), 50)}"


@register.simple_tag
def small_picture(result: Result) -> SafeString:
    """The `src` of a result's small picture where it is seen in passing."""
    return format_html('src="{}"', serving.small_url(result, "thumbnail"))


@register.simple_tag
def card_picture(card: Generation, result: Result) -> SafeString:
    """The same on a card: with the larger one for screens on which the small one would be blurred."""
    width, height = result.width or 0, result.height or 0
    longer = max(width, height)
    small, large = (width * min(longer, side) // longer if longer else 0 for side in (THUMBNAIL, PREVIEW))
    if not result.preview or large <= small:
        return small_picture(result)
    across, down = _box(card)
    return format_html(
        '{} srcset="{} {}w, {} {}w" sizes="{}rem"',
        small_picture(result),
        *(serving.small_url(result, "thumbnail"), small),
        *(serving.small_url(result, "preview"), large),
        round(CARD_ROW * across / down),
    )


@register.simple_tag
def poster(result: Result) -> SafeString:
    """The `poster` of a video, if there is one."""
    return format_html(' poster="{}"', serving.small_url(result, "preview")) if result.preview else SafeString("")


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing of icons.svg; the words beside it, or the label around it, say what it means."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("icons.svg"), name)


@register.simple_tag
def act(name: str, pk: object) -> SafeString:
    """The attributes of a card's button that posts to an address and takes the changed card back.

    The page holds one form with the CSRF value for all of them, so that a card is the same for every session.
    """
    words = (
        'form="act" formaction="{0}" hx-post="{0}" hx-include="#act, [name=\'line\']" hx-target="#generation-{1}" '
        'hx-swap="outerHTML"'
    )
    return format_html(words, reverse(name, args=[pk]), pk)


@register.simple_tag(takes_context=True)
def result_url(context: Context, card: Generation) -> str:
    """The address of a result, with the list it is shown in: the one that the view names, else that of the page."""
    within = context.get("within")
    if within is None:
        request = context["request"]
        within = lists.carried(page_of(request) or request.get_full_path())
    return f"{card.get_absolute_url()}{within}"


@register.simple_tag
def change(name: str, pk: object) -> SafeString:
    """The attributes of a button beside a result that posts to an address and takes what stands there anew.

    No page is added to the history, so that Back still leads to the list; picture and video stay as they are.
    """
    words = 'form="act" formaction="{0}" hx-post="{0}" hx-include="#act" {1}'
    return format_html(words, reverse(name, args=[pk]), ANEW)


@register.simple_tag
def anew() -> SafeString:
    """The same for a form of its own."""
    return ANEW


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
def chosen_label(field: BoundField) -> str:
    """What is chosen in a field, in the words of its choices, or "" if that is left to the model."""
    chosen = (option.data for option in field if option.data["selected"] and option.data["value"])
    return next((str(data["label"]) for data in chosen), "")


@register.filter
def hint_names(form: GenerateForm) -> list[str]:
    """The places of the form in which a hint of Meigen can stand; "" is the top."""
    apart = {"as_typed", "count", "into", "project", "reason", "sref", "raw", "profile", "midjourney_quality"}
    seen = (name for name, each in form.fields.items() if not each.widget.is_hidden)
    return ["", *(name for name in seen if name not in apart)]


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
    """The first file of the set that can be shown, else the first; from what was prefetched."""
    return min(card.results.all(), key=lambda one: (not one.thumbnail, not one.kept_at), default=None)


@register.filter
def lost_result(card: Generation) -> Result | None:
    """A file of the set that was given up, if any."""
    return next((result for result in card.results.all() if result.gone_at), None)


@register.filter
def awaited_result(card: Generation) -> Result | None:
    """A file of the set that is still being fetched, if any."""
    return next((result for result in card.results.all() if result.is_pending), None)


@register.filter
def any_live(cards: Iterable[Generation] | None) -> bool:
    return any(card.is_live for card in cards or [])


@register.filter
def any_done(cards: Iterable[Generation] | None) -> bool:
    return any(card.status == Generation.Status.DONE for card in cards or [])


@register.simple_tag
def collections_for(user: User) -> dict[str, list[Collection]]:
    """The collections this person may put something into: `mine` for their eyes alone, and the `team`'s."""
    rows = with_links(Collection.objects.visible_to(user))
    return {"mine": [row for row in rows if not row.is_team], "team": [row for row in rows if row.is_team]}


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
    """How long until then, in words; studio.js counts on from there in the same ones, which <body> tells it."""
    if seconds < 2:
        return _("in a moment")
    if seconds < 90:
        return _("in ~{seconds} s").format(seconds=seconds)
    return _("in ~{minutes} min").format(minutes=round(seconds / 60))


@register.filter
def clock(seconds: int) -> str:
    return f"{seconds // 60:02}:{seconds % 60:02}"


@register.filter
def unlocalized(value: float) -> str:
    """A number as HTML attributes want it, whatever the language."""
    return f"{value:.1f}"


@register.filter
def settings(card: Generation) -> list[tuple[str, str]]:
    """What was chosen beside prompt, model and ratio, as (name, value)."""
    names = {choice.member: _(choice.word) for choice in CHOICES}
    shown = []
    for member, value in card.settings.items():
        if isinstance(value, dict):
            shown += [(str(name), str(part)) for name, part in value.items()]
        elif member != "aspectRatio":
            shown.append((names.get(member, member), ", ".join(value) if isinstance(value, list) else str(value)))
    return shown


@register.filter
def credits_status(card: Generation) -> str:
    """Whether the credits are charged or refunded, in Meigen's word for it."""
    return _(card.credits_status) if card.credits_status in CREDITS_STATUSES else card.credits_status


@register.filter
def refusal(card: Generation) -> str:
    """What a rejected card says."""
    return rejections.explain(card)


@register.filter
def details(card: Generation) -> list[tuple[str, str]]:
    """Every member of Meigen's answer."""
    return rejections.details(card)


@register.filter
def at(mapping: Mapping[str, str] | None, key: str) -> str:
    """The mapping's value for a key that a variable holds."""
    return (mapping or {}).get(key, "")


@dataclass(frozen=True)
class Refresh:
    """How a page asks for news: with which token, and whether also for places in line, which the tick does not tell."""

    token: str
    in_line: bool


@register.simple_tag(takes_context=True)
def refresh(context: Context) -> Refresh | None:
    """How a page with these `cards` asks for news of them, None when nothing will change by itself.

    `still_live` says that others on the page are live, `in_line` whether any are queued. Where only the first is known
    the page asks for places too; `live` tells it to stop.
    """
    cards, still_live = context.get("cards") or [], context.get("still_live")
    if not still_live and not any_live(cards):
        return None
    in_line = context.get("in_line", still_live or any(card.status == Generation.Status.QUEUED for card in cards))
    return Refresh(tick.token_for(context["request"].user), bool(in_line))
