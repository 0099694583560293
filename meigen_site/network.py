"""Where the web server listens, and which addresses it takes for its proxies."""

import ipaddress
from collections.abc import Mapping, Sequence

from django.core.exceptions import ImproperlyConfigured

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK = ["127.0.0.0/8", "::1"]


def place(environment: Mapping[str, str | None]) -> tuple[str, int]:
    """The address and the port of BIND and PORT. Raises ImproperlyConfigured.

    Without BIND it is this machine alone: whoever reaches the web server past its proxy meets no TLS and no buffering.
    """
    if environment.get("BIND_ADDRESS"):
        raise ImproperlyConfigured("BIND_ADDRESS is now called BIND. Rename it, in .env too.")
    host = (environment.get("BIND") or "").strip("[] ") or "127.0.0.1"
    port = (environment.get("PORT") or "").strip() or "8000"
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ImproperlyConfigured(
            f"BIND must be an IP address without a port, such as 0.0.0.0, not {host!r}"
        ) from None
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ImproperlyConfigured(f"PORT must be a number between 1 and 65535, not {port!r}")
    return host, int(port)


def joined(host: str, port: int) -> str:
    """Such as 127.0.0.1:8000 or [::1]:8000."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def networks(entries: Sequence[str]) -> list[Network]:
    """Those of addresses such as 10.0.0.7 and networks such as 10.0.0.0/24. Raises ValueError."""
    return [ipaddress.ip_network(entry, strict=False) for entry in entries]
