"""The language switch."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.encoding import iri_to_uri
from django.views import i18n
from django.views.decorators.http import require_POST

from .http import came_from


@login_not_required  # the sign-in page has the switch too
@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Keeps the chosen language in a cookie, and shows the page that the switch was on."""
    response: HttpResponseBase = i18n.set_language(request)
    if response.has_header("Location"):
        response["Location"] = iri_to_uri(came_from(request, reverse("studio")))
    return response
