"""Reference images as a person gives them: files, links, own results, the vendor's gallery."""

import hashlib
import logging
import uuid
from collections.abc import Iterable
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext_noop

from accounts.models import User

from .dispatch.download import Refused
from .dispatch.prepare import prepare
from .ids import is_uuid
from .models import Reference, Result

logger = logging.getLogger(__name__)

MAX_AT_ONCE = 100
STORE_FAILS = gettext_noop(
    "The studio's disk or bucket takes no files right now. Try again in a while, or tell an admin."
)


def add_file(owner: User, name: str, file: IO[bytes], size: int | None) -> Reference:
    """Keeps a picture, cleaned of everything but its pixels. Raises Refused in words for the person."""
    prepared = prepare(file, size)
    reference = Reference(id=uuid.uuid4(), owner=owner, name=name[:100], content_type=prepared.content_type)
    reference.sha256 = hashlib.sha256(prepared.body).hexdigest()
    path = f"references/{reference.pk.hex[:2]}/{reference.pk.hex}.{prepared.extension}"
    try:
        reference.file.name = default_storage.save(path, ContentFile(prepared.body))
    except OSError:
        logger.exception("A reference could not be kept")
        raise Refused(STORE_FAILS) from None
    reference.save()
    return reference


def add_link(owner: User, link: str) -> Reference:
    """Notes a public https address (or one of the configured Meigen server), to be passed on and never fetched by us.

    Raises Refused.
    """
    link = link.strip()
    try:
        parts, own = urlsplit(link), urlsplit(settings.MEIGEN_BASE_URL)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    is_own = bool(host) and (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    if not host or not (parts.scheme == "https" or is_own) or len(link) > 2000 or not link.isprintable() or " " in link:
        raise Refused(gettext_noop("A reference link must be a public https address."))
    reference, _ = Reference.objects.get_or_create(owner=owner, public_url=link, file="", defaults={"name": host[:100]})
    return reference


def add_result(owner: User, result: Result) -> Reference:
    """Makes a reference of a kept picture. Raises Refused when it is a video, or its file is missing."""
    try:
        file = default_storage.open(result.file.name or "")
    except FileNotFoundError:
        raise Refused(gettext_noop("The picture's file is missing. An admin of your team can look after it.")) from None
    except OSError:
        logger.exception("A result could not be opened")
        raise Refused(STORE_FAILS) from None
    with file:
        return add_file(owner, result.generation.prompt[:100], file, result.size)


def owned(owner: User, ids: Iterable[str]) -> tuple[list[Reference], bool]:
    """The person's references of these ids, in this order, and whether all of them were found."""
    wanted = list(dict.fromkeys(ids))
    known = [pk for pk in wanted if is_uuid(pk)][:MAX_AT_ONCE]
    found = {str(row.pk): row for row in Reference.objects.filter(owner=owner, pk__in=known)}
    rows = [found[pk] for pk in known if pk in found]
    return rows, len(rows) == len(wanted)
