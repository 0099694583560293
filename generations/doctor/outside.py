"""Meigen, the proxy in front and the mail server: what the studio needs and does not run itself."""

import smtplib
from collections.abc import Iterator

import httpx
from django.conf import settings
from django.core.mail import get_connection
from django.urls import reverse

from generations.dispatch import catalogue
from generations.doctor.finding import Finding, note, ok, wrong
from meigen_api import errors, tls
from meigen_site.mail import is_loopback

SECONDS = 10.0
AT_PROXY = (
    "The proxy must set X-Forwarded-Proto and X-Forwarded-For, TRUSTED_PROXIES count the proxies, and PROXY_ADDRESSES "
    "name the address from which the nearest one comes."
)


def meigen() -> Iterator[Finding]:
    """Asks for the list of models, which needs no token and costs nothing."""
    try:
        catalogue.ask()
    except errors.MeigenError as problem:
        advice = "Check MEIGEN_BASE_URL and the way out: work waits meanwhile, and goes on by itself."
        yield wrong(f"{settings.MEIGEN_BASE_URL} does not list its models: {problem}", advice)
    else:
        yield ok(f"{settings.MEIGEN_BASE_URL} lists its models.")


def proxy() -> Iterator[Finding]:
    """Asks for the sign-in page as a visitor does, through the proxy."""
    hosts = [host for host in settings.ENV.allowed_hosts if not is_loopback(host) and host[0] not in ".*"]
    if not hosts:
        yield ok("ALLOWED_HOSTS names no host but this machine, which needs no proxy.")
        return
    address = f"https://{hosts[0]}{reverse('account_login')}"
    try:
        answer = httpx.get(address, timeout=SECONDS, trust_env=False, verify=tls.context())
    except httpx.HTTPError as problem:
        advice = "Check the name, the proxy and its certificate. From another machine it may work all the same."
        yield note(f"{address} cannot be reached from here: {problem}", advice)
        return
    yield _of_answer(address, answer)


def _of_answer(address: str, answer: httpx.Response) -> Finding:
    if answer.headers.get("Location") == address:
        return wrong(f"{address} leads to itself: the studio does not learn that it was https.", AT_PROXY)
    if answer.status_code != 200:
        advice = "Start the web server, and see that the proxy passes requests on to BIND and PORT."
        return wrong(f"{address} answers {answer.status_code}.", advice)
    if "Strict-Transport-Security" not in answer.headers:
        return wrong(f"The headers of {address} do not ask for https.", AT_PROXY)
    return ok(f"{address} answers through the proxy, and the studio knows that it was https.")


def mail() -> Iterator[Finding]:
    """Signs in at the mail server and sends nothing."""
    if not settings.HAS_MAIL:
        yield note("EMAIL_URL is not set.", "Invitations are links to hand over; nobody can ask for a new password.")
        return
    try:
        with get_connection():
            pass
    except (OSError, smtplib.SMTPException) as problem:
        yield wrong(f"The mail server refuses: {problem}", "Check EMAIL_URL.")
    else:
        yield ok("The mail server lets the studio in." if settings.EMAIL_HOST else "Mail is written to the log.")
