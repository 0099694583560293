"""What every page says of the studio itself."""

from django.conf import settings
from django.http import HttpRequest

from .branding import Logo


def brand(request: HttpRequest) -> dict[str, str | Logo | None]:
    """`studio_name` and `studio_logo`; `chosen_name` is empty unless the operator has named the studio."""
    return {
        "studio_name": settings.STUDIO_NAME,
        "studio_logo": settings.STUDIO_LOGO,
        "chosen_name": settings.ENV.studio_name,
    }
