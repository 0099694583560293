"""Reports of errors to Sentry, or to what speaks its protocol, such as GlitchTip or Bugsink; with SENTRY_DSN alone.

A report is what the log says at ERROR, through the same filters, and a traceback without the values of variables. No
request is sent, so no cookie, header or form; of a person only the id.
"""

import re
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.logging import EventHandler
from sentry_sdk.transport import Transport

from . import VERSION
from .about import current
from .logs import scrubbed

# PostgreSQL repeats the row there, which may hold a prompt.
ROW = re.compile(r"(DETAIL: ).*", re.DOTALL)


class Handler(EventHandler):
    """As a handler of Django's LOGGING, so that filters apply."""


def start(dsn: str, transport: type[Transport] | None = None) -> None:
    """From now on this process, and those that it forks, report. Tests bring a transport that sends nothing."""
    sentry_sdk.init(
        dsn,
        transport=transport,
        release=VERSION,
        default_integrations=False,  # they would add requests, SQL, addresses and the environment
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_breadcrumbs=0,
        before_send=_bare,  # type: ignore[arg-type]  # its type of an event is private
    )


def _bare(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    """The report with the ids of its line, and without what could hold more than it should."""
    for name in ("request", "user", "extra", "breadcrumbs", "modules"):
        event.pop(name, None)
    event["tags"] = current()
    bare: dict[str, Any] = _scrubbed(event)
    return bare


def _scrubbed(value: Any) -> Any:
    """Every text in it without secrets, however deep it is."""
    match value:
        case str():
            return ROW.sub(r"\1...", scrubbed(value))
        case dict():
            return {key: _scrubbed(each) for key, each in value.items()}
        case list() | tuple():
            return [_scrubbed(each) for each in value]
    return value
