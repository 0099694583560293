"""The one way out to an address that a server names, such as that of a result or of an upload.

Only over https, to an allowed host at a public network address; without a token, redirects or the environment's
proxies. What the studio is configured for itself, such as a sandbox on this machine, may be anywhere.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from meigen_api import errors, tls

# Called with the step of a request and what httpx knows of it.
Watch = Callable[[str, Mapping[str, Any]], None]


# Addresses of IPv6 that contain one of IPv4, or that are as good as private, and count as public by themselves.
TRANSLATED = [
    ipaddress.IPv6Network(network)
    for network in ["64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "::/96", "::ffff:0:0:0/96", "fec0::/10"]
]


class NotAllowed(errors.MeigenError):
    """An address to which nothing is sent, and from which nothing is fetched. `host` is "" if it is not a URL."""

    def __init__(self, host: str = "", *, is_private: bool = False) -> None:
        super().__init__(f"Meigen named an address that is not allowed: {host or 'not a URL'}.")
        self.host = host
        self.is_private = is_private


@dataclass(frozen=True)
class Places:
    """Where requests may go: `hosts` by name, with a dot in front for all below it, or None for all of the public
    internet; and the hosts of the base URLs in `own`."""

    hosts: frozenset[str] | None
    own: tuple[str, ...]

    def check(self, url: str) -> None:
        """Raises NotAllowed."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise NotAllowed from None
        if not host:
            raise NotAllowed
        if parts.username or not (self._is_own(parts.scheme, host, port) or self._is_listed(parts.scheme, host, port)):
            raise NotAllowed(host)
        if not self.has_own(host) and _is_private(host):
            raise NotAllowed(host, is_private=True)

    def has_own(self, host: str) -> bool:
        return any(host.lower() == urlsplit(base).hostname for base in self.own)

    def _is_own(self, scheme: str, host: str, port: int | None) -> bool:
        for base in map(urlsplit, self.own):
            schemes = {"https", base.scheme}  # http only if the base URL itself is http, on loopback
            ports = {None, 443, base.port} if base.scheme == "https" else {port}
            if host == base.hostname and scheme in schemes and port in ports:
                return True
        return False

    def _is_listed(self, scheme: str, host: str, port: int | None) -> bool:
        parts = host.split(".")
        names = {host, *("." + ".".join(parts[place:]) for place in range(1, len(parts)))}
        return (self.hosts is None or bool(names & self.hosts)) and scheme == "https" and port in {None, 443}


@contextmanager
def stream(
    method: str, url: str, places: Places, *, timeout: httpx.Timeout, watch: Watch | None = None, **request: Any
) -> Iterator[httpx.Response]:
    """The response to a request, whose body is still to be read. Raises NotAllowed, and what httpx raises."""
    places.check(url)
    is_own = places.has_own(httpx.URL(url).host)

    def see(step: str, told: Mapping[str, Any]) -> None:
        # The connection that was made, rather than a look-up of its own: a name may lead elsewhere a moment later.
        if step == "connection.connect_tcp.complete" and not is_own:
            _refuse_private(told["return_value"], httpx.URL(url).host)
        if watch is not None:
            watch(step, told)

    client = httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False, verify=tls.context())
    with client, client.stream(method, url, extensions={"trace": see}, **request) as response:
        yield response


def _refuse_private(connection: Any, host: str) -> None:
    """Closes the connection before a byte is sent if it leads into a private network. Raises NotAllowed."""
    if not is_public(str(connection.get_extra_info("server_addr")[0])):
        connection.close()
        raise NotAllowed(host, is_private=True)


def _is_private(host: str) -> bool:
    """Whether the host is an address of a private network; of a name that is known once it is connected to."""
    try:
        return not is_public(host)
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether the network address is one of the public internet."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found.is_global and not found.is_multicast and not any(found in network for network in TRANSLATED)
