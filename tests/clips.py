"""Reference videos and sounds as a person adds and submits them."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from generations.media import attachments, ffmpeg
from generations.models import Generation, Reference, Result
from tests.helpers import (
    film,
    form_data,
    make_generation,
    make_result,
)

HTMX = {"HX-Request": "true"}


MODEL = "seedance-2-0"


needs_ffprobe = pytest.mark.skipif(not ffmpeg.can_run("ffprobe"), reason="ffprobe is not installed")


def add(browser: Client, name: str, data: bytes) -> str:
    file = SimpleUploadedFile(name, data)
    return browser.post("/references/", {"reference_file": file}, headers=HTMX).content.decode()


def generate(browser: Client, *references: Reference, **fields: str) -> Any:
    """Presses Generate with these attached."""
    ids = [str(reference.pk) for reference in references]
    chosen = {"model_id": MODEL, "aspect_ratio": "16:9", "tier": "fast", "resolution": "480p", "duration": "5"}
    return browser.post("/generations/", form_data(**{**chosen, **fields}, reference=ids))


def pictures(user: User, count: int) -> list[Reference]:
    return [attachments.add_link(user, f"https://x.example/{number}.png") for number in range(count)]


def own_video(user: User) -> Result:
    generation = make_generation(user, status="done", media_type="video", finished_at=timezone.now())
    kept_at_meigen = {"content_type": "video/mp4", "source_url": "https://images.meigen.ai/film.mp4"}
    return make_result(generation, film(4), **kept_at_meigen)


def sent() -> dict[str, Any]:
    fields: dict[str, Any] = Generation.objects.get().request_fields
    return fields
