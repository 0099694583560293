"""Middleware of our own: who may come in, and the headers of every answer."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.middleware.security import SecurityMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from accounts import page
from accounts.address import PROBES, client_address
from accounts.http import came_from
from accounts.vault import OldKeys
from audit import log
from meigen_site import counters
from meigen_site.about import answering
from meigen_site.logs import event

logger = logging.getLogger(__name__)

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def followed(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Gives every request an id, which its log lines and its answer carry; counts it, and tells of a slow one.

    The id is the proxy's X-Request-ID, if there is one: `from_proxies_alone` has taken away everybody else's.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        begun = time.monotonic()
        with answering(request, request_id):
            response = get_response(request)
            took = time.monotonic() - begun
            is_slow = took > settings.SLOW_SECONDS
            counters.count(_kind(request, response), response.status_code, took, is_slow=is_slow)
            if is_slow:
                # The pattern of the address, since the address itself may hold a secret.
                place = request.resolver_match.route if request.resolver_match else "?"
                words, told = "Slow: %s /%s took %.1f s and was answered with %s", event("slow_request", seconds=took)
                logger.warning(words, request.method, place, took, response.status_code, extra=told)
        response.headers["X-Request-ID"] = request_id
        return response

    return middleware


def _kind(request: HttpRequest, response: HttpResponseBase) -> str:
    if request.path_info in PROBES:
        return "probe"
    if request.path_info == "/tick/":
        return "tick"
    return "file" if response.streaming else "page"


class SignedIn(LoginRequiredMiddleware):
    """Every view is for signed-in people unless it says `login_not_required`.

    A background request of a page gets an empty 401 rather than a sign-in form in the middle of the page, and an empty
    409 if the page is another person's than the one who has signed in since.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if page.is_of_another_person(request):
            return HttpResponse(status=409)
        answer: HttpResponseBase | None = super().process_view(request, view_func, view_args, view_kwargs)
        return answer

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        if "HX-Request" in request.headers:
            return HttpResponse(status=401)
        if request.method not in {"GET", "HEAD"}:
            # Back to the page with the form: the address of a form itself may show nothing.
            messages.warning(request, _("You were signed out, so nothing was changed. Sign in and do it again."))
            return redirect_to_login(came_from(request, reverse("studio")))
        return super().handle_no_permission(request, view_func)


def audited(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Tells the audit log whose request is being answered, and from which address it came."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with log.answering(request, client_address(request)):
            return get_response(request)

    return middleware


def probes_by_any_name(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Lets load balancers and Prometheus ask by an IP address or a container's name, which ALLOWED_HOSTS need not know.

    The answers name no host, so that one the asker makes up leads nowhere.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info in PROBES:
            request.META["HTTP_HOST"] = "localhost"
        return get_response(request)

    return middleware


def whole_forms(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuses forms that stop arriving, which is no failure of ours, and forms in another encoding than UTF-8: some can
    spell characters that no database keeps."""

    def middleware(request: HttpRequest) -> HttpResponse:
        charset = (request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in {"utf-8", "utf8"}:
            return HttpResponse(status=415)
        try:
            request.POST  # noqa: B018  read here, so that no later reader meets the error
        except UnreadablePostError:
            return HttpResponse(status=400)
        return get_response(request)

    return middleware


class WithOldKeys:
    """Answers 503 where a view needs a key that is in TOKEN_KEYS only since this process was started."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return render(request, "503.html", status=503) if isinstance(exception, OldKeys) else None


class EveryAnswer(SecurityMiddleware):
    """Gives every answer the security headers that it does not have by itself.

    An answer that says nothing about caching is private and not to be stored.
    """

    def process_request(self, request: HttpRequest) -> None:
        """The one that Django brings redirects to https, further in: it may refuse a request by its host."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        for name, value in settings.HEADERS.items():
            response.headers.setdefault(name, value)
        if not response.has_header("Cache-Control"):
            patch_cache_control(response, private=True, no_store=True)
        return response
