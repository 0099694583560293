"""Signing out, after which the browser keeps nothing of what was shown."""

from allauth.account import views as allauth
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse


@login_not_required  # who is signed out already sees where to sign in
def sign_out(request: HttpRequest) -> HttpResponse:
    """A GET asks, a POST signs out."""
    response: HttpResponse = allauth.logout(request)
    return forget_all(response) if request.method == "POST" else response


def forget_all(response: HttpResponse) -> HttpResponse:
    """Has the browser drop its copies of pages and pictures, and what scripts have stored.

    Cookies stay, for the language is in one. Below a path the origin is shared with strangers, whose storage is none of
    our business.
    """
    response["Clear-Site-Data"] = '"cache"' if settings.BASE_PATH else '"cache", "storage"'
    return response
