"""`python -m tests.upgrade.dump 0.2.0`: keeps a filled database of this release, for the test that upgrades it.

Run it at a release, once on SQLite and once with DATABASE_URL on PostgreSQL (a role that may create databases, and
pg_dump of the server's version). `--first` leaves the studio's own apps at their first migrations: so 0.1.0 was made.
"""

import argparse
import os
import re
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

if __name__ == "__main__":
    import django

    django.setup()

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from generations.backup import database
from tests.backup.elsewhere import empty_place
from tests.upgrade.filling import Filling

HERE = Path(__file__).parent
OWN = ["accounts", "generations", "audit"]
FIRST = "0001"
# What the server of another version may not know, and what changes from one run to the next.
SETTINGS_OF_PG_DUMP = re.compile(r"^(SET |SELECT pg_catalog\.set_config|--|\\(un)?restrict).*\n|^\n", re.MULTILINE)


def main(release: str, *, first: bool) -> None:
    folder = HERE / release
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as elsewhere, empty_place(settings, Path(elsewhere)):  # type: ignore[arg-type]
        if first:
            for app in OWN:
                call_command("migrate", app, FIRST, verbosity=0)
        others = [app for app in MigrationLoader(None).migrated_apps if not (first and app in OWN)]
        for app in sorted(others):
            call_command("migrate", app, verbosity=0)
        loader = MigrationLoader(connection)
        Filling(loader.project_state(list(loader.applied_migrations)).apps if first else apps).fill()
        file = folder / f"{connection.vendor}.sql"
        file.write_text(_of_sqlite() if connection.vendor == "sqlite" else _of_postgresql())
        print(f"{file}: {file.stat().st_size} bytes")


def _of_sqlite() -> str:
    connection.close()
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source:
        return "\n".join(_statements(source)) + "\n"


def _statements(source: sqlite3.Connection) -> Iterator[str]:
    """Tables, then triggers, which fill the index of prompts while rows come in; its own tables are left out."""
    made = "SELECT name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    tables = dict(source.execute(made, ["table"]))
    searched = [name for name, sql in tables.items() if sql.startswith("CREATE VIRTUAL")]
    kept = {name: sql for name, sql in tables.items() if not any(name.startswith(f"{one}_") for one in searched)}
    for sql in [*kept.values(), *dict(source.execute(made, ["trigger"])).values()]:
        yield f"{sql};"
    for name in [name for name in kept if name not in searched]:
        columns = [column for _, column, *_ in source.execute(f'PRAGMA table_info("{name}")')]
        values = " || ',' || ".join(f'quote("{column}")' for column in columns)
        for (row,) in source.execute(f'SELECT {values} FROM "{name}"'):
            yield f'INSERT INTO "{name}" VALUES ({row});'
    for sql in dict(source.execute(made, ["index"])).values():
        yield f"{sql};"


def _of_postgresql() -> str:
    options = ["-w", "--inserts", "--no-owner", "--no-privileges", "--no-comments"]
    command, environment = database._connecting(database._program("pg_dump"), *options)
    connection.close()
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return SETTINGS_OF_PG_DUMP.sub("", done.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.upgrade.dump", description=__doc__)
    parser.add_argument("release")
    parser.add_argument("--first", action="store_true")
    options = parser.parse_args()
    main(options.release, first=options.first)
