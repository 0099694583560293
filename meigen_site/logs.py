"""What is logged where, and what log lines and reports must not hold."""

import logging
import re
from typing import Any

_SLASH = "(?:/|%(?:25)*2F)"
SHARE_LINK = re.compile(rf"""({_SLASH}(?:s|join|password{_SLASH}forgotten){_SLASH})[^/\s"'<&%]+""", re.IGNORECASE)


def without_share_links(words: str) -> str:
    """The text without the secrets of share links, invitations and forgotten passwords: whoever reads it must not use
    them."""
    return SHARE_LINK.sub(r"\1...", words)


class NoShareLinks(logging.Filter):
    """Takes the secret of share links out of every line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_share_links(record.getMessage())
        record.args = None
        if record.exc_info:
            record.exc_text = without_share_links(logging.Formatter().formatException(record.exc_info))
        return True


CONFIG: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {
        "no_share_links": {"()": "meigen_site.logs.NoShareLinks"},
        "in_production": {"()": "django.utils.log.RequireDebugFalse"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_share_links"]},
        # Writes only if ADMINS names somebody.
        "mail": {
            "class": "django.utils.log.AdminEmailHandler",
            "level": "ERROR",
            "filters": ["in_production", "no_share_links"],
        },
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    # httpx writes full URLs at INFO; the links of shared pages and results do not belong in a log.
    "loggers": {
        **{name: {"level": "WARNING"} for name in ["httpx", "httpcore", "django-q"]},
        "django": {"handlers": ["mail"], "level": "INFO"},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
