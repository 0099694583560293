"""Inspiration: the vendor's gallery, to search, to open, to take a prompt or a picture from."""

import re
from urllib.parse import urlsplit

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import Request
from generations import attachments
from generations.dispatch import gallery
from generations.dispatch.download import Refused
from meigen_api.errors import MeigenError, NotFound
from meigen_api.types import PLAIN_ID, GalleryImage

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@require_safe
def inspiration(request: Request) -> HttpResponse:
    """Search results page by page; a pasted link or id opens that image."""
    words = request.GET.get("q", "").strip()[:200]
    if image_id := _pasted_id(words):
        return redirect("inspiration_image", image_id)
    offset = _whole(request.GET.get("offset", ""))
    try:
        images, problem = gallery.search(words, offset), ""
    except MeigenError:
        images, problem = [], _("Meigen's gallery cannot be reached. Try again in a minute.")
    following = offset + gallery.PAGE if len(images) == gallery.PAGE else None
    context = {"q": words, "images": images, "problem": problem, "next": following}
    return render(
        request, "generations/_inspirations.html" if request.htmx else "generations/inspiration.html", context
    )


@require_safe
def inspiration_image(request: Request, image_id: str) -> HttpResponse:
    try:
        image, problem, status = gallery.image(image_id), "", 200
    except NotFound:
        image, problem, status = None, _("Meigen's gallery has no image with this id."), 404
    except MeigenError:
        image, status = None, 503
        problem = _("Meigen's gallery cannot be reached. Try again in a minute.")
    context = {"image": image, "problem": problem}
    return render(request, "generations/inspiration_image.html", context, status=status)


@require_safe
def inspiration_picture(request: Request, image_id: str) -> HttpResponse:
    """A thumbnail, fetched by us: the browser asks no other host."""
    body = gallery.thumbnail(_image(image_id))
    if body is None:
        raise Http404
    response = HttpResponse(body, content_type="image/webp")
    response["Cache-Control"] = "private, max-age=86400"
    return response


@require_POST
def use_inspiration(request: Request, image_id: str) -> HttpResponse:
    """Makes a reference of the image's public link and goes to the studio with it."""
    image = _image(image_id)
    try:
        made = attachments.add_link(request.user, image.picture_urls[0] if image.picture_urls else "")
    except Refused:
        raise Http404 from None
    return redirect(f"{reverse('studio')}?reference={made.pk}")


def _image(image_id: str) -> GalleryImage:
    try:
        return gallery.image(image_id)
    except MeigenError:
        raise Http404 from None


def _pasted_id(words: str) -> str:
    """The id in a pasted link or a bare UUID; "" for words to search."""
    if words.startswith(("http://", "https://")):
        try:
            last = urlsplit(words).path.rstrip("/").rpartition("/")[2]
        except ValueError:
            return ""
        found = last.partition(".")[0]
        return found if PLAIN_ID.fullmatch(found) else ""
    return words if UUID.fullmatch(words) else ""


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
