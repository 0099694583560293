"""Uploading references to Meigen, again when the last upload has grown old."""

import logging
from datetime import timedelta
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Token
from generations.models import Reference
from meigen_api import calls, errors, outgoing
from meigen_api.client import Client, put_file
from meigen_api.types import Presigned

logger = logging.getLogger(__name__)

SECONDS = 20.0
CLIP_SECONDS = 120.0
# An upload lasts a day, of a clip a week. It is used for a new request while it will outlast the longest wait of one,
# see `REQUESTS_LAST`.
USED_FOR = {"image": timedelta(hours=4), "video": timedelta(days=3), "audio": timedelta(days=3)}
CLIP_EXTENSIONS = {"video/mp4": "mp4", "video/quicktime": "mov", "audio/wav": "wav", "audio/mpeg": "mp3"}


class Gone(Exception):
    """The file of a reference is not there any more."""


def public_url(reference: Reference, token: Token, model_id: str) -> str:
    """Where Meigen can read the reference now; a clip is uploaded with the token, for that model.

    Raises Gone, vault.Unreadable, and MeigenError when it has to be uploaded and cannot be.
    """
    fresh = reference.uploaded_at and timezone.now() - reference.uploaded_at <= USED_FOR[reference.kind]
    if not reference.is_link and not fresh:
        _upload(reference, token, model_id)
    return reference.public_url


def _upload(reference: Reference, token: Token, model_id: str) -> None:
    stored = reference.stored
    if stored is None:
        raise Gone
    name = stored.name or ""
    try:
        size = default_storage.size(name)
        with default_storage.open(name) as file:
            place = _place(reference, token, model_id, size)
            _check(place.public_url)
            _put(place, file, size, reference)
    except FileNotFoundError:
        raise Gone from None
    reference.public_url = place.public_url
    reference.uploaded_at = timezone.now()
    reference.save(update_fields=["public_url", "uploaded_at"])


def _place(reference: Reference, token: Token, model_id: str, size: int) -> Presigned:
    """Where Meigen wants the file."""
    if reference.is_clip:
        name = f"reference.{CLIP_EXTENSIONS[reference.content_type]}"
        with Client(settings.MEIGEN_BASE_URL, token.secret(), seconds=SECONDS) as client:
            return client.send(calls.presign_clip(name, reference.content_type, size, model_id, reference.kind))
    extension = (reference.file.name or "").rpartition(".")[2]
    with Client(settings.MEIGEN_UPLOAD_URL, seconds=SECONDS) as client:
        return client.send(calls.presign(f"reference.{extension}", reference.content_type, size))


def _places() -> outgoing.Places:
    return outgoing.Places(settings.MEIGEN_UPLOAD_HOSTS, (settings.MEIGEN_UPLOAD_URL, settings.MEIGEN_BASE_URL))


def _put(place: Presigned, file: IO[bytes], size: int, reference: Reference) -> None:
    """Sends the file where the gateway wants it. A place that is not allowed is for an admin to look into."""
    seconds = CLIP_SECONDS if reference.is_clip else SECONDS
    try:
        put_file(place.upload_url, file, size, reference.content_type, _places(), seconds=seconds)
    except outgoing.NotAllowed as error:
        logger.warning("%s MEIGEN_UPLOAD_HOSTS lists the hosts that references are uploaded to.", error)
        raise


def _check(url: str) -> None:
    """The address that others will read must be https, or on a host that we are configured for (a sandbox)."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not _places().has_own(parts.hostname or ""):
        raise errors.BadAnswer("The upload gateway named an address that is not https.")
