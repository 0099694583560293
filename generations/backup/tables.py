"""The rows of every table, read from one database and written into another, a few hundred at a time.

Values go as the databases hold them. Django's fields have no part in it: they would bring a name from years ago into
the form that names have today, and set the time of what is set by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from graphlib import TopologicalSorter
from itertools import islice
from typing import Any, TypeAlias
from uuid import UUID

from django.apps import apps
from django.db import DataError, IntegrityError, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

Row: TypeAlias = tuple[Any, ...]

BATCH = 500
MODULUS = 2**256
SEQUENCE = "pg_get_serial_sequence(%s, %s)::regclass"


class DoesNotFit(Exception):
    """A value that the other database cannot hold; the message names its row."""


@dataclass
class Content:
    """What a table holds, as a count and a sum of its rows' hashes, which does not depend on their order."""

    rows: int = 0
    hashes: int = 0

    def add(self, told: str) -> None:
        self.rows += 1
        self.hashes += int.from_bytes(hashlib.sha256(told.encode()).digest())
        self.hashes %= MODULUS


@dataclass(frozen=True)
class Table:
    """A table as its model describes it."""

    model: type[models.Model]

    @cached_property
    def name(self) -> str:
        return self.model._meta.db_table  # noqa: SLF001

    @cached_property
    def fields(self) -> list[models.Field[Any, Any]]:
        return list(self.model._meta.local_concrete_fields)  # noqa: SLF001

    @cached_property
    def columns(self) -> list[str]:
        return [str(field.column) for field in self.fields]

    @cached_property
    def pk(self) -> models.Field[Any, Any]:
        return next(field for field in self.fields if field.primary_key)

    @property
    def needs(self) -> Iterator[Table]:
        """The other tables that its rows refer to."""
        for field in self.fields:
            if isinstance(field, models.ForeignKey) and field.related_model is not self.model:
                yield Table(field.related_model)


def every() -> list[Table]:
    """All of them, each after those that it refers to."""
    found = [Table(model) for model in apps.get_models(include_auto_created=True) if _has_own_table(model)]
    return list(TopologicalSorter({table: list(table.needs) for table in found}).static_order())


def _has_own_table(model: type[models.Model]) -> bool:
    options = model._meta  # noqa: SLF001
    return options.managed and not options.proxy


def has_rows(table: Table, connection: BaseDatabaseWrapper) -> bool:
    return next(_read(table, connection), None) is not None


def copy(table: Table, source: BaseDatabaseWrapper, target: BaseDatabaseWrapper) -> Content:
    """Copies all rows into the empty table; returns what was read. Raises DoesNotFit."""
    content, rows = Content(), _read(table, source)
    while batch := list(islice(rows, BATCH)):
        for row in batch:
            content.add(_told(table, row))
        _write(table, target, batch)
    return content


def content_of(table: Table, connection: BaseDatabaseWrapper) -> Content:
    """What the table holds now."""
    content = Content()
    for row in _read(table, connection):
        content.add(_told(table, row))
    return content


def _read(table: Table, connection: BaseDatabaseWrapper) -> Iterator[Row]:
    quoted = connection.ops.quote_name
    columns = ", ".join(map(quoted, table.columns))
    # SQLite's index of prompts is in the order of time, and takes a third longer to write in any other.
    order = "ORDER BY created_at, id" if table.name == "generations_generation" else ""
    shown = [field.get_col(table.name) for field in table.fields]
    converters = [[(convert, one) for convert in connection.ops.get_db_converters(one)] for one in shown]
    with connection.chunked_cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {quoted(table.name)} {order}")  # noqa: S608 (names from the models)
        while batch := cursor.fetchmany(BATCH):
            for row in batch:
                values = list(row)
                for place, functions in enumerate(converters):
                    for convert, one in functions:
                        values[place] = convert(values[place], one, connection)
                yield tuple(values)


def _write(table: Table, connection: BaseDatabaseWrapper, rows: list[Row]) -> None:
    quoted = connection.ops.quote_name
    columns = ", ".join(map(quoted, table.columns))
    places = ", ".join(["%s"] * len(table.fields))
    sql = f"INSERT INTO {quoted(table.name)} ({columns}) VALUES ({places})"  # noqa: S608 (names from the models)
    adapted = [[_adapted(value, connection) for value in row] for row in rows]
    try:
        _insert(connection, sql, adapted)
    except (DataError, IntegrityError):
        for row in adapted:
            try:
                _insert(connection, sql, [row])
            except (DataError, IntegrityError) as problem:
                key = row[table.fields.index(table.pk)]
                raise DoesNotFit(f"{table.name}, row {key}: {str(problem).splitlines()[0]}") from None


def _insert(connection: BaseDatabaseWrapper, sql: str, rows: list[list[Any]]) -> None:
    with transaction.atomic(connection.alias), connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def _adapted(value: Any, connection: BaseDatabaseWrapper) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


def _told(table: Table, row: Row) -> str:
    """The row as a text that is the same for both databases."""
    return json.dumps([*map(_plain, table.fields, row)], sort_keys=True)


def _plain(field: models.Field[Any, Any], value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | UUID):
        return str(value)
    if isinstance(field, models.JSONField) and value is not None:
        return json.loads(value, parse_float=_number)
    return value


def _number(text: str) -> float:
    """PostgreSQL gives back 1e16 as 10000000000000000."""
    number = float(text)
    return int(number) if number.is_integer() else number


def last_number(table: Table, connection: BaseDatabaseWrapper) -> int:
    """The last number that the table gave to a row, which may be gone by now; 0 where rows are not numbered."""
    quoted = connection.ops.quote_name
    if not isinstance(table.pk, models.AutoField):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max({quoted(str(table.pk.column))}) FROM {quoted(table.name)}")  # noqa: S608 (as above)
        numbers = cursor.fetchall()
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table.name])
        else:
            cursor.execute(f"SELECT pg_sequence_last_value({SEQUENCE})", [quoted(table.name), table.pk.column])
        return max(number or 0 for (number,) in [*numbers, *cursor.fetchall()])


def go_on_from(number: int, table: Table, connection: BaseDatabaseWrapper) -> None:
    """Numbers the table's next rows from there, so that nobody gets the number of somebody who is gone."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table.name])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table.name, number])
        else:
            quoted = connection.ops.quote_name(table.name)
            cursor.execute(f"SELECT setval({SEQUENCE}, %s)", [quoted, table.pk.column, number])


def put_off_own_references(table: Table, connection: BaseDatabaseWrapper) -> None:
    """Lets a row refer to one of the same table that comes later, until the transaction ends. For PostgreSQL."""
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, table.name)
        for name, told in constraints.items():
            if told["foreign_key"] and told["foreign_key"][0] == table.name:
                cursor.execute(f"SET CONSTRAINTS {connection.ops.quote_name(name)} DEFERRED")


def lock(found: Iterable[Table], connection: BaseDatabaseWrapper) -> None:
    """Nobody else writes into these tables until the transaction ends. On SQLite that holds from its beginning."""
    if connection.vendor == "postgresql":
        names = ", ".join(connection.ops.quote_name(table.name) for table in found)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20s'")
            cursor.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")
