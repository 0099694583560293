"""Filling a media store that was lost, or is older than the database."""

from pathlib import Path

from django.utils import timezone

from generations.backup.place import Entry, Place, put_back
from generations.media import fetch
from generations.media.verify import Rebuild
from generations.models import Reference, Result


def rebuilder(folder: Path | None) -> Rebuild:
    """Brings files back from a directory of backups, if there is one, and results else from Meigen."""
    here = Place(folder) if folder else None

    def rebuild(row: Reference | Result) -> str:
        if here and row.sha256 and put_back(here, _entry_of(row)):
            _note(row)
            return "restored from the backup"
        return "fetched again" if isinstance(row, Result) and fetch.fetch_now(row) else ""

    return rebuild


def _entry_of(row: Reference | Result) -> Entry:
    small = [row.thumbnail.name, row.preview.name] if isinstance(row, Result) else []
    return Entry(row.file.name or "", row.sha256, [name for name in small if name])


def _note(row: Reference | Result) -> None:
    """A result that was given up is there again."""
    if isinstance(row, Result):
        rows = Result.objects.filter(pk=row.pk, erased_at=None)
        rows.update(kept_at=row.kept_at or timezone.now(), gone_at=None, problem="", lease_until=None)
        row.generation.mark_changed()
