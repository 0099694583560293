"""Small pictures in the admin, where ADMINS_SEE_PICTURES says that admins may look. Each look is in the audit log."""

from uuid import UUID

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from accounts.http import Request
from audit.log import record
from audit.models import Action
from generations.media import serving
from generations.models import Generation, Result


@require_safe
def picture(request: Request, pk: UUID, number: int) -> HttpResponseBase:
    """A thumbnail or, with `?large`, a preview. The browser asks each time, so that no look is missed."""
    kind: serving.Kind = "preview" if "large" in request.GET else "thumbnail"
    result = serving.authorise(number, kind, viewer=(request.user, pk), as_admin=True)
    record(Action.ADMIN_LOOKED, result.generation, words=result.generation.model_name, details={"picture": number})
    return serving.serve(request, result, kind)


def first(generation: Generation) -> SafeString | str:
    """The first picture of a row of the list."""
    result = next((each for each in generation.results.all() if each.thumbnail), None)
    return _image(result) if result else "-"


def every(generation: Generation) -> SafeString | str:
    """All pictures of a page, each leading to the larger one."""
    kept = [result for result in generation.results.all() if result.thumbnail]
    links = ((f"{_address(result)}?large", _image(result)) for result in kept)
    return format_html_join(" ", '<a href="{}">{}</a>', links) or "-"


def _image(result: Result) -> SafeString:
    return format_html('<img src="{}" alt="" height="60" loading="lazy">', _address(result))


def _address(result: Result) -> str:
    return reverse("admin:generations_generation_picture", args=[result.generation_id, result.number])
