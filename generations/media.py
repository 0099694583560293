"""Serving result files: one function decides who may read one, one answers, Range requests included."""

import re
from collections.abc import Iterator
from typing import Literal, TypeVar
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotModified,
    StreamingHttpResponse,
)
from django.utils.http import content_disposition_header, quote_etag
from django.utils.text import slugify

from accounts.models import User

from .models import Generation, Reference, Result, Share

Kind = Literal["file", "thumbnail"]
R = TypeVar("R", bound=HttpResponseBase)
CHUNK = 256 * 1024
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def authorise(number: int, *, viewer: tuple[User, UUID] | None = None, share: Share | None = None) -> Result:
    """The kept result that this viewer (a person and a generation's id) or this share may read; else 404."""
    if share is not None:
        generations = Generation.objects.filter(pk=share.generation_id)
    elif viewer is not None:
        generations = Generation.objects.visible_to(viewer[0]).filter(pk=viewer[1])
    else:
        raise Http404
    result = (
        Result.objects.filter(generation__in=generations, number=number, kept_at__isnull=False)
        .select_related("generation")
        .first()
    )
    if result is None:
        raise Http404
    return result


def serve(request: HttpRequest, result: Result, kind: Kind) -> HttpResponseBase:
    """The bytes, to be shown or (with `?download`) saved. The browser asks again each time whether it still may."""
    file = result.thumbnail if kind == "thumbnail" else result.file
    content_type = "image/webp" if kind == "thumbnail" else result.content_type
    title = f"{slugify(result.generation.prompt[:60]) or 'result'}-{result.number + 1}"
    return _serve(request, file.name or "", content_type, quote_etag(f"{result.sha256}-{kind}"), title)


def serve_reference(request: HttpRequest, reference: Reference) -> HttpResponseBase:
    """A reference's file; a link has none."""
    title = slugify(reference.name) or "reference"
    return _serve(request, reference.file.name or "", reference.content_type, quote_etag(reference.sha256), title)


def _serve(request: HttpRequest, name: str, content_type: str, etag: str, title: str) -> HttpResponseBase:
    if not name or not default_storage.exists(name):
        raise Http404
    if request.headers.get("If-None-Match") == etag:
        return _secured(HttpResponseNotModified(), etag)
    size = default_storage.size(name)
    span = _span(request.headers.get("Range", ""), size) if request.headers.get("If-Range", etag) == etag else None
    if span == "unsatisfiable":
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    start, stop = (0, size) if span is None else span
    body = [] if request.method == "HEAD" else _read(name, start, stop)
    response = StreamingHttpResponse(body, status=200 if span is None else 206, content_type=content_type)
    response["Content-Length"] = stop - start
    response["Accept-Ranges"] = "bytes"
    if span is not None:
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    file_name = f"{title}.{name.rpartition('.')[2]}"
    disposition = content_disposition_header("download" in request.GET, file_name)
    if disposition:
        response["Content-Disposition"] = disposition
    return _secured(response, etag)


def _secured(response: R, etag: str) -> R:
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _span(header: str, size: int) -> tuple[int, int] | Literal["unsatisfiable"] | None:
    """(start, stop) of a single byte range; None when the header is absent or asks for what we answer whole."""
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


def _read(name: str, start: int, stop: int) -> Iterator[bytes]:
    with default_storage.open(name) as file:
        file.seek(start)
        left = stop - start
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
