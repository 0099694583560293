"""What a share link shows to somebody without an account: the pictures and nothing else."""

import secrets
from collections.abc import Callable
from functools import partial, wraps
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters

from accounts.address import client_address
from accounts.guessing import TOO_MANY_PASSWORDS
from accounts.http import is_cross_site
from accounts.text import beginning, name_in
from accounts.throttles import Waiting
from audit.log import record
from audit.models import Action
from generations.media import chat, serving, zips
from generations.media.names import file_stem
from generations.models import Result, Share
from generations.sharing import links, qr
from generations.sharing.forms import LONGEST_GUEST, GuestForm, UnlockForm

View = Callable[..., HttpResponseBase]
OPENED = 86_400  # how many seconds an entered password stays valid
GUEST = f"{settings.LINK_COOKIE_PREFIX}guest"
GUEST_NAME = f"{GUEST}-name"
A_YEAR = 365 * 86_400
ENOUGH = 5  # pictures, for one of them to be the head of the page as well
TOO_MANY_GUESTS = ngettext_lazy(
    "Many people in your network have just given their first heart. Try again in %(minutes)s minute.",
    "Many people in your network have just given their first heart. Try again in %(minutes)s minutes.",
    "minutes",
)


def through_link(*methods: str, locked: bool = False) -> Callable[[View], View]:
    """Finds the share behind the secret, or responds 404. Keeps the page out of search engines, referrers and caches.

    Without the password only a `locked` view, the one that asks for it, is reachable. Everything else is a 404, so that
    no address reveals more than the page does.
    """

    def decorate(view: View) -> View:
        @login_not_required
        @csrf_exempt  # no session is involved: whoever has the link may do what it allows
        @wraps(view)
        def wrapper(request: HttpRequest, secret: str, **kwargs: Any) -> HttpResponseBase:
            share = Share.objects.for_secret(secret)
            if share is None or (not locked and not is_open(request, share)):
                raise Http404
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            if request.method == "POST" and is_cross_site(request):
                raise PermissionDenied  # another site may neither use up a visitor's tries nor give their hearts
            response = view(request, share, secret, **kwargs)
            response["X-Robots-Tag"] = "noindex, nofollow"
            response["Referrer-Policy"] = "no-referrer"
            response["Cache-Control"] = "private, no-store"
            return response

        return wrapper

    return decorate


def is_open(request: HttpRequest, share: Share) -> bool:
    """Whether the share has no password, or this browser has entered the current one."""
    if not share.password:
        return True
    return request.get_signed_cookie(_opened(share), default="", salt=_salt(share), max_age=OPENED) == "open"


def _opened(share: Share) -> str:
    return f"{settings.LINK_COOKIE_PREFIX}share-{share.pk.hex}"


def _seen(share: Share) -> str:
    return f"{settings.LINK_COOKIE_PREFIX}seen-{share.pk.hex}"


def _salt(share: Share) -> str:
    return f"share {share.pk} {share.password}"  # a new password invalidates the cookie


@through_link("GET", "HEAD", locked=True)
def shared(request: HttpRequest, share: Share, secret: str) -> HttpResponse:
    if not is_open(request, share):
        return _locked(request, share, secret, UnlockForm())
    looked = _is_real_view(request)
    if looked and not request.COOKIES.get(_seen(share)):
        links.count_view(share, request.headers.get("User-Agent", ""))
    guest = _guest(request)
    response = render(request, "generations/shared.html", _shown(request, share, secret, guest))
    if share.allows_hearts and not guest:
        value = secrets.token_urlsafe(16)
        response.set_signed_cookie(
            GUEST, value, salt="guest", max_age=A_YEAR, path=f"{settings.BASE_PATH}/s/", **_cookie(request)
        )
    if looked:
        # Counts as one visit, however often the page is reloaded in the meantime.
        response.set_cookie(_seen(share), "1", max_age=1800, path=address_path(secret), **_cookie(request))
    return response


def _shown(request: HttpRequest, share: Share, secret: str, guest: str) -> dict[str, Any]:
    order, results = _in_order(share)
    waiting = Result.objects.filter(generation__in=order, kept_at=None, gone_at=None).exists()
    if not results and not waiting and share.collection_id is None:
        raise Http404  # everything in it is deleted
    address = request.build_absolute_uri(address_path(secret))
    return {
        "share": share,
        "secret": secret,
        "results": results,
        "waiting": waiting,
        "title": share.title or (results[0].generation.prompt if results and share.shows_prompts else ""),
        "address": address,
        "qr": qr.drawing(address),
        "pictures": sum(not result.is_video for result in results),
        **_cover(share, results),
        "loved": links.hearts_of(share, guest) if guest else set(),
        "name": _name(request),
        "is_full": "full" in request.GET and links.is_full(share),
    }


def _cover(share: Share, results: list[Result]) -> dict[str, Any]:
    """The collection's cover, if the link shows it, or else the first picture or poster; its size in chat programs; and
    whether it is the head of the page, which would be half of a short one."""
    chosen = share.collection and share.collection.cover_id
    seen = [result for result in results if result.thumbnail]
    cover = next((result for result in seen if result.generation_id == chosen), seen[0] if seen else None)
    is_head = cover is not None and not cover.is_video and len(results) >= ENOUGH
    return {"cover": cover, "cover_size": cover and chat.size(cover), "has_head": is_head}


def _is_real_view(request: HttpRequest) -> bool:
    """Whether somebody is really viewing the page. A browser that prefetches it says so in a header."""
    purposes = (request.headers.get(name, "").lower() for name in ("Sec-Purpose", "Purpose"))
    return request.method == "GET" and not any("prefetch" in purpose for purpose in purposes)


def address_path(secret: str) -> str:
    return reverse("shared", args=[secret])


def _cookie(request: HttpRequest) -> dict[str, Any]:
    return {"httponly": True, "samesite": "Lax", "secure": request.is_secure()}


@sensitive_post_parameters("password")
@through_link("POST", locked=True)
def unlock(request: HttpRequest, share: Share, secret: str) -> HttpResponse:
    """Checks the password, within the limits of tries of this visitor and of all."""
    if is_open(request, share):
        return redirect("shared", secret)
    form = UnlockForm(request.POST)
    if not form.is_valid():
        return _locked(request, share, secret, form, status=422)
    try:
        is_right = links.try_password(share, client_address(request), form.cleaned_data["password"])
    except Waiting as waiting:
        form.add_error("password", waiting.told(TOO_MANY_PASSWORDS))
        return _locked(request, share, secret, form, status=429)
    record(Action.SHARE_UNLOCKED if is_right else Action.SHARE_REFUSED, share)
    if is_right:
        response: HttpResponse = redirect("shared", secret)
        response.set_signed_cookie(
            _opened(share),
            "open",
            salt=_salt(share),
            max_age=OPENED,
            path=address_path(secret),
            **_cookie(request),
        )
        return response
    form.add_error("password", _("Wrong password."))
    return _locked(request, share, secret, form, status=403)


def _locked(request: HttpRequest, share: Share, secret: str, form: UnlockForm, status: int = 200) -> HttpResponse:
    context = {"secret": secret, "hint": share.hint, "form": form}
    return render(request, "generations/shared_locked.html", context, status=status)


@through_link("GET", "HEAD")
def shared_result(request: HttpRequest, share: Share, secret: str, result: UUID) -> HttpResponseBase:
    """The file, or a small picture of it if downloads are not allowed."""
    row = _result(share, result)
    if "download" in request.GET and not share.allows_downloads:
        raise Http404
    if share.allows_downloads or row.is_video:
        return serving.serve_stripped(request, row, title=_title(share, row))
    return serving.serve(request, row, serving.small_kind(row), title=_title(share, row))


@through_link("GET", "HEAD")
def shared_preview(request: HttpRequest, share: Share, secret: str, result: UUID) -> HttpResponseBase:
    """The picture, or a video's poster, at the size the page shows."""
    row = _result(share, result)
    return serving.serve(request, row, serving.small_kind(row), title=_title(share, row))


@through_link("GET", "HEAD")
def shared_for_chat(request: HttpRequest, share: Share, secret: str, result: UUID) -> HttpResponseBase:
    """The picture, or a video's poster, as chat programs show it with the link."""
    row = get_object_or_404(serving.readable("thumbnail", share=share), pk=result)
    return serving.serve_for_chat(request, row)


@through_link("GET")
def shared_zip(request: HttpRequest, share: Share, secret: str) -> HttpResponseBase:
    if not share.allows_downloads:
        raise Http404
    _, results = _in_order(share)
    told = zips.metadata_for_guests if share.shows_prompts else None
    body = zips.stream(results, told, partial(_still_allowed, share), is_stripped=True)
    response = StreamingHttpResponse(body, content_type="application/zip")
    name = f"{file_stem(share.title, 'pictures')}.zip"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


def _still_allowed(share: Share, result: Result) -> bool:
    """Whether the link still allows a guest whose download has begun to have this file."""
    now = Share.objects.live().filter(pk=share.pk, password=share.password, allows_downloads=True)
    if share.shows_prompts:  # the rest of the zip would still contain them
        now = now.filter(shows_prompts=True)
    current = now.select_related("created_by", "collection").first()
    return current is not None and serving.readable(share=current).filter(pk=result.pk).exists()


@through_link("POST")
def shared_heart(request: HttpRequest, share: Share, secret: str, result: UUID) -> HttpResponse:
    """Adds the guest's heart to a picture under the name they enter or, with `on=0`, removes it.

    Opening the page makes them a guest. Otherwise every press could come from a new one.
    """
    row = _result(share, result)
    _hearts_only(share)
    guest, is_scripted = _guest(request), request.headers.get("Accept") == "application/json"
    form = GuestForm({"name": request.POST.get("name") or _name(request)})
    if not form.is_valid():
        return _refused(request, share, secret, form, _problem(form), status=422)
    name, on = form.cleaned_data["name"], request.POST.get("on") != "0"
    try:
        if guest and on:
            links.let_in(share, guest, client_address(request))
    except Waiting as waiting:
        return _refused(request, share, secret, form, waiting.told(TOO_MANY_GUESTS), status=429)
    full = bool(guest) and not links.heart(share, row, guest, name, on=on)
    if is_scripted and guest and not full:
        response = HttpResponse(status=204)  # the page's script handles this
    else:
        response = redirect(f"{address_path(secret)}{'?full' if full else ''}#picture-{row.pk}")
    return _named(request, response, name)


@through_link("POST")
def shared_name(request: HttpRequest, share: Share, secret: str) -> HttpResponse:
    """Gives a guest another name, on the hearts that they have given as well."""
    _hearts_only(share)
    form = GuestForm(request.POST)
    if not form.is_valid():
        return _refused(request, share, secret, form, _problem(form), status=422)
    name = form.cleaned_data["name"]
    if guest := _guest(request):
        links.rename_guest(guest, name)
    return _named(request, redirect(address_path(secret)), name)


def _named(request: HttpRequest, response: HttpResponse, name: str) -> HttpResponse:
    """With the guest's name kept in their browser."""
    response.set_cookie(
        GUEST_NAME, quote(name, safe=""), max_age=A_YEAR, path=f"{settings.BASE_PATH}/s/", **_cookie(request)
    )
    return response


def _hearts_only(share: Share) -> None:
    if not share.allows_hearts:
        raise Http404


def _problem(form: GuestForm) -> str:
    return " ".join(map(str, form.errors["name"]))


def _refused(
    request: HttpRequest, share: Share, secret: str, form: GuestForm, problem: str, *, status: int
) -> HttpResponse:
    """Says why there is no heart: to the page's script, or beside the name on the page."""
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(problem, status=status, content_type="text/plain; charset=utf-8")
    context = _shown(request, share, secret, _guest(request))
    context["refused"] = {"typed": form["name"].value(), "problem": problem}
    return render(request, "generations/shared.html", context, status=status)


def _guest(request: HttpRequest) -> str:
    """The random value we gave to this browser, or an empty string if it has none."""
    return request.get_signed_cookie(GUEST, default="", salt="guest") or ""


def _name(request: HttpRequest) -> str:
    """What the guest has called themselves before, or an empty string if they have not."""
    before = unquote(request.COOKIES.get(GUEST_NAME, ""))  # headers are Latin-1, but names may not be
    return beginning(name_in(before), LONGEST_GUEST).strip()


def _in_order(share: Share) -> tuple[list[UUID], list[Result]]:
    """The generations of the share and their files, in the order of the share."""
    shown = list(share.contents().values_list("pk", flat=True)[: links.MOST])
    order = {pk: place for place, pk in enumerate(shown)}
    results = list(serving.readable(share=share).filter(generation__in=shown))
    return shown, sorted(results, key=lambda result: (order[result.generation_id], result.number))


def _result(share: Share, pk: UUID) -> Result:
    return get_object_or_404(serving.readable(share=share), pk=pk)


def _title(share: Share, row: Result) -> str:
    """A file name that contains the prompt only if the page shows it."""
    words = row.generation.prompt if share.shows_prompts else share.title
    return f"{file_stem(words, 'picture')}-{row.number + 1}"
