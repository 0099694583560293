"""`manage.py transfer`: everything arrives on another database, and nothing is ever sent from both."""

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.db import DatabaseError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import Token, User
from generations.backup import moving, tables
from generations.dispatch import wake
from generations.models import Generation, Lease, Pause
from meigen_site import databases
from meigen_site.env import BASE_DIR
from tests.backup.elsewhere import empty_place, run
from tests.helpers import database_url, make_user
from tests.upgrade.filling import PLAIN, Filling

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# What is made anew, or belongs to the database itself.
APART = {"django_migrations", "cache", "gallery_cache", "generations_pause"}


@pytest.fixture(autouse=True)
def _another_database_may_be_used(
    transactional_db: None, django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Django's test case forbids databases that the settings do not name; its tables are made by a real process."""
    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", django_db_blocker._real_ensure_connection)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "meigen_site.settings")


@pytest.fixture
def there(tmp_path: Path) -> str:
    """Another database, of SQLite."""
    return f"sqlite:///{tmp_path / 'there.sqlite3'}"


def rows() -> dict[str, list[str]]:
    """All that the database holds, by table, as it is written there."""
    found = {}
    with connection.cursor() as cursor:
        for name in set(connection.introspection.table_names()) - APART:
            if not name.startswith("generations_searchable"):
                cursor.execute(f'SELECT * FROM "{name}"')
                columns = [column.name if hasattr(column, "name") else column[0] for column in cursor.description]
                found[name] = sorted(str(sorted(zip(columns, map(str, row), strict=True))) for row in cursor)
    return found


def asked(file: str, sql: str) -> list[Any]:
    with closing(sqlite3.connect(file.removeprefix("sqlite:///"))) as database:
        found = database.execute(sql).fetchall()
        database.commit()
        return found


def moved_back(there: str) -> str:
    """Moves from there into the database of this test; returns what went wrong."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), "transfer", "--to", database_url()]
    environment = {**os.environ, "DATABASE_URL": there}
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True).stderr


def write_beside(tried: list[Exception]) -> None:
    """What a click would do, in a thread with a connection of its own; the studio's waits longer before it fails."""
    at_once = {"sqlite": "PRAGMA busy_timeout = 1", "postgresql": "SET lock_timeout = 1"}
    with connection.cursor() as cursor:
        cursor.execute(at_once[connection.vendor])
    try:
        Lease.objects.create(name="late", expires_at=timezone.now())
    except OperationalError as problem:
        tried.append(problem)
    connection.close()


def test_everything_arrives_and_comes_back_and_only_one_of_them_sends(
    there: str, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = moving._compare
    tried: list[Exception] = []

    def compare_while_somebody_clicks(*contents: Any) -> None:
        compare(*contents)
        if not tried:
            thread = threading.Thread(target=write_beside, args=[tried])
            thread.start()
            thread.join()

    monkeypatch.setattr(moving, "_compare", compare_while_somebody_clicks)
    Filling(apps).fill()
    with connection.cursor() as cursor:  # a name of before names had one form
        cursor.execute("UPDATE accounts_token SET label = %s", ["Zoe\u0308"])
    known, last = rows(), tables.last_number(tables.Table(User), connection)
    assert [name for name, found in known.items() if not found] == []

    said = run("transfer", "--to", there)
    assert "2 of 2 Meigen tokens open there" in said
    assert rows() == known
    assert tried
    assert Pause.is_on()
    assert asked(there, "SELECT * FROM generations_pause") == []
    found = asked(
        there, "SELECT generation_id FROM generations_searchable WHERE generations_searchable MATCH '\"灯塔 🦊\"'"
    )
    assert len(found) == Generation.objects.count()
    for statement, words in [
        ("UPDATE generations_ledgerentry SET charged = 0", "ledger is append-only"),
        ("UPDATE audit_entry SET actor_name = ''", "audit log is append-only"),
    ]:
        with pytest.raises(sqlite3.IntegrityError, match=words):
            asked(there, statement)

    token = Token.objects.earliest("pk").pk
    with empty_place(settings, tmp_path):
        if connection.vendor == "postgresql":  # which refuses what SQLite keeps
            asked(there, f"UPDATE accounts_token SET label = 'a' || char(0) || 'b' WHERE id = {token}")
            assert f"accounts_token, row {token}: PostgreSQL text fields cannot contain NUL" in moved_back(there)
            assert not User.objects.exists()
            asked(there, f"UPDATE accounts_token SET label = 'Zoe\u0308' WHERE id = {token}")
        assert moved_back(there) == ""
        assert rows() == known
        assert not Pause.is_on()
        assert Token.objects.get(owner__username="ada").secret().reveal() == f"{PLAIN}_ada"
        assert Generation.objects.search("LIGHTHOUSE dusk").count() == Generation.objects.count()
        with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
            cursor.execute("UPDATE generations_ledgerentry SET charged = 0")
        assert make_user().pk > last
    assert len(asked(there, "SELECT * FROM generations_pause")) == 1


def test_what_would_not_work_is_refused_and_leaves_both_as_they_were(
    user: User, there: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(words: str, to: str = there) -> None:
        with pytest.raises(CommandError, match=words):
            run("transfer", "--to", to)
        assert not Pause.is_on()

    refused("must be sqlite:///path or postgres://", "mysql://studio@host/studio")
    refused("cannot be opened: unable to open", f"sqlite:///{tmp_path}")
    refused("cannot be opened: .*refused.* createdb studio", "postgres://studio:secret@127.0.0.1:9/studio")
    (tmp_path / "letter").write_text("Dear SQLite, this is a letter, and it is a long one. " * 100)
    refused("cannot be opened: file is not a database", f"sqlite:///{tmp_path / 'letter'}")
    refused("is not empty.*accounts_user", database_url())
    wake.beat_of_host()
    refused("studio is running: there are workers on ")
    wake.leave()
    with monkeypatch.context() as patch:
        patch.setattr("generations.dispatch.pending.migrations", lambda: [("generations", "0099_later")])
        refused("of another release. Run manage.py migrate")
    with monkeypatch.context() as patch:
        patch.setenv("TOKEN_KEYS", "")
        refused("target does not take the tables: .*TOKEN_KEYS")
    asked(there, "CREATE TABLE shop (id integer)")
    refused("holds tables of something else")
    asked(there, "DROP TABLE shop")
    run("transfer", "--to", there)
    Pause.objects.all().delete()
    asked(there, "INSERT INTO django_migrations (app, name, applied) VALUES ('generations', '9999_later', 0)")
    refused("made by a newer release")


def test_what_was_cut_off_is_begun_again(user: User, there: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Filling(apps).fill()

    def stops(words: str) -> None:
        with pytest.raises(CommandError, match=words):
            run("transfer", "--to", there)
        assert not Pause.is_on()
        assert asked(there, "SELECT count(*) FROM accounts_user") == [(0,)]

    with monkeypatch.context() as patch:
        small = databases.configured(there, 0o700)
        small["OPTIONS"]["init_command"] += "PRAGMA max_page_count=1;"
        patch.setattr(databases, "configured", lambda *_: small)
        stops("no room at the target")
    with monkeypatch.context() as patch:
        adapted = tables._adapted
        patch.setattr(moving, "_make_tables", lambda _: None)  # they are there by now, and it takes a second
        patch.setattr(tables, "_adapted", lambda value, there: 1999 if value == 2**33 else adapted(value, there))
        stops("generations_result did not arrive as it was: rows differ")
    with monkeypatch.context() as patch:  # the last thing of all
        patch.setattr(moving, "_make_tables", lambda _: None)
        patch.setattr(BaseDatabaseWrapper, "commit", fails_at_target(BaseDatabaseWrapper.commit))
        stops("the target is still empty: the plug was pulled")
    run("transfer", "--to", there)
    assert Pause.is_on()
    assert asked(there, "SELECT count(*) FROM accounts_user") == [(User.objects.count(),)]


def fails_at_target(commit: Any) -> Any:
    def fail(database: BaseDatabaseWrapper) -> None:
        if database.alias == moving.TARGET:
            assert Pause.is_on()
            raise OperationalError("the plug was pulled")
        commit(database)

    return fail
