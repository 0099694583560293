"""Moving everything into another database, from SQLite to PostgreSQL or back.

All is written in one transaction, so the other database has everything or nothing. In the last moment the one that is
left is paused, and only then the other becomes the studio: nothing is ever sent from both.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, Error, OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from accounts.models import Token
from generations.backup import restoring, tables
from generations.backup.tables import Content, DoesNotFit, Table
from generations.dispatch import pending, wake
from generations.models import Generation, Pause
from meigen_api.secret import Secret
from meigen_site import databases, private
from meigen_site.env import BASE_DIR

TARGET = "target"
# What `migrate` itself writes into an empty database; here it comes from the studio, with the ids it has there.
BY_MIGRATE = {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}


class CannotMove(Exception):
    """Nothing was moved; the studio is as it was. The message says what to do."""


@dataclass(frozen=True)
class Moved:
    """What is in the other database now, by table; `sealed` counts the tokens that no key of TOKEN_KEYS opens."""

    rows: dict[str, int]
    tokens: int
    sealed: int
    was_paused: bool


def move(url: Secret) -> Moved:
    """Moves everything. Raises CannotMove."""
    _examine_source()
    with _connected(url) as target:
        _examine_target(target)
        _make_tables(url)
        try:
            return _fill(target)
        except DoesNotFit as problem:
            raise CannotMove(
                f"A value does not fit into the target: {problem}. Change it here, and try again."
            ) from None
        except DatabaseError as problem:
            raise CannotMove(_in_words(problem)) from None


def _examine_source() -> None:
    if pending.migrations() or _is_of_newer_release(connection):
        raise CannotMove("This database is of another release. Run manage.py migrate with the release that is here.")
    alive = wake.hosts().filter(expires_at__gt=timezone.now())
    if hosts := ", ".join(beat.name.removeprefix(wake.HOST) for beat in alive):
        raise CannotMove(
            f"The studio is running: there are workers on {hosts}. Stop web and worker, on every host. Workers that "
            f"were killed are believed to be alive for {wake.HEARTBEAT_SECONDS} seconds."
        )


@contextmanager
def _connected(url: Secret) -> Iterator[BaseDatabaseWrapper]:
    """The target as another of Django's connections."""
    if not url.reveal().startswith(databases.SCHEMES):
        raise CannotMove(f"The address of the target {databases.FORMS}.")
    mode = private.FOLDER_OF_PROXY if settings.MEDIA_ACCEL else private.FOLDER
    try:
        configured = databases.configured(url.reveal(), mode)
        connections.settings[TARGET] = connections.configure_settings({"default": configured})["default"]
        connections[TARGET].introspection.table_names()
    except (Error, OSError, ValueError) as problem:
        _forget()
        raise CannotMove(f"The target cannot be opened: {_first_line(problem)}{_advice(url)}") from None
    try:
        yield connections[TARGET]
    finally:
        _forget()


def _forget() -> None:
    if TARGET in connections.settings:
        connections[TARGET].close()
        del connections[TARGET], connections.settings[TARGET]


def _advice(url: Secret) -> str:
    name = urlsplit(url.reveal()).path.lstrip("/")
    if url.reveal().startswith("sqlite"):
        return ". The path after sqlite:/// names a file in a folder that this user may write in."
    return f". Is the server there, and the database made, as by createdb {name}?"


def _examine_target(target: BaseDatabaseWrapper) -> None:
    """It has to be empty, but for what an attempt that was cut off may have left: tables without rows."""
    there = set(target.introspection.table_names())
    if there and "django_migrations" not in there:
        raise CannotMove("The target holds tables of something else. Make an empty database.")
    if _is_of_newer_release(target):
        raise CannotMove("The target was made by a newer release of the studio. Make an empty database.")
    to_be_empty = [table for table in tables.every() if table.name in there - BY_MIGRATE]
    if filled := [table.name for table in to_be_empty if tables.has_rows(table, target)]:
        names = ", ".join(filled[:5])
        raise CannotMove(f"The target is not empty ({names}). Make an empty database, or move the file away.")


def _is_of_newer_release(database: BaseDatabaseWrapper) -> bool:
    return restoring.is_newer([f"{app}.{name}" for app, name in MigrationRecorder(database).applied_migrations()])


def _make_tables(url: Secret) -> None:
    """By a process of its own, because migrations speak to the database of the settings."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), "migrate", "--noinput", "--verbosity", "0"]
    environment = {**os.environ, "DATABASE_URL": url.reveal()}
    connections[TARGET].close()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it does not say why"]
        raise CannotMove(f"The target does not take the tables: {said[-1]}")


def _fill(target: BaseDatabaseWrapper) -> Moved:
    paused_here = None
    try:
        # The second one ends first: from then on nothing is sent from here, and nothing is there yet.
        with transaction.atomic(TARGET), transaction.atomic():
            moved = _copy(target)
            paused_here = _pause()
    except BaseException:
        if paused_here:
            paused_here.delete()
        raise
    return moved


def _pause() -> Pause | None:
    if Pause.is_on():
        return None
    now = timezone.now()
    return Pause.objects.create(since=now, backup_at=now)


def _copy(target: BaseDatabaseWrapper) -> Moved:
    every = tables.every()
    tables.lock(every, connection)
    tables.lock(every, target)
    _examine_target(target)  # again, since nobody can fill it now
    _begin_empty(every, target)
    known = {table: tables.copy(table, connection, target) for table in every}
    for table in every:
        if number := tables.last_number(table, connection):
            tables.go_on_from(number, table, target)
    target.check_constraints()
    for table, content in known.items():
        _compare(table, content, tables.content_of(table, target))
    if target.vendor == "sqlite":
        _compare_search(target, known[Table(Generation)])
    tokens = list(Token.objects.using(TARGET).iterator())
    return Moved(
        rows={table.name: content.rows for table, content in known.items()},
        tokens=len(tokens),
        sealed=sum(not token.opens for token in tokens),
        was_paused=Pause.is_on(),
    )


def _begin_empty(every: list[Table], target: BaseDatabaseWrapper) -> None:
    with target.cursor() as cursor:
        if target.vendor == "postgresql":
            # Row by row, since what is put off until the end of the transaction is kept in memory.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            tables.put_off_own_references(Table(Generation), target)
        for table in reversed(every):
            if table.name in BY_MIGRATE:
                cursor.execute(f"DELETE FROM {target.ops.quote_name(table.name)}")  # noqa: S608 (our own names)


def _compare(table: Table, here: Content, there: Content) -> None:
    if here != there:
        words = f"{here.rows} rows here and {there.rows} there" if here.rows != there.rows else "rows differ"
        raise CannotMove(f"{table.name} did not arrive as it was: {words}. The target is still empty.")


def _compare_search(target: BaseDatabaseWrapper, generations: Content) -> None:
    with target.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM generations_searchable")
        [found] = cursor.fetchone()
    if found != generations.rows:
        raise CannotMove(f"The search knows {found} of {generations.rows} prompts. The target is still empty.")


def _in_words(problem: DatabaseError) -> str:
    said = _first_line(problem)
    if isinstance(problem, OperationalError) and "lock" in said:
        return f"Somebody is writing into one of the databases ({said}). Stop web and worker, on every host."
    if "full" in said or "No space" in said:
        return f"There is no room at the target ({said}). It is still empty."
    return f"The move stopped, and the target is still empty: {said}"


def _first_line(problem: Exception) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0].rstrip(".")
