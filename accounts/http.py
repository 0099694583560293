"""The request type of views, and where a view redirects to."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from .models import User


class Request(HttpRequest):
    """A signed-in person's request: the SignedIn middleware lets no other reach a view that is not marked as public."""

    user: User
    htmx: HtmxDetails


def back_to(request: Request, fallback: str) -> str:
    """The page that a form's `next` names, if it belongs to this site."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else fallback
