"""What a form gets whose CSRF token is not good, which nearly always means that its page is older than a sign-in."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import render
from django.urls import reverse

from accounts.http import came_from
from generations.studio import drafts

KEEPS_A_DRAFT = {"generations", "model"}  # where the studio's form leads


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403. Nothing was done yet, so the page's script renews its token and repeats the request.

    Without the script, what was typed into the studio's form waits in the session.
    """
    why = _why(reason)
    if "HX-Request" in request.headers:
        if not request.user.is_authenticated:
            return HttpResponse(status=401)
        return HttpResponse(status=403, headers={"X-Reason": why})
    kept = False
    if why != "foreign" and request.resolver_match and request.resolver_match.view_name in KEEPS_A_DRAFT:
        kept = drafts.rescue(request)
    back = reverse("studio") if kept else came_from(request, reverse("studio"))
    return render(request, "403_csrf.html", {"why": why, "kept": kept, "back": back}, status=403)


def _why(reason: str) -> str:
    """`cookies` if the browser sent none, `foreign` if the form is of another address, else `stale`."""
    if reason == REASON_NO_CSRF_COOKIE:
        return "cookies"
    return "foreign" if reason.startswith(("Origin", "Referer")) else "stale"
