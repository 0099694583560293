"""The address of whoever sent a request: the one place that reads it, for every limit that counts by address."""

import ipaddress
import logging
import re
from collections.abc import Callable
from functools import cache
from itertools import count

from django.conf import settings
from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

WITH_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](?::\d+)?|(?P<v4>[\d.]+):\d+")

PROBES = {"/healthz", "/metrics"}  # asked past the proxy, too

_strangers = count()


def from_proxies_alone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that takes X-Forwarded-... and X-Request-ID from every request that no proxy of ours sent.

    Whoever reaches the web server past the proxy could claim any address, https, and any id otherwise.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not _is_from_proxy(request):
            for name in [name for name in request.META if name.startswith(("HTTP_X_FORWARDED_", "HTTP_X_REQUEST_ID"))]:
                del request.META[name]
        return get_response(request)

    return middleware


def _is_from_proxy(request: HttpRequest) -> bool:
    """Whether PROXY_ADDRESSES names the nearest address. A local socket has none; its folder says who may use it."""
    if not settings.TRUSTED_PROXIES:
        return False
    nearest = parsed(request.META.get("REMOTE_ADDR", ""))
    if not nearest or any(ipaddress.ip_address(nearest) in network for network in settings.PROXY_ADDRESSES):
        return True
    if next(_strangers) == 0:
        logger.warning(
            "A request came from %s, which PROXY_ADDRESSES does not name, so its X-Forwarded-... headers count for "
            "nothing. If that is your reverse proxy, add it. Said once.",
            nearest,
        )
    return False


def client_address(request: HttpRequest) -> str:
    """The visitor's IP address, or an empty string if nothing names one. Never raises.

    With TRUSTED_PROXIES it is the entry of X-Forwarded-For that the outermost of them wrote. If that is missing or no
    address, it is the nearest proxy's: an entry further to the left is whatever the visitor claims.
    """
    return _forwarded(request) or parsed(request.META.get("REMOTE_ADDR", ""))


def parsed(text: str) -> str:
    """The address in an entry such as `192.0.2.1:443`, `[2001:db8::1]:443` or `fe80::1%eth0`, or an empty string."""
    text = text.strip().strip('"')
    if found := WITH_PORT.fullmatch(text):
        text = found["v6"] or found["v4"]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


def _forwarded(request: HttpRequest) -> str:
    if not _is_from_proxy(request):
        return ""
    proxies: int = settings.TRUSTED_PROXIES
    header = request.headers.get("X-Forwarded-For", "")
    entries = header.split(",") if header.strip() else []
    if not entries and request.path_info in PROBES:
        return ""
    if len(entries) < proxies:
        number = f"{len(entries)} entries" if len(entries) != 1 else "1 entry"
        _complain(f"TRUSTED_PROXIES is {proxies}, but X-Forwarded-For has {number}")
        return ""
    address = parsed(entries[-proxies])
    if not address:
        _complain(f"TRUSTED_PROXIES is {proxies}, but that entry of X-Forwarded-For is no IP address")
    return address


@cache
def _complain(problem: str) -> None:
    """Says it once per process. Every request would say the same."""
    logger.warning(
        "%s. Until that is put right, limits on sign-ins and share passwords count everybody behind the proxy as one "
        "visitor. TRUSTED_PROXIES must be the number of reverse proxies in front of the studio, and each of them must "
        "add the address of its client to X-Forwarded-For.",
        problem,
    )
