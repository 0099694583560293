"""Which migrations of this release the database has not had."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

Migration = tuple[str, str]


def migrations() -> list[Migration]:
    """(app, name) of each. One short query: health checks ask often, and what is on disk is read once per process."""
    return sorted(_of_release() - MigrationRecorder(connection).applied_migrations().keys())


@cache
def _of_release() -> frozenset[Migration]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)
