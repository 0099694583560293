"""`manage.py verify_media`: compares the rows of results and references with their files."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.backup.rebuilding import rebuilder
from generations.media import fetch, verify

WRONG_STORE = (
    "None of the latest results is where it should be, so nothing was changed. Check that the disk is mounted and that "
    "MEDIA_ROOT or the bucket is the right one. Run without --repair to see what is missing."
)

WRONG_DATABASE = (
    "Most files belong to nothing in this database, so nothing was changed. Check that DATABASE_URL is right and that "
    "this is not an older backup. Run without --repair to list these files, or with --delete-unknown to delete them."
)

STORE_FAILS = "The disk or the bucket could not be read (%(problem)s), so the check stopped early. Run it again later."
LOST = "Given up earlier because they could not be fetched: %(number)s. Retry them with --given-up."
NOT_REBUILT = (
    "%(number)s files are lost: neither the backup nor Meigen has them now. The workers go on trying to fetch results "
    "for three days; reference files have to be added again."
)
LOST_AGAIN = "Given up earlier and being fetched again now: %(number)s."


class Command(BaseCommand):
    help = (
        "Find files that are missing, damaged or left over. Exits with 1 if anything is still wrong at the end. "
        "Safe to interrupt, to repeat and to run while people work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="refetch missing or damaged files, regenerate small pictures, delete leftovers older than a day",
        )
        parser.add_argument(
            "--delete-unknown",
            action="store_true",
            help="repair even if most files are unknown, and delete those newer than anything in the database; right "
            "after accounts with many files were deleted, wrong with an older backup of the database",
        )
        parser.add_argument("--given-up", action="store_true", help="retry what could not be fetched")
        parser.add_argument(
            "--rebuild",
            action="store_true",
            help="the media store was lost or is older than the database: bring missing files back at once, from "
            "--from or from Meigen, delete nothing, and say what is lost",
        )
        parser.add_argument("--from", dest="folder", metavar="DIR", type=Path, help="what manage.py backup wrote to")
        parser.add_argument("--hashes", action="store_true", help="read every file and compare its hash")

    def handle(
        self,
        *args: Any,
        repair: bool,
        hashes: bool,
        delete_unknown: bool,
        given_up: bool,
        rebuild: bool,
        folder: Path | None,
        **options: Any,
    ) -> None:
        if folder and not (rebuild and folder.is_dir()):
            raise CommandError("--from needs --rebuild and a directory that manage.py backup wrote to.")
        repaired = wrong = 0
        checks = {"repair": repair or rebuild, "hashes": hashes, "delete_unknown": delete_unknown}
        try:
            for finding in verify.findings(**checks, rebuild=rebuilder(folder) if rebuild else None):
                self.stdout.write(
                    f"{finding.name or '(no file)'} {finding.wrong}{finding.repaired and '; ' + finding.repaired}"
                )
                if finding.repaired:
                    repaired += 1
                else:
                    wrong += 1
        except verify.WrongStore:
            raise CommandError(WRONG_STORE) from None
        except verify.WrongDatabase:
            raise CommandError(WRONG_DATABASE) from None
        except OSError as error:
            raise CommandError(STORE_FAILS % {"problem": error.strerror or error}) from None
        self.stdout.write(f"{wrong} wrong, {repaired} repaired.")
        if lost := fetch.retry_all() if given_up else fetch.given_up().count():
            self.stdout.write((LOST_AGAIN if given_up else LOST) % {"number": lost})
        if wrong and rebuild:
            raise CommandError(NOT_REBUILT % {"number": wrong})
        if wrong:
            raise CommandError("Some problems could not be repaired." if repair else "Run again with --repair.")
