"""Inspiration: Meigen's gallery, to search, to open, and to reuse prompts and pictures from."""

import math
import re
from datetime import timedelta
from urllib.parse import urlsplit

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.fields import Form, TextField
from accounts.http import Request, pages
from accounts.templatetags.times import when
from generations.inspiration import gallery
from generations.media import attachments
from generations.media.download import Refused
from meigen_api.errors import MeigenError, NotFound, RateLimited
from meigen_api.types import PLAIN_ID, GalleryImage

ANY_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
HOUR, WEEK = 3600, 7 * 24 * 3600


class SearchForm(Form):
    """What to look for in Meigen's gallery."""

    q = TextField(
        label=gettext_lazy("Search Meigen's gallery, or paste a link to a picture"),
        required=False,
        most=200,
        widget=forms.TextInput(
            attrs={"placeholder": gettext_lazy("Search Meigen's gallery, or paste a link to a picture"), "id": "q"}
        ),
    )


@require_safe
def inspiration(request: Request) -> HttpResponse:
    """Search results, `?pages=` pages of them, from `?offset=` on. A pasted link or id opens that image."""
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    if image_id := _pasted_id(words):
        return redirect("inspiration_image", image_id)
    offset, token = _whole(request.GET.get("offset", "")), request.user.current_token
    images: list[GalleryImage] = []
    problem, lacks_token, following = "", False, None
    try:
        for _page in range(many := pages(request) if form.is_valid() else 0):
            found = gallery.search(words, offset, token, again=many > 1)
            images += found
            following = offset + gallery.PAGE if len(found) == gallery.PAGE else None
            if following is None:
                break
            offset = following
    except RateLimited as error:
        lacks_token = token is None or token.refused_at is not None
        problem = _limited(error, is_own=not lacks_token)
    except MeigenError:
        problem = _("Could not reach Meigen's gallery. Try again in a minute.")
    context = {"q": words, "form": form, "offset": offset, "images": images, "next": None if problem else following}
    context["page"] = gallery.PAGE
    context |= {"problem": problem, "lacks_token": lacks_token}
    return render(
        request, "generations/_inspirations.html" if request.htmx else "generations/inspiration.html", context
    )


@require_safe
def inspiration_image(request: Request, image_id: str) -> HttpResponse:
    try:
        image, problem, status = gallery.image(image_id), "", 200
    except NotFound:
        image, problem, status = None, _("Meigen's gallery has no picture with this id."), 404
    except RateLimited as error:
        image, problem, status = None, _limited(error, is_own=False), 503
    except MeigenError:
        image, status = None, 503
        problem = _("Could not reach Meigen's gallery. Try again in a minute.")
    context = {"image": image, "media": _media(request, image) if image else 0, "problem": problem}
    return render(request, "generations/inspiration_image.html", context, status=status)


@require_safe
def inspiration_picture(request: Request, image_id: str) -> HttpResponse:
    """A thumbnail fetched by us, so that the browser contacts no other host."""
    image = _image(image_id)
    body = gallery.thumbnail(image, _media(request, image))
    if body is None:
        raise Http404
    response = HttpResponse(body, content_type="image/webp")
    response["Cache-Control"] = "private, max-age=86400"
    return response


@require_POST
def use_inspiration(request: Request, image_id: str) -> HttpResponse:
    """Creates a reference from the image's public link and opens the studio with it."""
    image = _image(image_id)
    try:
        link = image.picture_urls[_media(request, image)] if image.picture_urls else ""
        made = attachments.add_link(request.user, link)
    except Refused:
        raise Http404 from None
    return redirect(f"{reverse('studio')}?reference={made.pk}")


def _image(image_id: str) -> GalleryImage:
    try:
        return gallery.image(image_id)
    except MeigenError:
        raise Http404 from None


def _media(request: Request, image: GalleryImage) -> int:
    """Which of the image's pictures the address selects (`?media=1`). Defaults to the first if there is no such
    picture."""
    number = _whole(request.GET.get("media", ""))
    return number if number < len(image.picture_urls) else 0


def _limited(error: RateLimited, *, is_own: bool) -> str:
    """What a 429 means for a search with the person's own token (`is_own`) or without one, and when to search again."""
    if error.code == "DAILY_LIMIT_REACHED":
        whose = _("Your Meigen account has used up its searches for today.")
        said = whose if is_own else _("This studio has used up its searches for today.")
        return format_html("{} {}", said, _after(error.retry_after))
    wait = error.retry_after or 60
    again = _after(wait) if wait > HOUR else _in_minutes(math.ceil(wait / 60))
    return format_html("{} {}", _("This studio is searching Meigen's gallery too often."), again)


def _in_minutes(minutes: int) -> str:
    words = ngettext("Search again in %(minutes)s minute.", "Search again in %(minutes)s minutes.", minutes)
    return words % {"minutes": minutes}


def _after(seconds: float | None) -> str:
    """The time that many seconds from now, on the person's clock. A missing or absurd value means tomorrow."""
    if seconds is None or seconds > WEEK:
        return _("Search again tomorrow.")
    # Rounded up to the minute, so that a search at the named time works.
    ends = timezone.localtime(timezone.now() + timedelta(seconds=seconds + 59))
    kind = "time" if ends.date() == timezone.localdate() else "day and time"
    return format_html(_("Search again after {moment}."), moment=when(ends, kind))


def _pasted_id(words: str) -> str:
    """The id in a pasted link or a bare UUID. An empty string means that these are words to search for."""
    if words.startswith(("http://", "https://")):
        try:
            last = urlsplit(words).path.rstrip("/").rpartition("/")[2]
        except ValueError:
            return ""
        found = last.partition(".")[0]
        return found if PLAIN_ID.fullmatch(found) else ""
    return words if ANY_UUID.fullmatch(words) else ""


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
