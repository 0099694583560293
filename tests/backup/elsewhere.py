"""A new machine: an empty database and an empty media store in place of the test's own."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from pytest_django import Settings


@contextmanager
def empty_place(settings: Settings, folder: Path) -> Iterator[None]:
    here, media = connection.settings_dict["NAME"], settings.MEDIA_ROOT
    connection.close()
    there = str(folder / "restored.sqlite3") if connection.vendor == "sqlite" else f"{here}_restored"
    _administer(f'CREATE DATABASE "{there}"')
    connection.settings_dict["NAME"], settings.MEDIA_ROOT = there, folder / "restored media"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"], settings.MEDIA_ROOT = here, media
        _administer(f'DROP DATABASE "{there}" WITH (FORCE)')


def _administer(statement: str) -> None:
    if connection.vendor == "postgresql":
        with connection._nodb_cursor() as cursor:
            cursor.execute(statement)


def run(command: str, *options: object) -> str:
    """What the command says."""
    said = io.StringIO()
    call_command(command, *map(str, options), stdout=said, stderr=said)
    return said.getvalue()
