"""The picture that chat programs show with a link: a JPEG, because many of them know no WebP."""

from django.core.cache import caches
from django.core.files.storage import default_storage

from generations.media import decode
from generations.media.formats import CHAT, PREVIEW, THUMBNAIL
from generations.models import Result


def size(result: Result) -> tuple[int, int]:
    """Width and height of a result's picture, no larger than the small one it is made of."""
    width, height = result.width or 1, result.height or 1
    side = min(CHAT, PREVIEW if result.preview else THUMBNAIL, max(width, height))
    scale = side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def jpeg(result: Result) -> bytes:
    """The file, from memory if it was asked for lately. Raises Refused if the stored small picture is damaged."""
    cache, key = caches["chat"], f"{result.pk}-{result.sha256}"
    body: bytes | None = cache.get(key)
    if body is None:
        with default_storage.open((result.preview or result.thumbnail).name or "") as file:
            body = decode.for_chat(file, *size(result))
        cache.set(key, body)
    return body
