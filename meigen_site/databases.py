"""What DATABASE_URL names, as Django's settings."""

from pathlib import Path
from typing import Any

import dj_database_url

from . import private

SCHEMES = ("sqlite:///", "postgres://", "postgresql://")
FORMS = "must be sqlite:///path or postgres://user:password@host/name"


def configured(url: str, folder_mode: int) -> dict[str, Any]:
    """The settings of a database. The file of an SQLite one is there afterwards, readable by its owner alone."""
    database: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    if database["ENGINE"].endswith("sqlite3"):
        if database["NAME"] != ":memory:":
            private.keep_database(Path(database["NAME"]), folder_mode)
        database["OPTIONS"] = {
            # Without IMMEDIATE a read that turns into a write fails at once with "database is locked" (911 times in 5 s
            # against 0); FULL because what a person submitted must survive a power cut.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        }
    return database
