"""Serves result files: one function decides who may read a file, another sends it, including Range requests.

The address of a small picture is signed over the result, the kind and the original's hash. It always names the same
picture, so the browser may cache it for as long as it likes. The signature says nothing about who may see the picture.
That is decided at every request, so the same address works for a card that is rendered once for several people, and is
a 404 for a stranger who has it.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial, wraps
from itertools import chain
from typing import Literal, ParamSpec, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.signing import Signer
from django.db.models import Exists, OuterRef, QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.encoding import filepath_to_uri
from django.utils.http import content_disposition_header, parse_etags, quote_etag

from accounts.models import User
from generations.media import chat
from generations.media.download import Refused
from generations.media.formats import RARELY_SHOWN
from generations.media.metadata import png, strip
from generations.media.names import file_stem
from generations.media.storage import pieces
from generations.models import Generation, GenerationQuerySet, Reference, Result, Share

logger = logging.getLogger(__name__)

Kind = Literal["file", "thumbnail", "preview"]
P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def _with_file_errors_answered(serving: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
    """Responds 404 if the file is missing, and 503 while the disk or bucket fails, so that the client retries."""

    @wraps(serving)
    def serve(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return serving(*args, **kwargs)
        except FileNotFoundError:
            raise Http404 from None
        except OSError:
            logger.exception("A file could not be read")
            return _secured(HttpResponse(status=503, headers={"Retry-After": "10"}))

    return serve


def readable(
    kind: Kind = "file", *, viewer: User | None = None, share: Share | None = None, as_admin: bool = False
) -> QuerySet[Result]:
    """The results whose file of this kind the person or share may read. This is the one place that decides it.

    A small picture stays readable while its original is lost. `as_admin` is for the pages of the admin alone.
    """
    if share is not None:
        generations = share.contents().order_by()
    elif viewer is not None and as_admin:
        generations = _shown_to_admin(viewer, kind)
    elif viewer is not None:
        generations = Generation.objects.visible_to(viewer)
    else:
        generations = Generation.objects.none()
    # Evaluated per row: as a list of ids, SQLite would materialize everything the viewer may see.
    seen = Exists(generations.filter(pk=OuterRef("generation")))
    is_there = {"kept_at__isnull": False} if kind == "file" else {f"{kind}__gt": ""}
    return Result.objects.filter(seen, **is_there).select_related("generation")


def _shown_to_admin(admin: User, kind: Kind) -> GenerationQuerySet:
    """Everybody's, in small, where ADMINS_SEE_PICTURES says so and the person may look at generations at all."""
    may_look = settings.ADMINS_SEE_PICTURES and admin.is_staff and admin.has_perm("generations.view_generation")
    everything = Generation.objects.filter(erased_at=None)
    return everything if may_look and kind != "file" else Generation.objects.none()


def authorise(number: int, kind: Kind = "file", *, viewer: tuple[User, UUID], as_admin: bool = False) -> Result:
    """The result whose file this viewer (a person and a generation's id) may read, or a 404."""
    result = readable(kind, viewer=viewer[0], as_admin=as_admin).filter(generation=viewer[1], number=number).first()
    if result is None:
        raise Http404
    return result


def small_url(result: Result, kind: Literal["thumbnail", "preview"]) -> str:
    """The address of a small picture for signed-in people, which their browsers may cache."""
    return f"{reverse(kind, args=[result.generation_id, result.number])}?v={_version(result, kind)}"


def small_kind(result: Result) -> Literal["thumbnail", "preview"]:
    """The larger small picture that there is."""
    return "preview" if result.preview else "thumbnail"


def _version(result: Result, kind: Kind) -> str:
    return Signer(salt="generations.media").signature(f"{result.pk.hex}:{kind}:{result.sha256}")[:22]


@_with_file_errors_answered
def serve(request: HttpRequest, result: Result, kind: Kind, *, title: str = "") -> HttpResponseBase:
    """Sends the file of a result that the caller was authorised for, to display or (with `?download`) to save as
    `title`. What most browsers cannot display is displayed as its preview.

    The browser has to revalidate every time, except for a small picture at its signed address.
    """
    if kind == "file" and result.content_type in RARELY_SHOWN and result.preview and "download" not in request.GET:
        kind = "preview"
    file = {"file": result.file, "thumbnail": result.thumbnail, "preview": result.preview}[kind]
    content_type = result.content_type if kind == "file" else "image/webp"
    etag = quote_etag(f"{result.sha256}-{kind}")
    response = _serve(request, file.name or "", content_type, etag, title or _title(result))
    signed = request.GET.get("v", "")
    if kind != "file" and response.status_code < 400 and constant_time_compare(signed, _version(result, kind)):
        response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@_with_file_errors_answered
def serve_for_chat(request: HttpRequest, result: Result) -> HttpResponseBase:
    """The JPEG that chat programs show with a link, or a 404 for a result without a small picture."""
    etag = quote_etag(f"{result.sha256}-chat")
    if _has(request, etag):
        return _secured(HttpResponseNotModified(), etag)
    try:
        body = chat.jpeg(result)
    except Refused:
        raise Http404 from None
    return _secured(HttpResponse(body, content_type="image/jpeg"), etag)


@_with_file_errors_answered
def download_with_words(request: HttpRequest, result: Result, words: Mapping[str, str]) -> HttpResponseBase:
    """A stored PNG to download, with these texts embedded by keyword. Generated on the fly, so without ranges."""
    name, added = result.file.name or "", png.chunks(words)
    size = default_storage.size(name)
    body = [] if request.method == "HEAD" else _begun(png.with_words(pieces(name, 0, size), added))
    response = StreamingHttpResponse(body, content_type=result.content_type)
    response["Content-Length"] = size + len(added)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{_title(result)}.png")
    return _secured(response)


@_with_file_errors_answered
def serve_stripped(request: HttpRequest, result: Result, *, title: str) -> HttpResponseBase:
    """The file without its metadata, or the preview of one from which it cannot be removed.

    A picture gets shorter by that, so it is sent without ranges.
    """
    if not strip.can_strip(result.content_type):
        return serve(request, result, small_kind(result), title=title)
    name, etag = result.file.name or "", quote_etag(f"{result.sha256}-bare")
    if strip.is_video(result.content_type):
        blanked = partial(strip.pieces_of_video, result.content_type)
        return _ranged(request, name, result.content_type, etag, title, blanked)
    if _has(request, etag):
        return _secured(HttpResponseNotModified(), etag)
    with default_storage.open(name) as file:
        size = strip.size(file, result.content_type)
    body = [] if request.method == "HEAD" else _begun(_bare(name, result.content_type))
    response = StreamingHttpResponse(body, content_type=result.content_type)
    response["Content-Length"] = size
    return _secured(_named(response, request, name, title), etag)


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, with the first one already read, so that a broken file still leads to an error response."""
    return chain([next(pieces, b"")], pieces)


def _bare(name: str, content_type: str) -> Iterator[bytes]:
    with default_storage.open(name) as file:
        yield from strip.pieces(file, content_type)


def _title(result: Result) -> str:
    return f"{file_stem(result.generation.prompt, 'result')}-{result.number + 1}"


@_with_file_errors_answered
def serve_reference(request: HttpRequest, reference: Reference) -> HttpResponseBase:
    """A reference's file. A link has none."""
    title = file_stem(reference.name, "reference")
    return _serve(request, reference.file.name or "", reference.content_type, quote_etag(reference.sha256), title)


def _serve(request: HttpRequest, name: str, content_type: str, etag: str, title: str) -> HttpResponseBase:
    if not name:
        raise Http404
    if settings.MEDIA_ACCEL:
        # The proxy answers ranges and revalidation itself, with an ETag of its own.
        return _secured(_named(_handed_over(name, content_type), request, name, title))
    return _ranged(request, name, content_type, etag, title, pieces)


def _ranged(
    request: HttpRequest,
    name: str,
    content_type: str,
    etag: str,
    title: str,
    pieces: Callable[[str, int, int], Iterator[bytes]],
) -> HttpResponseBase:
    """The file or a range of it. `pieces` yields its bytes by name, start and stop."""
    if _has(request, etag):
        return _secured(HttpResponseNotModified(), etag)
    size = default_storage.size(name)
    span = _span(request.headers.get("Range", ""), size) if request.headers.get("If-Range", etag) == etag else None
    if span == "unsatisfiable":
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, stop = (0, size) if span is None else span
    body = [] if request.method == "HEAD" else _begun(pieces(name, start, stop))
    response = StreamingHttpResponse(body, status=200 if span is None else 206, content_type=content_type)
    response["Content-Length"] = stop - start
    response["Accept-Ranges"] = "bytes"
    if span is not None:
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return _secured(_named(response, request, name, title), etag)


def _has(request: HttpRequest, etag: str) -> bool:
    """Whether the browser already has this version."""
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return etag in known or f"W/{etag}" in known


def _handed_over(name: str, content_type: str) -> HttpResponse:
    """A response that lets the proxy in front send the file, so that no byte of it passes through us."""
    inside = f"{settings.MEDIA_ACCEL}{filepath_to_uri(name)}"
    return HttpResponse(content_type=content_type, headers={"X-Accel-Redirect": inside})


def _named(response: R, request: HttpRequest, name: str, title: str) -> R:
    file_name = f"{title}.{name.rpartition('.')[2]}"
    disposition = content_disposition_header("download" in request.GET, file_name)
    if disposition:
        response["Content-Disposition"] = disposition
    return response


def _secured(response: R, etag: str = "") -> R:
    if etag:
        response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _span(header: str, size: int) -> tuple[int, int] | Literal["unsatisfiable"] | None:
    """(start, stop) of a single byte range, or None if the header is absent or we send the whole file."""
    match = RANGE.fullmatch(header.strip())
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first:
        start, stop = int(first), min(int(last) + 1 if last else size, size)
    else:
        start, stop = max(0, size - int(last)), size
    if start >= size or (last and first and int(last) < int(first)) or stop <= start:
        return "unsatisfiable"
    return start, stop
