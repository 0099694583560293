"""A finished generation, a colleague, and what a person does with many at once."""

import io
import zipfile
from typing import Any

from django.http import StreamingHttpResponse
from django.test import Client

from generations.models import Generation

HTMX = {"HX-Request": "true"}


def do(browser: Client, verb: str, *rows: Generation, **more: Any) -> Any:
    return browser.post("/generations/selected/", {"do": verb, "selected": [row.pk for row in rows], **more})


# Downloading many


def unzipped(response: Any) -> zipfile.ZipFile:
    assert isinstance(response, StreamingHttpResponse)
    return zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))  # type: ignore[arg-type]
