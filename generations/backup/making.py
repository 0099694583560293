"""Making a backup: the database at one moment, and every file that its rows name and the directory does not have."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from accounts import vault
from generations.backup import database, place
from generations.backup.database import Rows
from generations.backup.place import Entry, Place
from generations.models import Reference, Result

FORMAT = 1
# Asked of the copy, which no connection of Django's sees.
MIGRATIONS = "SELECT app, name FROM django_migrations ORDER BY app, name"
KEYS = "SELECT DISTINCT key_id FROM accounts_token ORDER BY key_id"
RESULTS = """
    SELECT file, sha256, thumbnail, preview FROM generations_result
    WHERE kept_at IS NOT NULL AND erased_at IS NULL ORDER BY id
"""
REFERENCES = "SELECT file, sha256 FROM generations_reference WHERE file <> '' ORDER BY id"


@dataclass
class Summary:
    """What a backup holds; `wrong` are files that a row names and that are missing or damaged in the store."""

    name: str
    files: int = 0
    copied: int = 0
    deleted: int = 0
    wrong: list[str] = field(default_factory=list)


def make(folder: Path, keep: int | None = None) -> Summary:
    """Makes one backup, then deletes all but the latest `keep` ones. Raises CannotCopy, NotUsable or OSError."""
    here = Place(folder)
    with here.alone():
        with here.begun() as part:
            made_at = timezone.now()
            with database.copied(part / place.DATABASE) as rows:
                place.write(part / place.MANIFEST, map(place.line_of, _entries(rows)))
                about = {"format": FORMAT, "made_at": made_at.isoformat(), **_about(rows)}
            with (part / place.DATABASE).open("rb") as file:
                about["sha256"] = place.sha256_of(file)
            summary = Summary(part.stem)
            # From the manifest rather than the rows: this may take hours, and no transaction lasts as long.
            for entry in place.Backup(part).entries():
                summary.files += 1
                _copy(here, entry, summary)
            place.write(part / place.ABOUT, [json.dumps(about, indent=1)])
        if keep is not None:
            summary.deleted = here.prune(keep)
    return summary


def _about(rows: Rows) -> dict[str, Any]:
    """What a restore has to know: which keys of TOKEN_KEYS the tokens need, but not the keys."""
    return {
        "database": connection.vendor,
        "migrations": [f"{app}.{name}" for app, name in rows(MIGRATIONS)],
        "keys": [key_id for (key_id,) in rows(KEYS)],
        "marks": vault.marks(),
    }


def _entries(rows: Rows) -> Iterator[Entry]:
    for name, sha256, *small in rows(RESULTS):
        yield Entry(name, sha256, list(filter(None, small)))
    for name, sha256 in rows(REFERENCES):
        yield Entry(name, sha256)


def _copy(here: Place, entry: Entry, summary: Summary) -> None:
    kept = place.place_of(entry.sha256)
    if not here.has(kept):
        try:
            with default_storage.open(entry.name) as file:
                if place.sha256_of(file) == entry.sha256:
                    file.seek(0)
                    here.keep(kept, file)
                    summary.copied += 1
                else:
                    summary.wrong.append(f"{entry.name} has different content")
        except FileNotFoundError:
            if _is_named(entry.name):
                summary.wrong.append(f"{entry.name} is missing")
    for name, small in place.small_places(entry):
        if not here.has(small) and default_storage.exists(name):
            with default_storage.open(name) as file:
                here.keep(small, file)


def _is_named(name: str) -> bool:
    """Whether a row still names the file, since it may have been erased after the database was copied."""
    kept = Result.objects.filter(file=name, kept_at__isnull=False, erased_at=None)
    return kept.exists() or Reference.objects.filter(file=name).exists()
