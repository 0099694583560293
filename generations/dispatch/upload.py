"""Uploading references to Meigen, again when the last upload has grown old."""

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Token
from generations.models import Reference
from meigen_api import calls, errors
from meigen_api.client import Client, put_file
from meigen_api.types import Presigned

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
            _check(place.upload_url)
            _check(place.public_url)
            seconds = CLIP_SECONDS if reference.is_clip else SECONDS
            put_file(place.upload_url, file, size, reference.content_type, seconds=seconds)
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


def _check(url: str) -> None:
    """An address that Meigen names must be https, or on a host that we are configured for (a sandbox)."""
    parts = urlsplit(url)
    own = {urlsplit(base)[:2] for base in (settings.MEIGEN_UPLOAD_URL, settings.MEIGEN_BASE_URL)}
    if parts.scheme != "https" and parts[:2] not in own:
        raise errors.BadAnswer("The upload gateway named an address that is not https.")
