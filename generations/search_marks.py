"""SQLite: where in the index the stars and the items of collections stand, in a table that triggers keep.

Without it a search among them would read the table of places for every row found, each from another page of the file.
PostgreSQL has none of it: it joins what was found to the stars and items themselves.

On SQLite Django changes a column by making the table anew, and the triggers go with the old one: a migration that does
so to the stars or items begins with `remove` and ends with `install` (a test asks for the triggers).
"""

from typing import Any

from generations.search_tables import PLACES

MARKS = "generations_searchable_mark"


def install(schema_editor: Any) -> None:
    """Makes the triggers, and the table from the stars, items and places that are there."""
    if schema_editor.connection.vendor == "sqlite":
        remove(schema_editor)
        for statement in [_TABLE, _FILL, *TRIGGERS.values()]:
            schema_editor.execute(statement)


def remove(schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        for statement in [*(f"DROP TRIGGER IF EXISTS {name}" for name in TRIGGERS), f"DROP TABLE IF EXISTS {MARKS}"]:
            schema_editor.execute(statement)


# What is read at once is of one person or collection: so these lie together, in the order of the index.
_TABLE = f"""
    CREATE TABLE {MARKS} (whose text NOT NULL, place integer NOT NULL, PRIMARY KEY (whose, place)) WITHOUT ROWID"""

# Whose they are. As text, a person's id too: beside a number SQLite would compare the column as one, without its index.
_COLUMNS = {"generations_star": "user_id", "generations_collectionitem": "collection_id"}
_WHOSE = "CAST({row}{column} AS text)"
_MARKED = " UNION ALL ".join(
    f"SELECT {_WHOSE.format(row='', column=column)} AS whose, generation_id FROM {table}"
    for table, column in _COLUMNS.items()
)
_FILL = f"INSERT INTO {MARKS} (whose, place) SELECT whose, place FROM ({_MARKED}) JOIN {PLACES} USING (generation_id)"


def _follow(table: str, column: str) -> dict[str, str]:
    """The triggers of a table of marks, by their names."""
    enter = f"""
        INSERT OR IGNORE INTO {MARKS} (whose, place)
            SELECT {_WHOSE.format(row="NEW.", column=column)}, place FROM {PLACES}
            WHERE generation_id = NEW.generation_id;"""
    leave = f"""
        DELETE FROM {MARKS} WHERE whose = {_WHOSE.format(row="OLD.", column=column)}
            AND place = (SELECT place FROM {PLACES} WHERE generation_id = OLD.generation_id);"""
    does = {"INSERT": enter, f"UPDATE OF {column}, generation_id": leave + enter, "DELETE": leave}
    return dict(_trigger(table, event, body) for event, body in does.items())


def _trigger(table: str, event: str, body: str) -> tuple[str, str]:
    name = f"{MARKS}_{table.rpartition('_')[2]}_{event.partition(' ')[0].lower()}"
    return name, f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN {body} END"


TRIGGERS = dict(
    [
        *(trigger for table, column in _COLUMNS.items() for trigger in _follow(table, column).items()),
        # A row's place is made anew with its prompt.
        _trigger(
            PLACES,
            "INSERT",
            f"""
            INSERT OR IGNORE INTO {MARKS} (whose, place)
                SELECT whose, NEW.place FROM ({_MARKED}) WHERE generation_id = NEW.generation_id;""",
        ),
        _trigger(
            PLACES,
            "DELETE",
            f"""
            DELETE FROM {MARKS} WHERE place = OLD.place
                AND whose IN (SELECT whose FROM ({_MARKED}) WHERE generation_id = OLD.generation_id);""",
        ),
    ]
)
