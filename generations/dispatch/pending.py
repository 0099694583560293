"""Which migrations of this release the database has not had."""

import logging
from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from meigen_site.logs import event

logger = logging.getLogger(__name__)

Migration = tuple[str, str]


def migrations() -> list[Migration]:
    """(app, name) of each. One short query: health checks ask often, and what is on disk is read once per process."""
    return sorted(_of_release() - MigrationRecorder(connection).applied_migrations().keys())


@cache
def _of_release() -> frozenset[Migration]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)


@cache
def tell(missing: int) -> None:
    """Writes it into the log, once in each process."""
    told = event("migrations_pending", migrations=missing)
    logger.error("%s migrations are pending: stop the services and run manage.py migrate", missing, extra=told)
