"""What a start says: one line with the version and the settings that matter when something is looked into."""

import logging
from typing import Any

from django.conf import settings

from . import VERSION
from .logs import event

logger = logging.getLogger(__name__)


def figures() -> dict[str, Any]:
    """None of them is a secret."""
    database = settings.DATABASES["default"]
    place = f"{database['HOST'] or 'local socket'}/{database['NAME']}" if database["HOST"] else database["NAME"]
    return {
        "version": VERSION,
        "database": f"{database['ENGINE'].rpartition('.')[2]} {place}",
        "media": f"bucket {settings.ENV.bucket.name}" if settings.ENV.bucket else str(settings.MEDIA_ROOT),
        "meigen": settings.MEIGEN_BASE_URL,
        "rate": "{}/{:g}".format(*settings.MEIGEN_RATE),
        "hosts": ",".join(settings.ENV.allowed_hosts),
        "proxies": settings.TRUSTED_PROXIES,
        "mail": settings.HAS_MAIL,
        "metrics": settings.METRICS_TOKEN is not None,
        "error_reports": settings.ENV.sentry_dsn is not None,
        "debug": settings.DEBUG,
    }


def tell(process: str) -> None:
    told = figures()
    words = " ".join(f"{name}={value}" for name, value in told.items())
    logger.info("%s of Meigen Studio started: %s", process, words, extra=event("started", **told))
