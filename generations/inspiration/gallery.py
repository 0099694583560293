"""Meigen's curated gallery: single images cached for an hour, their pictures fetched by us and shown from here."""

from dataclasses import replace
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import cache

from accounts import vault
from accounts.models import Token
from generations.media.decode import thumbnail as small
from generations.media.download import Failed, Refused, download
from meigen_api import calls
from meigen_api.calls import Call
from meigen_api.client import Client
from meigen_api.errors import BadToken
from meigen_api.secret import Secret
from meigen_api.types import GalleryImage

T = TypeVar("T")

SECONDS = 8.0
IMAGE_LASTS = 3600
PAGE = 24


def search(words: str, offset: int, token: Token | None) -> list[GalleryImage]:
    """One page of results, within the quota of the person's own token while that is a good one. Raises MeigenError."""
    call = calls.search(words, PAGE, offset)
    secret = _secret(token)
    try:
        found = _ask(call, secret)
    except BadToken:
        if secret is None:
            raise
        # It says nothing of what the token may pay for: the person's queue goes on.
        found = _ask(call)
    # Everybody's: which picture one person's search matched must not follow the image into another's page.
    cache.set_many({_key(image.id): replace(image, matched=0) for image in found}, IMAGE_LASTS)
    return found


def image(image_id: str) -> GalleryImage:
    """One image by its id. Raises MeigenError; NotFound when there is none."""
    known: Any = cache.get(_key(image_id))
    if isinstance(known, GalleryImage):
        return known
    found = _ask(calls.image(image_id))
    cache.set(_key(image_id), found, IMAGE_LASTS)
    return found


def thumbnail(found: GalleryImage, media: int = 0) -> bytes | None:
    """A WebP of one of the image's pictures, None when it cannot be had.

    Only addresses the vendor named, on allowed hosts, are asked.
    """
    # The vendor's own thumbnail shows the first picture.
    url = found.picture_urls[media] if media else found.thumbnail_url
    if not url:
        return None
    try:
        with download(url, seconds=SECONDS, max_bytes=20_000_000) as file:
            return small(file)
    except (Refused, Failed):
        return None


def _secret(token: Token | None) -> Secret | None:
    """The token to search with; without a good one the gallery can still be asked."""
    if token is None or token.refused_at:
        return None
    try:
        return token.secret()
    except vault.Unreadable:
        return None


def _ask(call: Call[T], secret: Secret | None = None) -> T:
    with Client(settings.MEIGEN_BASE_URL, secret, seconds=SECONDS) as client:
        return client.send(call)


def _key(image_id: str) -> str:
    return f"gallery:{image_id.encode().hex()[:200]}"
