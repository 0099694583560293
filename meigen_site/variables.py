"""Reading environment variables into Python types. A wrong value is told with its name."""

import contextlib
import ipaddress
import os
import re
import sys
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

from . import network
from .mail import is_loopback

LONGEST_TITLE = 40


def wrong(name: str, why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} {why}. See the configuration table in README.md.")


def required(name: str, form: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise wrong(name, f"is not set; it must be {form}")
    return value


def flag(name: str) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value in {"", "0", "false", "no", "off"}:
        return False
    if value in {"1", "true", "yes", "on"}:
        return True
    raise wrong(name, f"must be 1 or 0, not {value!r}")


def one_of(name: str, default: str, *others: str) -> str:
    value = os.environ.get(name, "").strip().lower() or default
    if value not in {default, *others}:
        raise wrong(name, f"must be {' or '.join([default, *others])}, not {value!r}")
    return value


def title(name: str) -> str:
    """A name of one short line, or "" when it is not set."""
    value = os.environ.get(name, "").strip()
    if len(value) > LONGEST_TITLE or not value.isprintable():
        raise wrong(name, f"must be one line of at most {LONGEST_TITLE} characters, not {value!r}")
    return value


def listed(name: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def host_set(name: str) -> frozenset[str]:
    return frozenset(host.lower() for host in listed(name))


def hosts(name: str) -> list[str]:
    """Host names as Django wants them: an IPv6 address in brackets."""
    hosts = listed(name)
    for place, host in enumerate(hosts):
        with contextlib.suppress(ValueError):
            hosts[place] = f"[{ipaddress.IPv6Address(host)}]"
        if not re.fullmatch(r"\*|\.?[\w.-]+|\[[0-9a-fA-F:.]+\]", hosts[place]):
            raise wrong(name, f"must be host names without scheme and port, such as studio.example.org, not {host!r}")
    return hosts


def networks(name: str) -> list[network.Network]:
    try:
        return network.networks(listed(name) or network.LOOPBACK)
    except ValueError as problem:
        raise wrong(name, f"must be addresses or networks such as 10.0.0.0/24: {problem}") from None


def base_path(name: str) -> str:
    """Such as /studio; "" when the studio has the host for itself."""
    value = os.environ.get(name, "").strip().strip("/")
    if value and not re.fullmatch(r"[\w~-][\w.~-]*(/[\w~-][\w.~-]*)*", value, re.ASCII):
        raise wrong(name, f"must be a path such as /studio, not {value!r}")
    return f"/{value}" if value else ""


def cookie_prefix(name: str, base: str) -> str:
    """Below a path the default is made of it: at the root may be something else that has Django's names for cookies."""
    value = os.environ.get(name, "").strip()
    # Browsers give names that begin with __ a meaning, and drop such cookies from a sub-path.
    if not re.fullmatch(r"[A-Za-z0-9-][\w.-]{0,39}|", value, re.ASCII):
        raise wrong(name, f"must be up to 40 letters, digits, dots, hyphens and underscores, not {value!r}")
    return value or re.sub(r"[^A-Za-z0-9]+", "-", f"{base}/").lstrip("-")


def number(name: str, default: str, *, least: float, most: float = sys.float_info.max) -> float:
    value = os.environ.get(name, "").strip() or default
    try:
        number = float(value)
    except ValueError:
        raise wrong(name, f"must be a number, not {value!r}") from None
    if not least <= number <= most:
        above = f" and at most {most:g}" if most < sys.float_info.max else ""
        raise wrong(name, f"must be at least {least:g}{above}, not {value!r}")
    return number


def credits(name: str) -> int | None:
    """None when it is not set; 0 is a limit, too."""
    return int(number(name, "0", least=0)) if os.environ.get(name, "").strip() else None


def time_zone(name: str, default: str) -> str:
    value = os.environ.get(name, "").strip() or default
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown, a path that leads elsewhere, a folder
        raise wrong(name, f"must be a name such as Europe/Berlin or UTC, not {value!r}") from None
    return value


def rate(name: str, default: str) -> tuple[int, float]:
    value = os.environ.get(name, "").strip() or default
    try:
        posts, seconds = value.split("/")
        rate = int(posts), float(seconds)
    except ValueError:
        raise wrong(name, f"must be posts/seconds such as 12/60, not {value!r}") from None
    if rate[0] < 1 or not 0 < rate[1] < float("inf"):
        raise wrong(name, f"must be posts/seconds such as 12/60, not {value!r}")
    return rate


def url(name: str, default: str) -> str:
    value = (os.environ.get(name, "").strip() or default).rstrip("/")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise wrong(name, "is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query or parts.fragment:
        raise wrong(name, "must be an http(s) URL without user, query or fragment")
    if parts.scheme == "http" and not is_loopback(host):
        raise wrong(name, "must be https; plain http is for loopback hosts only")
    return value
