"""Restoring a backup into an empty database and an empty media store. The database comes last, and paused."""

from collections.abc import Iterator
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from accounts import vault
from generations.backup import database, place
from generations.backup.making import FORMAT
from generations.backup.place import Backup, Place
from generations.media import verify


class Refused(Exception):
    """The backup is not restored here, and nothing was changed."""


def examine(backup: Backup, *, without_keys: bool, keep_media: bool) -> None:
    """Raises Refused, with what to do, when the backup is damaged or does not fit what is here."""
    about = backup.about
    if about["format"] > FORMAT or is_newer(about["migrations"]):
        raise Refused("The backup was made by a newer release of the studio. Install that one first.")
    if about["database"] != connection.vendor:
        raise Refused(f"The backup is of {about['database']}, but DATABASE_URL names {connection.vendor}.")
    check_database(backup)
    marks, then = vault.marks(), about["marks"]
    missing = [key for key in about["keys"] if key not in marks or marks[key] != then.get(key, marks[key])]
    if missing and not without_keys:
        raise Refused(
            f"TOKEN_KEYS is missing {', '.join(missing)}, which the stored Meigen tokens are encrypted with. Add it, "
            "or restore with --without-keys: then everybody has to add their Meigen token again."
        )
    if not database.is_empty():
        raise Refused("The database is not empty. Create an empty one, or move the file away.")
    if not keep_media and any(any(verify.list_folder(folder)) for folder in verify.FOLDERS):
        raise Refused("The media store is not empty. Empty it, or restore with --keep-media to keep what is there.")


def check_database(backup: Backup) -> None:
    """Raises Refused when the copy of the database is not what was written."""
    with backup.database.open("rb") as file:
        if place.sha256_of(file) != backup.about["sha256"]:
            raise Refused("The backup's copy of the database is damaged. Choose an earlier one with --backup.")


def damaged(folder: Path, backup: Backup) -> Iterator[str]:
    """The names of the files that the directory does not have as they were; reads all of them."""
    here = Place(folder)
    return (entry.name for entry in backup.entries() if not place.is_whole(here, entry))


def is_newer(migrations: list[str]) -> bool:
    """Whether it knows a later migration than we do. Earlier ones may have been squashed since."""
    latest: dict[str, str] = {}
    for app, name in MigrationLoader(None).disk_migrations:
        latest[app] = max(name, latest.get(app, ""))
    split = [each.split(".", 1) for each in migrations]
    return any(name > latest[app] for app, name in split if app in latest)


def media(folder: Path, backup: Backup) -> Iterator[str]:
    """Puts back every file that is not there yet; yields the names of those that the directory does not have whole."""
    here = Place(folder)
    for entry in backup.entries():
        if not default_storage.exists(entry.name) and not place.put_back(here, entry):
            yield entry.name
