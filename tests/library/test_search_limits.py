"""A search that takes too long, and a database that cannot search."""

import contextlib
import io
import json
from collections.abc import Iterator
from importlib import import_module

import pytest
from django.core import checks
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from accounts.models import Token, User
from generations.library import history
from generations.models import Generation, TooMany, search
from tests.helpers import make_generation

pytestmark = pytest.mark.django_db


def test_a_dump_of_everything_leaves_the_index_out(user: User, token: Token) -> None:
    make_generation(user, prompt="a fox")
    dumped = io.StringIO()
    call_command("dumpdata", "generations", "--all", stdout=dumped)
    assert {entry["model"] for entry in json.loads(dumped.getvalue())} >= {"generations.generation"}
    assert "place" not in dumped.getvalue()


class TestWhatTakesTooLong:
    def test_it_ends_and_says_what_to_do(
        self, browser: Client, user: User, token: Token, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_generation(user, prompt="a fox")
        for headers in [{}, {"HX-Request": "true"}]:
            with monkeypatch.context() as slow:
                slow.setattr(history, "within_time", out_of_time)
                response = browser.get("/generations/", {"q": "fo"}, headers=headers)
            assert response.status_code == 200
            assert "Add a word or a filter" in response.content.decode()

    def test_a_query_past_its_time_is_stopped_and_the_connection_goes_on(self, user: User, token: Token) -> None:
        make_generation(user, prompt="a fox")
        with pytest.raises(TooMany), search.within_time(0.05), connection.cursor() as cursor:
            cursor.execute(ENDLESS[connection.vendor])
        assert Generation.objects.search("fox").count() == 1
        with connection.cursor() as cursor:  # and nothing else is in a hurry
            cursor.execute(SLOW[connection.vendor])

    def test_other_failures_are_not_taken_for_it(self) -> None:
        with pytest.raises(OperationalError, match="disk"), search.within_time():
            raise OperationalError("disk I/O error")


@contextlib.contextmanager
def out_of_time() -> Iterator[None]:
    """A page for which no time is left."""
    with search.within_time(0.05), connection.cursor() as cursor:
        cursor.execute(ENDLESS[connection.vendor])
        yield


ENDLESS = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


SLOW = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 300000) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(0.1)",
}


# Where it cannot be had


class Refusing:
    """A schema editor on a server that lets nobody create extensions, or without FTS5."""

    def __init__(self) -> None:
        self.connection = connection

    def execute(self, statement: str, params: object = ()) -> None:
        raise DatabaseError("permission denied")


def test_a_database_that_cannot_search_says_what_to_do() -> None:
    migration = import_module("generations.migrations.0001_initial")
    says = "SQLite 3.34" if connection.vendor == "sqlite" else "CREATE EXTENSION pg_trgm"
    with pytest.raises(RuntimeError, match=says):
        migration.make_prompts_searchable(None, Refusing())


def test_a_database_from_before_the_first_release_is_told_what_to_do() -> None:
    assert not checks.run_checks(databases=["default"], tags=[checks.Tags.database])
    MigrationRecorder(connection).record_applied("generations", "0002_claims")
    [error] = checks.run_checks(databases=["default"], tags=[checks.Tags.database])
    assert error.id == "generations.E001"
    assert "empty the database" in str(error.hint)
