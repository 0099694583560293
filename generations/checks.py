"""System checks of the database."""

from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

# Of the chain before the first release, which one migration replaces under the name of its first.
OLD = ("generations", "0002_claims")


@register(Tags.database)
def database_is_of_this_release(
    *, app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """The database was not made before the first release; `migrate` asks, too."""
    if (
        not databases
        or "default" not in databases
        or OLD not in MigrationRecorder(connections["default"]).applied_migrations()
    ):
        return []
    return [
        Error(
            "This database was created before the first release and cannot be upgraded.",
            hint="Keep a copy if you need it, empty the database (SQLite: remove its file) and run migrate again.",
            id="generations.E001",
        )
    ]
