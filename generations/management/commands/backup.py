"""`manage.py backup DIR`: a backup of the database and the media store."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import vault
from generations.backup import making
from generations.backup.database import CannotCopy
from generations.backup.place import NotUsable

KEYS = (
    "This directory does not hold TOKEN_KEYS (%(keys)s) and SECRET_KEY. Keep a copy of .env somewhere else: without "
    "TOKEN_KEYS the Meigen tokens in this backup cannot be read."
)
WRONG = (
    "The backup is complete but for %(number)s files, which are wrong in the media store: see manage.py verify_media."
)


class Command(BaseCommand):
    help = (
        "Back up the database as it is now, and every stored file that DIR does not have yet. Safe to run while people "
        "work; what is cut off is not taken for a backup. Exits with 1 if a stored file was missing or damaged."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", metavar="DIR", type=Path, help="for backups alone, on another disk than the studio"
        )
        parser.add_argument("--keep", type=int, metavar="N", help="afterwards delete all but the latest N backups")

    def handle(self, *args: Any, folder: Path, keep: int | None, **options: Any) -> None:
        if keep is not None and keep < 1:
            raise CommandError("--keep needs at least 1.")
        try:
            summary = making.make(folder.resolve(), keep)
        except (CannotCopy, NotUsable) as problem:
            raise CommandError(str(problem)) from None
        except OSError as error:
            raise CommandError(f"No backup was made: {error.strerror or error} ({error.filename or folder}).") from None
        old = f" {summary.deleted} old backups deleted." if summary.deleted else ""
        self.stdout.write(
            f"Backup {summary.name}: the database and {summary.files} files, {summary.copied} of them new.{old}"
        )
        self.stdout.write(KEYS % {"keys": ", ".join(vault.marks())})
        for wrong in summary.wrong:
            self.stderr.write(wrong)
        if summary.wrong:
            raise CommandError(WRONG % {"number": len(summary.wrong)})
