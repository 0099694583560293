"""What browsers ask about the studio itself: its logo, and what to call it on a home screen."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

BACKGROUND = "#141416"


@login_not_required
@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def logo(request: HttpRequest, version: str) -> HttpResponse:
    """The logo, under an address that changes with it."""
    found = settings.STUDIO_LOGO
    if found is None or found.version != version:
        raise Http404
    return HttpResponse(found.body, content_type=found.content_type)


@login_not_required
@require_safe
@cache_control(public=True, max_age=86_400)
def manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest. Its addresses are relative to its own, so they hold below any path."""
    icons = {"icon-192": 192, "icon-512": 512, "icon-512-maskable": 512}
    told = {
        "name": settings.STUDIO_NAME,
        "short_name": settings.STUDIO_NAME,
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": BACKGROUND,
        "theme_color": BACKGROUND,
        "icons": [
            {
                "src": f"{name}.png",
                "sizes": f"{side}x{side}",
                "type": "image/png",
                **({"purpose": "maskable"} if "maskable" in name else {}),
            }
            for name, side in icons.items()
        ],
    }
    return JsonResponse(told, content_type="application/manifest+json")
