"""The files of a result, for everybody who may see it in the studio."""

import json
from uuid import UUID

from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.http import Request
from generations.media import serving, zips
from generations.models import Generation


@require_safe
def result(request: Request, pk: UUID, number: int) -> HttpResponseBase:
    """The file. `?download` saves it, and `?text` saves a PNG with its prompt and settings embedded."""
    row = serving.authorise(number, viewer=(request.user, pk))
    if "text" in request.GET and row.content_type == "image/png":
        return serving.download_with_words(request, row, _words(row.generation))
    return serving.serve(request, row, "file")


def _words(row: Generation) -> dict[str, str]:
    """The embedded texts, by the keywords that the PNG specification names."""
    told = zips.metadata(row)
    asked = {name: told[name] for name in ("model", "settings")}
    return {
        "Description": row.prompt,
        "Software": "Meigen Studio",
        "Comment": json.dumps(asked, ensure_ascii=False),
    }


@require_safe
def thumbnail(request: Request, pk: UUID, number: int) -> HttpResponseBase:
    return serving.serve(request, serving.authorise(number, "thumbnail", viewer=(request.user, pk)), "thumbnail")


@require_safe
def preview(request: Request, pk: UUID, number: int) -> HttpResponseBase:
    return serving.serve(request, serving.authorise(number, "preview", viewer=(request.user, pk)), "preview")
