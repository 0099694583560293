"""Uploading reference images to Meigen's gateway, again when the last upload has grown old."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.utils import timezone

from generations.models import Reference
from generations.models.generation import UPLOADS_LAST
from meigen_api import calls, errors
from meigen_api.client import Client, put_file

SECONDS = 20.0


def public_url(reference: Reference) -> str:
    """Where Meigen can read the reference now. Raises MeigenError when it has to be uploaded and cannot be."""
    if reference.is_link:
        return reference.public_url
    if reference.uploaded_at is None or timezone.now() - reference.uploaded_at > UPLOADS_LAST:
        _upload(reference)
    return reference.public_url


def _upload(reference: Reference) -> None:
    name = reference.file.name or ""
    with default_storage.open(name) as file:
        body = file.read()
    extension = name.rpartition(".")[2]
    with Client(settings.MEIGEN_UPLOAD_URL, seconds=SECONDS) as client:
        place = client.send(calls.presign(f"reference.{extension}", reference.content_type, len(body)))
    _check(place.upload_url)
    _check(place.public_url)
    put_file(place.upload_url, body, reference.content_type, seconds=SECONDS)
    reference.public_url = place.public_url
    reference.uploaded_at = timezone.now()
    reference.save(update_fields=["public_url", "uploaded_at"])


def _check(url: str) -> None:
    """An address the gateway names must be https, or the gateway's own host (a sandbox)."""
    parts, own = urlsplit(url), urlsplit(settings.MEIGEN_UPLOAD_URL)
    if parts.scheme != "https" and (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
        raise errors.BadAnswer("The upload gateway named an address that is not https.")
