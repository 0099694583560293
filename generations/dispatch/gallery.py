"""Meigen's curated gallery: single images cached for an hour, their pictures fetched by us and shown from here."""

from typing import Any

from django.conf import settings
from django.core.cache import cache

from meigen_api import calls
from meigen_api.client import Client
from meigen_api.types import GalleryImage

from .download import Failed, Refused, download
from .inspect import thumbnail as small

SECONDS = 8.0
IMAGE_LASTS = 3600
PAGE = 24


def search(words: str, offset: int = 0) -> list[GalleryImage]:
    """One page of results. Raises MeigenError."""
    with Client(settings.MEIGEN_BASE_URL, seconds=SECONDS) as client:
        found = client.send(calls.search(words, PAGE, offset))
    cache.set_many({_key(image.id): image for image in found}, IMAGE_LASTS)
    return found


def image(image_id: str) -> GalleryImage:
    """One image by its id. Raises MeigenError; NotFound when there is none."""
    known: Any = cache.get(_key(image_id))
    if isinstance(known, GalleryImage):
        return known
    with Client(settings.MEIGEN_BASE_URL, seconds=SECONDS) as client:
        found = client.send(calls.image(image_id))
    cache.set(_key(image_id), found, IMAGE_LASTS)
    return found


def thumbnail(found: GalleryImage) -> bytes | None:
    """A WebP of the image, None when it cannot be had. Only addresses the vendor named, on allowed hosts, are asked."""
    if not found.thumbnail_url:
        return None
    try:
        with download(found.thumbnail_url, seconds=SECONDS, max_bytes=20_000_000) as file:
            return small(file)
    except (Refused, Failed):
        return None


def _key(image_id: str) -> str:
    return f"gallery:{image_id.encode().hex()[:200]}"
