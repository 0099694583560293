"""`manage.py transfer --to URL`: moves everything from the database of the settings into an empty one."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from generations.backup import moving
from meigen_api.secret import Secret

FILES = "The files stay where they are: keep MEDIA_ROOT or MEDIA_STORAGE, TOKEN_KEYS and SECRET_KEY as they are."
NEXT = (
    "This database is paused from now on, so that nothing is sent from both. Put the new address into DATABASE_URL, "
    "and start web and worker."
)
STILL_PAUSED = "The studio was paused before, and so it is there: run manage.py resume after that."


class Command(BaseCommand):
    help = (
        "Move everything from the database of DATABASE_URL into an empty one, from SQLite to PostgreSQL or back, and "
        "compare it there row by row. Stop web and worker before. What is cut off leaves this database as it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to",
            required=True,
            metavar="URL",
            help="as in DATABASE_URL. Leave the password out where others see this command line: libpq finds it in "
            "~/.pgpass or PGPASSWORD",
        )

    def handle(self, *args: Any, to: str, **options: Any) -> None:
        try:
            moved = moving.move(Secret(to.strip()))
        except moving.CannotMove as problem:
            raise CommandError(str(problem)) from None
        for table, rows in moved.rows.items():
            if rows:
                self.stdout.write(f"{table:40} {rows:10} rows, the same in both")
        total = f"{sum(moved.rows.values())} rows in {len(moved.rows)} tables moved and compared."
        self.stdout.write(f"{total} {moved.tokens - moved.sealed} of {moved.tokens} Meigen tokens open there.")
        self.stdout.write(FILES)
        self.stdout.write(NEXT)
        if moved.was_paused:
            self.stdout.write(STILL_PAUSED)
