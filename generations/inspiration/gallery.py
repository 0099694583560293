"""Meigen's curated gallery. Single images are cached for an hour; their pictures are fetched and served by us."""

from dataclasses import replace
from hashlib import sha256
from typing import Any, TypeVar

from django.conf import settings
from django.core.cache import caches

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


def search(words: str, offset: int, token: Token | None, *, again: bool = False) -> list[GalleryImage]:
    """One page of search results, within the quota of the person's own token if it is valid. Raises MeigenError.

    With `again`, a page that was found within the last hour is not searched for once more.
    """
    page = f"gallery:{offset}:{sha256(words.encode()).hexdigest()}"
    if again and (known := _found(page)):
        return known
    call = calls.search(words, PAGE, offset)
    secret = _secret(token)
    try:
        found = _ask(call, secret)
    except BadToken:
        if secret is None:
            raise
        # This says nothing about what the token may pay for, so the person's queue continues.
        found = _ask(call)
    # Shared by everyone: which picture one person's search matched must not show up on another person's page.
    cache = caches["gallery"]
    cache.set_many({_key(image.id): replace(image, matched=0) for image in found}, IMAGE_LASTS)
    cache.set(page, [(image.id, image.matched) for image in found], IMAGE_LASTS)
    return found


def _found(page: str) -> list[GalleryImage]:
    """The images of a page of search results, or nothing if one of them is no longer known."""
    cache = caches["gallery"]
    told: list[tuple[str, int]] = cache.get(page, [])
    images = cache.get_many([_key(image_id) for image_id, _ in told])
    if any(_key(image_id) not in images for image_id, _ in told):
        return []
    return [replace(images[_key(image_id)], matched=matched) for image_id, matched in told]


def image(image_id: str) -> GalleryImage:
    """One image by its id. Raises MeigenError, or NotFound if there is none."""
    cache = caches["gallery"]
    known: Any = cache.get(_key(image_id))
    if isinstance(known, GalleryImage):
        return known
    found = _ask(calls.image(image_id))
    cache.set(_key(image_id), found, IMAGE_LASTS)
    return found


def thumbnail(found: GalleryImage, media: int = 0) -> bytes | None:
    """A WebP thumbnail of one of the image's pictures, or None if it cannot be fetched.

    Only addresses that Meigen named, on allowed hosts, are requested.
    """
    # Meigen's own thumbnail shows the first picture.
    url = found.picture_urls[media] if media else found.thumbnail_url
    if not url:
        return None
    try:
        with download(url, seconds=SECONDS, max_bytes=20_000_000) as file:
            return small(file)
    except (Refused, Failed):
        return None


def _secret(token: Token | None) -> Secret | None:
    """The token to search with. Without a valid one the gallery can still be searched."""
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
