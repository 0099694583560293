"""The request type of views, and where a view redirects to."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from .models import User

LONGEST = 8000  # characters of an address: about what a server reads
MOST_PAGES = 10  # at once: cards that are not in the cache yet take a while to draw


class Request(HttpRequest):
    """A signed-in person's request: the SignedIn middleware lets no other reach a view that is not marked as public."""

    user: User
    htmx: HtmxDetails


def pages(request: Request) -> int:
    """How many pages a list shows at once: as many as were loaded when the person left it, which place.js keeps in the
    address."""
    asked = request.GET.get("pages", "")
    return min(max(int(asked), 1), MOST_PAGES) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 1


def wants_card(request: Request) -> bool:
    """Whether a page of htmx takes the changed card. A result's page takes what stands beside the result instead, which
    it finds in the whole page."""
    return bool(request.htmx) and request.htmx.target != "about"


def back_to(request: HttpRequest, fallback: str) -> str:
    """The page of this site whose path a form's `next` is, or else the fallback."""
    target = request.POST.get("next", "")
    return target if is_path(target) else fallback


def came_from(request: HttpRequest, fallback: str) -> str:
    """The page of this site that a form was on, as its `next` or else the browser says."""
    page = request.headers.get("Referer", "")
    path = urlsplit(page)._replace(scheme="", netloc="").geturl() if _is_of_this_host(request, page) else ""
    return back_to(request, path if is_path(path) else fallback)


def page_of(request: Request) -> str:
    """The path of the page that a background request came from, or "" for other requests and for what is no page of
    ours."""
    try:
        return request.htmx.current_url_abs_path or ""
    except ValueError:  # the header is no address
        return ""


def go_to(request: HttpRequest, target: str) -> HttpResponse:
    """Redirects the browser to a path, also after a background request of a page.

    Unlike Django's `redirect`, it takes no word for the name of a view.
    """
    return HttpResponseClientRedirect(target) if "HX-Request" in request.headers else HttpResponseRedirect(target)


def is_path(target: str) -> bool:
    """Whether a browser that is sent there stays on this site: a path from its root, of a length that
    servers read."""
    return (
        target.startswith("/")
        and target.isprintable()
        and len(iri_to_uri(target)) <= LONGEST
        and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    )


def is_cross_site(request: HttpRequest) -> bool:
    """Whether a browser sent this for a page of another site. For forms that guests use, who have no CSRF token.

    A page without a referrer names no origin either. Over plain http browsers may say nothing at all.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site != "same-origin"
    own = f"{request.scheme}://{request.get_host()}"
    return request.headers.get("Origin", "null") not in {"null", own, *settings.CSRF_TRUSTED_ORIGINS}


def _is_of_this_host(request: HttpRequest, address: str) -> bool:
    return url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
