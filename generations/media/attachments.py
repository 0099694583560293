"""Creates references from what a person provides: files, links, own results, and Meigen's gallery."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from accounts.models import User
from accounts.text import beginning, name_in
from generations.dispatch.upload import CLIP_EXTENSIONS
from generations.media import clip
from generations.media.clip import Clip
from generations.media.download import Failed, Refused, check_address, download
from generations.media.metadata import strip
from generations.media.prepare import prepare
from generations.models import Reference, Result
from generations.models.ids import is_uuid
from generations.models.sentences import Sentence

logger = logging.getLogger(__name__)

MAX_AT_ONCE = 100
MAX_CLIP_BYTES = 210_000_000
LINK_SECONDS = 15.0
CHUNK = 1_000_000
# The kind of clip, by the extension in its address.
CLIP_ENDINGS = {".mp4": "video", ".mov": "video", ".mp3": "audio", ".wav": "audio"}


def add_file(owner: User, name: str, file: IO[bytes], size: int | None, *, result: Result | None = None) -> Reference:
    """Saves a picture, reduced to its pixels, or a clip. `result` is what a picture is a copy of. Raises Refused."""
    if size is not None and size > MAX_CLIP_BYTES:
        raise Refused(Sentence.FILE_TOO_LARGE, megabytes=MAX_CLIP_BYTES // 1_000_000)
    with _on_disk(file) as copy:
        if found := clip.inspect(copy):
            return _add_clip(owner, name, copy, found)
        prepared = prepare(copy, size)
    reference = Reference(id=uuid.uuid4(), owner=owner, name=_shown(name), content_type=prepared.content_type)
    reference.result = result
    reference.sha256 = hashlib.sha256(prepared.body).hexdigest()
    return _kept(reference, ContentFile(prepared.body), prepared.extension)


def _shown(name: str) -> str:
    """What the person sees of a reference: no more than its column holds, and nothing that could disguise it."""
    return beginning(name_in(name), 100) or "?"


@contextmanager
def _on_disk(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The file with a descriptor, which a file uploaded into memory does not have."""
    with tempfile.TemporaryFile() as copy:
        while piece := file.read(CHUNK):
            copy.write(piece)
        copy.seek(0)
        yield copy


def _add_clip(owner: User, name: str, file: IO[bytes], found: Clip) -> Reference:
    """Saves a clip without its metadata, such as where it was filmed."""
    walked = "video/mp4" if found.kind == "video" else found.content_type
    with tempfile.TemporaryFile() as stripped:
        digest = hashlib.sha256()
        for piece in strip.pieces(File(file), walked):
            stripped.write(piece)
            digest.update(piece)
        reference = Reference(
            id=uuid.uuid4(),
            owner=owner,
            kind=found.kind,
            name=_shown(name),
            content_type=found.content_type,
            seconds=found.seconds,
            size=stripped.tell(),
            sha256=digest.hexdigest(),
        )
        stripped.seek(0)
        return _kept(reference, File(stripped), CLIP_EXTENSIONS[found.content_type])


def _kept(reference: Reference, file: File[Any], extension: str) -> Reference:
    path = f"references/{reference.pk.hex[:2]}/{reference.pk.hex}.{extension}"
    try:
        reference.file.name = default_storage.save(path, file)
    except OSError:
        logger.exception("A reference could not be kept")
        raise Refused(Sentence.STORAGE_FAILS) from None
    reference.save()
    return reference


def add_link(owner: User, link: str, seconds: float = LINK_SECONDS) -> Reference:
    """Creates a reference from a public address: a picture's, or a clip's on Meigen's own hosts.

    We never fetch the picture. A clip is inspected for its length, for at most `seconds`. Raises Refused.
    """
    link = link.strip()
    try:
        parts, own = urlsplit(link), urlsplit(settings.MEIGEN_BASE_URL)
        host = parts.hostname or ""
    except ValueError:
        raise Refused(Sentence.LINK_NOT_PUBLIC) from None
    is_own = bool(host) and (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    if not host or not (parts.scheme == "https" or is_own) or len(link) > 2000 or not link.isprintable() or " " in link:
        raise Refused(Sentence.LINK_NOT_PUBLIC)
    known = Reference.objects.filter(owner=owner, public_url=link, file="").first()
    if known is not None:
        return known
    path = PurePosixPath(parts.path)
    told: dict[str, Any] = {"name": _shown(host)}
    if kind := CLIP_ENDINGS.get(path.suffix.lower()):
        told = {"name": _shown(path.name), **_look_at_clip(link, kind, seconds)}
    return Reference.objects.get_or_create(owner=owner, public_url=link, file="", defaults=told)[0]


def _look_at_clip(link: str, kind: str, seconds: float) -> dict[str, Any]:
    """Inspects a clip on Meigen's hosts. Only its kind is known if it does not arrive in time. Raises Refused."""
    try:
        check_address(link)
    except Refused:
        raise Refused(Sentence.CLIP_NOT_AT_MEIGEN) from None
    if seconds < 1:
        return {"kind": kind}
    try:
        with download(link, seconds=min(seconds, LINK_SECONDS), max_bytes=MAX_CLIP_BYTES) as file:
            found = clip.inspect(file)
            size = file.seek(0, 2)
    except Failed:
        return {"kind": kind}
    if found is None:
        raise Refused(Sentence.NO_CLIP)
    return {"kind": found.kind, "content_type": found.content_type, "seconds": found.seconds, "size": size}


def add_result(owner: User, result: Result) -> Reference:
    """Creates a reference from a saved picture or video. Raises Refused if its file is missing."""
    try:
        file = default_storage.open(result.file.name or "")
    except FileNotFoundError:
        raise Refused(Sentence.FILE_MISSING) from None
    except OSError:
        logger.exception("A result could not be opened")
        raise Refused(Sentence.STORAGE_FAILS) from None
    with file:
        if not result.is_video:
            return add_file(owner, result.generation.prompt, file, result.size, result=result)
        return _add_video(owner, result, file)


def _add_video(owner: User, result: Result, file: IO[bytes]) -> Reference:
    """A clip that refers to the result. Its address at Meigen serves as the first upload; its file is used for later
    ones."""
    known = Reference.objects.filter(owner=owner, result=result).first()
    if known is not None:
        return known
    with _on_disk(file) as copy:
        found = clip.inspect(copy)
    if found is None:
        raise Refused(Sentence.VIDEO_FORMAT)
    told = {
        "kind": found.kind,
        "name": _shown(result.generation.prompt),
        "result": result,
        "content_type": found.content_type,
        "seconds": found.seconds,
        "size": result.size,
        "sha256": result.sha256,
        "uploaded_at": result.generation.finished_at or result.kept_at,
    }
    made, _ = Reference.objects.update_or_create(owner=owner, public_url=result.source_url, file="", defaults=told)
    return made


def owned(owner: User, ids: Iterable[str]) -> tuple[list[Reference], bool]:
    """The person's references with these ids, in this order, and whether all of them were found."""
    wanted = list(dict.fromkeys(ids))
    known = [pk for pk in wanted if is_uuid(pk)][:MAX_AT_ONCE]
    found = {str(row.pk): row for row in Reference.objects.filter(owner=owner, pk__in=known).select_related("result")}
    rows = [found[pk] for pk in known if pk in found]
    return rows, len(rows) == len(wanted)
