"""The request as views see it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from .models import User


class Request(HttpRequest):
    """A signed-in person's request: the SignedIn middleware lets no other through to a view without a mark."""

    user: User
    htmx: HtmxDetails
