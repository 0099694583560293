"""`manage.py restore DIR`: puts a backup into an empty database and an empty media store, and pauses the studio."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.backup import database, restoring
from generations.backup.database import CannotCopy
from generations.backup.place import Backup, NotUsable, Place

NEXT = (
    "Restored, and paused: nothing is sent or polled. Everybody signs in anew. Now run manage.py migrate, start the "
    "services, and run manage.py resume."
)
CUT_OFF = (
    "The restore stopped: %(problem)s. The database is still empty. Run it again, with --keep-media for the files that "
    "are there by now."
)


class Command(BaseCommand):
    help = (
        "Restore the latest backup of DIR into an empty database and an empty media store. The studio comes up paused, "
        "until manage.py resume has asked Meigen what has happened since."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--backup", default="", metavar="NAME", help="the folder of an earlier one")
        parser.add_argument("--keep-media", action="store_true", help="keep the files that are there; add only others")
        parser.add_argument("--check", action="store_true", help="only read the backup, and say whether it is whole")
        parser.add_argument("--without-keys", action="store_true", help="restore although a key of TOKEN_KEYS is lost")

    def handle(
        self,
        *args: Any,
        folder: Path,
        backup: str,
        keep_media: bool,
        check: bool,
        without_keys: bool,
        **options: Any,
    ) -> None:
        try:
            chosen = Place(folder).chosen(backup)
            if check:
                self._check(folder, chosen)
                return
            restoring.examine(chosen, without_keys=without_keys, keep_media=keep_media)
            lost = list(restoring.media(folder, chosen))
            database.restore(chosen.database, chosen.made_at)
        except (NotUsable, restoring.Refused, CannotCopy) as problem:
            raise CommandError(str(problem)) from None
        except OSError as error:
            raise CommandError(CUT_OFF % {"problem": error.strerror or error}) from None
        for name in lost:
            self.stderr.write(f"{name} is missing or damaged in the backup")
        self.stdout.write(f"Backup {chosen.folder.name}. {NEXT}")
        if lost:
            raise CommandError(
                f"{len(lost)} files are not restored: run manage.py verify_media --rebuild after resume."
            )

    def _check(self, folder: Path, chosen: Backup) -> None:
        restoring.check_database(chosen)
        damaged = list(restoring.damaged(folder, chosen))
        for name in damaged:
            self.stderr.write(f"{name} is missing or damaged in the backup")
        if damaged:
            raise CommandError(f"{len(damaged)} files of backup {chosen.folder.name} are missing or damaged.")
        self.stdout.write(f"Backup {chosen.folder.name} is whole.")
