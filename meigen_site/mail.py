"""How mail leaves: EMAIL_URL, read into what Django wants to know."""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from meigen_api.secret import Secret

URL, SENDER = "EMAIL_URL", "DEFAULT_FROM_EMAIL"
FORM = "must be smtp://user:password@host:587, smtps://user:password@host:465 or console:"
SECONDS = 10  # somebody waits at a page meanwhile


def is_loopback(host: str) -> bool:
    """Whether the host name or address is this machine's own."""
    host = host.strip("[]").removesuffix(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Unfit(Exception):
    """A variable, and what is wrong with it, in words that do not repeat a password."""


@dataclass(frozen=True)
class Mail:
    """Where mail goes. Without a `host` it is written to the log. `starttls` encrypts after the greeting, `tls` from
    the first byte."""

    sender: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    starttls: bool = False
    tls: bool = False

    @property
    def settings(self) -> dict[str, Any]:
        """Django's settings, by name."""
        return {
            "EMAIL_BACKEND": f"django.core.mail.backends.{'smtp' if self.host else 'console'}.EmailBackend",
            "EMAIL_HOST": self.host,
            "EMAIL_PORT": self.port,
            "EMAIL_HOST_USER": self.user,
            "EMAIL_HOST_PASSWORD": self.password.reveal(),
            "EMAIL_USE_TLS": self.starttls,
            "EMAIL_USE_SSL": self.tls,
            "EMAIL_TIMEOUT": SECONDS,
            "DEFAULT_FROM_EMAIL": self.sender,
            "SERVER_EMAIL": self.sender,
        }


def parsed(url: str, sender: str) -> Mail:
    """What the two variables say. Raises Unfit.

    Mail to another machine is always encrypted: `smtp` demands STARTTLS, unless the host is this machine.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Unfit(URL, FORM) from None
    if parts.scheme == "console" and not host:
        return Mail(sender or "studio@localhost")
    if not re.fullmatch(r"[^@<>\s]+@[^@<>\s]+|[^<>@]*<[^@<>\s]+@[^@<>\s]+>", sender):
        raise Unfit(SENDER, f"must be an address such as studio@example.org when {URL} is set")
    if parts.scheme not in {"smtp", "smtps"} or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise Unfit(URL, FORM)
    if bool(parts.username) != bool(parts.password):
        raise Unfit(URL, "has only one of user and password; special characters in them are written as %40 and so on")
    tls, local = parts.scheme == "smtps", is_loopback(host)
    return Mail(
        sender=sender,
        host=host,
        port=port or (465 if tls else 25 if local else 587),
        user=unquote(parts.username or ""),
        password=Secret(unquote(parts.password or "")),
        starttls=not tls and not local,
        tls=tls,
    )
