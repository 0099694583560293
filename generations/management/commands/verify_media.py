"""`manage.py verify_media`: compares the rows of results and references with their files."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.media import fetch, verify

WRONG_STORE = (
    "None of the latest results is where it should be, so nothing was touched. Is the disk mounted, is MEDIA_ROOT or "
    "the bucket the right one? Without --repair you see what is missing."
)

WRONG_DATABASE = (
    "Most of the files belong to nothing that this database knows, so nothing was touched. Is DATABASE_URL the right "
    "one, is it an older backup? Without --repair you see which they are; with --delete-unknown they are deleted."
)

STORE_FAILS = "The disk or the bucket could not be read (%(problem)s), so this has ended early. Run it again later."
LOST = "Given up earlier, since they could not be fetched: %(number)s. Try them once more with --given-up."
LOST_AGAIN = "Given up earlier and fetched once more now: %(number)s."


class Command(BaseCommand):
    help = (
        "Find files that are missing, damaged or left over. Exits with 1 when something is wrong that was not mended. "
        "Safe to interrupt, to run again and to run while people work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="fetch again what is missing or damaged, make small pictures anew, delete what is left since a day",
        )
        parser.add_argument(
            "--delete-unknown",
            action="store_true",
            help="repair even where most files belong to nothing, and delete those newer than all that the database "
            "knows; right after accounts with many files were deleted, wrong with an older backup of the database",
        )
        parser.add_argument("--given-up", action="store_true", help="try once more what could not be fetched")
        parser.add_argument("--hashes", action="store_true", help="read every file and compare its hash")

    def handle(
        self, *args: Any, repair: bool, hashes: bool, delete_unknown: bool, given_up: bool, **options: Any
    ) -> None:
        mended = wrong = 0
        try:
            for finding in verify.findings(repair=repair, hashes=hashes, delete_unknown=delete_unknown):
                self.stdout.write(
                    f"{finding.name or '(no file)'} {finding.wrong}{finding.mended and '; ' + finding.mended}"
                )
                if finding.mended:
                    mended += 1
                else:
                    wrong += 1
        except verify.WrongStore:
            raise CommandError(WRONG_STORE) from None
        except verify.WrongDatabase:
            raise CommandError(WRONG_DATABASE) from None
        except OSError as error:
            raise CommandError(STORE_FAILS % {"problem": error.strerror or error}) from None
        self.stdout.write(f"{wrong} wrong, {mended} mended.")
        if lost := fetch.all_again() if given_up else fetch.given_up().count():
            self.stdout.write((LOST_AGAIN if given_up else LOST) % {"number": lost})
        if wrong:
            raise CommandError("Not everything is as it should be." if repair else "Try it with --repair.")
