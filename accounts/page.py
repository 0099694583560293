"""Whose page a request comes from. A page can outlive the sign-in it was made for."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_safe

from .http import Request
from .models import User


def owner(user: User | AnonymousUser) -> str:
    """What the scripts of a page name its person by, and send as `X-Person`; "" for somebody signed out.

    Studios below several paths of one host share the browser's storage, so the path is part of it.
    """
    return f"{settings.BASE_PATH}/{user.pk}".lstrip("/") if user.pk else ""


def sign_in(user: User | AnonymousUser) -> str:
    """Which sign-in a page belongs to, so that the other tabs of a browser notice a newer one."""
    since = user.last_login if isinstance(user, User) else None
    return f"{owner(user)} {since.timestamp() if since else ''}".strip()


def is_of_another_person(request: HttpRequest) -> bool:
    """Whether the page was made for somebody else than the person who is signed in now."""
    named = request.headers.get("X-Person", "")
    return bool(named) and request.user.is_authenticated and named != owner(request.user)


@require_safe
def fresh_token(request: Request) -> JsonResponse:
    """A CSRF token for a page that is older than the latest sign-in of its person."""
    return JsonResponse({"token": get_token(request)})
