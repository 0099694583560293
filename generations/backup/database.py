"""The database of a backup: copied as it is at one moment while people work, and put back into an empty one.

SQLite has a backup interface for it, PostgreSQL the programs pg_dump, pg_restore and psql.
"""

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from meigen_site import private

Rows = Callable[[str], Iterator[tuple[Any, ...]]]
# In the same transaction as all the rest: there is no moment at which a restored studio is not paused. Sessions that
# were ended since the backup must not come back, and wake-ups are made anew from the rows. A studio that was paused
# when the backup was made stays so for what it was restored from then.
FINISH = """
DELETE FROM django_session;
DELETE FROM django_q_ormq;
INSERT INTO generations_pause (id, since, backup_at)
    SELECT 1, '{now}', '{made}' WHERE NOT EXISTS (SELECT 1 FROM generations_pause);
UPDATE generations_pause SET since = '{now}';
"""


class CannotCopy(Exception):
    """The database cannot be copied or restored here, for a reason that an operator can change."""


@contextmanager
def copied(target: Path) -> Iterator[Rows]:
    """Copies the database into the file; yields what reads rows by SQL, exactly as they are in the copy."""
    target.touch(private.FILE)
    with _sqlite_copied(target) if connection.vendor == "sqlite" else _postgres_copied(target) as rows:
        _sync(target)
        yield rows


@contextmanager
def _sqlite_copied(target: Path) -> Iterator[Rows]:
    source = connection.settings_dict["NAME"]
    # In one step, which sees one moment however much is written meanwhile, and keeps no writer waiting.
    with _understood(), closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # so that opening it leaves no files beside it
        if (said := copy.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise CannotCopy(f"SQLite says that the database is damaged: {said}")
        yield copy.execute


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise CannotCopy(f"SQLite says: {error}") from None


@contextmanager
def _postgres_copied(target: Path) -> Iterator[Rows]:
    dump = _program("pg_dump")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        [snapshot] = cursor.fetchone()
        arguments, environment = _connecting(dump, "-w", "-Fc", f"--snapshot={snapshot}", f"--file={target}")
        _check(subprocess.run(arguments, env=environment, stderr=subprocess.PIPE, check=False))
        yield _postgres_rows


def _postgres_rows(sql: str) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        yield from cursor


def is_empty() -> bool:
    """Whether the database of the settings has no tables."""
    return not connection.introspection.table_names()


def restore(file: Path, made_at: datetime) -> None:
    """Fills the empty database from the copy and pauses the studio, both or neither."""
    zone = "" if connection.vendor == "sqlite" else "+00"
    now, made = (f"{moment:%Y-%m-%d %H:%M:%S.%f}{zone}" for moment in (timezone.now(), made_at))
    finish = FINISH.format(now=now, made=made)
    connection.close()
    if connection.vendor == "sqlite":
        _sqlite_restore(file, finish)
    else:
        _postgres_restore(file, finish)


def _sqlite_restore(file: Path, finish: str) -> None:
    target = Path(connection.settings_dict["NAME"])
    with _understood(), tempfile.TemporaryDirectory(dir=target.parent) as folder:
        copy = Path(folder) / file.name
        shutil.copyfile(file, copy)
        with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(target)) as live:
            source.executescript(f"BEGIN; {finish} COMMIT;")
            source.backup(live)


def _postgres_restore(file: Path, finish: str) -> None:
    pipe = subprocess.PIPE
    # Without owners and rights: those are this database's own.
    reading = [_program("pg_restore"), "--no-owner", "--no-privileges", "--no-comments", "--file=-", str(file)]
    writing, environment = _connecting(_program("psql"), "-w", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.devnull)
    with (
        subprocess.Popen(reading, stdout=pipe) as read,
        subprocess.Popen(writing, env=environment, stdin=pipe, stderr=pipe) as write,
    ):
        assert read.stdout
        assert write.stdin
        with contextlib.suppress(BrokenPipeError):  # psql has ended, and says why
            write.stdin.write(b"BEGIN;\n")
            shutil.copyfileobj(read.stdout, write.stdin)
            if read.wait() == 0:
                write.stdin.write(f"RESET search_path; {finish} COMMIT;\n".encode())
        read.stdout.close()
        _, said = write.communicate()
    if read.returncode or write.returncode:
        raise CannotCopy(said.decode(errors="replace").strip() or "pg_restore could not read the backup.")


def _connecting(program: str, *options: str) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment by which a program of PostgreSQL finds the database; the password is in no
    command line."""
    arguments, environment = connection.client.settings_to_cmd_args_env(connection.settings_dict, options)
    return [program, *arguments[1:]], {**os.environ, **(environment or {})}


def _program(name: str) -> str:
    """The program of the server's own version: an older one refuses, and what a newer one writes may not come back."""
    with connection.temporary_connection():
        wanted = connection.pg_version // 10000  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
    places = f"/usr/lib/postgresql/{wanted}/bin{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    if found := shutil.which(name, path=places):
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if (version := re.search(r"\d+", said)) and int(version[0]) == wanted:
            return found
    raise CannotCopy(
        f"{name} of PostgreSQL {wanted} is needed, the version of the server. On Debian and Ubuntu: "
        f"apt-get install postgresql-client-{wanted}"
    )


def _check(done: "subprocess.CompletedProcess[bytes]") -> None:
    if done.returncode:
        raise CannotCopy(done.stderr.decode(errors="replace").strip())


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
