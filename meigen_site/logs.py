"""What is logged where, and what log lines and reports must not hold."""

import json
import logging
import mmap
import re
import struct
import time
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError

PLAIN, JSON = "plain", "json"
EVERY_SECONDS = 60.0  # lines that say again that the database is away

# Shared with the processes that are forked: until when nothing more is said of it, and how much was left out.
_SLOT = struct.Struct("2d")
_shared = mmap.mmap(-1, 4 * _SLOT.size)

_SLASH = "(?:/|%(?:25)*2F)"
SHARE_LINK = re.compile(rf"""({_SLASH}(?:s|join|password{_SLASH}forgotten){_SLASH})[^/\s"'<&%]+""", re.IGNORECASE)
AWAY = "The database is away: "
FAILED_TASK = re.compile(r"django\.db\.utils\.(?:OperationalError|InterfaceError)")
TOKEN = re.compile(r"(meigen_sk_)\w+")


def without_share_links(words: str) -> str:
    """The text without the secrets of share links, invitations and forgotten passwords: whoever reads it must not use
    them."""
    return SHARE_LINK.sub(r"\1...", words)


def scrubbed(words: str) -> str:
    """The text without those, without Meigen tokens and without the keys of this installation."""
    words = TOKEN.sub(r"\1...", without_share_links(words))
    if settings.configured:  # not in gunicorn's first process
        for secret in settings.ENV.secrets:
            words = secret.scrub(words)
    return words


class NoShareLinks(logging.Filter):
    """Takes the secret of share links, and every other secret that is known, out of every line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = scrubbed(record.getMessage())
        record.args = None
        if record.exc_info:
            record.exc_text = scrubbed(logging.Formatter().formatException(record.exc_info))
        return True


class Json(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the ids, the event and its figures, and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **getattr(record, "ids", {}),
            **getattr(record, "event", {}),
        }
        if record.exc_info:
            told["traceback"] = record.exc_text or self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


def event(name: str, **figures: object) -> dict[str, Any]:
    """The `extra` of a line that tells of an event: its name and figures are members of the JSON object."""
    return {"event": {"event": name, **figures}}


def is_away(error: BaseException | None) -> bool:
    """Whether an error says that the database does not answer, rather than that it refuses a statement."""
    while error is not None:
        if isinstance(error, InterfaceError):
            return True
        if isinstance(error, OperationalError):
            cause = error.__cause__
            state = getattr(cause, "sqlstate", "")
            # psycopg has no state where no connection was made, or where it broke. 57P0x: the server stops or starts.
            away = state is None or str(state).startswith(("08", "57P0", "53300"))
            return away or getattr(cause, "sqlite_errorname", "").startswith(("SQLITE_CANTOPEN", "SQLITE_FULL"))
        error = error.__cause__ or error.__context__
    return False


class DatabaseAway(logging.Filter):
    """Of all that fails because the database is away, one line a minute, without a traceback.

    The processes of one service share the minute: those of django-q2 end when the database is away, and others begin.
    """

    def __init__(self, *, slot: int, with_traceback: bool = False) -> None:
        super().__init__()
        self.place = slot * _SLOT.size
        self.with_traceback = with_traceback

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        quiet_until, left_out = _SLOT.unpack_from(_shared, self.place)
        if record.name == "django-q" and "reincarnated" in record.getMessage():
            return bool(now > quiet_until + EVERY_SECONDS)  # a process that ended because of it, and is replaced
        if not self._is_about_it(record):
            return True
        if now < quiet_until:
            _SLOT.pack_into(_shared, self.place, quiet_until, left_out + 1)
            return False
        _SLOT.pack_into(_shared, self.place, now + EVERY_SECONDS, 0)
        if not self.with_traceback:
            words = str(record.exc_info[1]) if record.exc_info else record.getMessage()
            reason = words.strip().partition("\n")[0]
            more = f" {left_out:.0f} lines like this were left out." if left_out else ""
            record.msg, record.args = f"{AWAY}{reason.removeprefix(AWAY)}{more}", None
            record.event = {"event": "database_away", "left_out": round(left_out)}
            record.exc_info = record.exc_text = None
        return True

    @staticmethod
    def _is_about_it(record: logging.LogRecord) -> bool:
        if record.exc_info:
            return is_away(record.exc_info[1])
        words = record.getMessage()
        if record.name == "django-q" and FAILED_TASK.search(words):  # the traceback of a task
            return True
        return words.startswith(AWAY)  # what another handler's filter made of it


class RefusedHost(logging.Filter):
    """Somebody asked by a name that ALLOWED_HOSTS lacks: robots do all day, so it is worth one line, no traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if record.name == "django.request":  # a second line, that the answer was 400; or what a probe is told
            return not hasattr(request, "refused_host") and getattr(request, "path_info", "") != "/healthz"
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.exc_info = record.exc_text = None
        record.event = {"event": "refused_host"}
        if request is not None:
            request.refused_host = True
        return True


FORMATTERS: dict[str, dict[str, Any]] = {
    PLAIN: {"format": "{asctime} {levelname} {name}: {message}{about}", "style": "{"},
    JSON: {"()": "meigen_site.logs.Json"},
}


def config(form: str, *, to_sentry: bool = False) -> dict[str, Any]:
    """Django's LOGGING, with lines of this form."""
    reports = {"class": "meigen_site.sentry.Handler", "level": "ERROR", "filters": ["database_away_to_sentry"]}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": FORMATTERS[form]},
        "filters": {
            "about": {"()": "meigen_site.about.About"},
            "database_away": {"()": "meigen_site.logs.DatabaseAway", "slot": 0},
            "database_away_by_mail": {"()": "meigen_site.logs.DatabaseAway", "slot": 1, "with_traceback": True},
            "database_away_to_sentry": {"()": "meigen_site.logs.DatabaseAway", "slot": 2, "with_traceback": True},
            "no_share_links": {"()": "meigen_site.logs.NoShareLinks"},
            "refused_host": {"()": "meigen_site.logs.RefusedHost"},
            "in_production": {"()": "django.utils.log.RequireDebugFalse"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["about", "database_away", "no_share_links"],
            },
            # Writes only if ADMINS names somebody.
            "mail": {
                "class": "django.utils.log.AdminEmailHandler",
                "level": "ERROR",
                "filters": ["in_production", "database_away_by_mail", "no_share_links"],
            },
            **({"sentry": reports} if to_sentry else {}),
        },
        "root": {"handlers": ["console", *(["sentry"] if to_sentry else [])], "level": "INFO"},
        # httpx writes full URLs at INFO; the links of shared pages and results do not belong in a log.
        "loggers": {
            **{name: {"level": "WARNING"} for name in ["httpx", "httpcore", "django-q"]},
            "django": {"handlers": ["mail"], "level": "INFO"},
            **{name: {"filters": ["refused_host"]} for name in ["django.request", "django.security.DisallowedHost"]},
            "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        },
    }
