"""Results on their way: made, fetched once, refused for good."""

from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from PIL import Image

from accounts.models import User
from generations.media import fetch, poster
from generations.models import Result
from tests.helpers import make_generation

needs_ffmpeg = pytest.mark.skipif(not poster.can_be_made(), reason="ffmpeg is not installed")


def pending(user: User, url: str) -> Result:
    generation = make_generation(user, status="done", finished_at=timezone.now())
    return Result.objects.create(generation=generation, number=0, source_url=url)


def fetched(result: Result) -> Result:
    fetch.fetch(result.pk)
    result.refresh_from_db()
    return result


def refused(result: Result) -> Result:
    """After all the tries a wrong answer gets."""
    for _ in range(fetch.MAX_REFUSALS):
        Result.objects.filter(pk=result.pk).update(not_before=None)
        assert fetched(result).kept_at is None
    return result


def no_files_left() -> bool:
    return not any(path.is_file() for path in Path(configured.MEDIA_ROOT).rglob("*"))


def size_of(file: FieldFile) -> tuple[str | None, tuple[int, int]]:
    with default_storage.open(file.name or "") as stream, Image.open(stream) as image:
        return image.format, image.size
