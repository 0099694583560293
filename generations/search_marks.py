"""The stars and the items of collections as the index of the search wants them, in a table that triggers keep.

Without it a search among them would look up every row found among the stars or items. SQLite's says where in the index
each stands. PostgreSQL's has the words of each again, and an index of its own, in which the few that match are found
together: the index of all has a thousand times as many.

On SQLite Django changes a column by making the table anew, and the triggers go with the old one: a migration that does
so to the stars or items begins with `remove` and ends with `install` (a test asks for the triggers).
"""

from typing import Any

from generations.search_keys import POSTGRESQL_COLLECTION_KEY, POSTGRESQL_STAR_KEY
from generations.search_tables import PLACES, POSTGRESQL_GIN, SEARCHABLE, run

MARKS = "generations_searchable_mark"
STARS, ITEMS = "generations_star", "generations_collectionitem"


def install(schema_editor: Any) -> None:
    """Makes the triggers, and the table from the stars, items and prompts that are there."""
    remove(schema_editor)
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    run(schema_editor, [_TABLE, _FILL, *TRIGGERS.values()] if is_sqlite else _POSTGRESQL)


def remove(schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        run(schema_editor, [f"DROP TRIGGER IF EXISTS {name}" for name in TRIGGERS])
    else:  # the triggers go with their functions
        run(schema_editor, [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in _FUNCTIONS.values()])
    run(schema_editor, [f"DROP TABLE IF EXISTS {MARKS}"])


# SQLite

# What is read at once is of one person or collection: so these lie together, in the order of the index.
_TABLE = f"""
    CREATE TABLE {MARKS} (whose text NOT NULL, place integer NOT NULL, PRIMARY KEY (whose, place)) WITHOUT ROWID"""

# Whose they are. As text, a person's id too: beside a number SQLite would compare the column as one, without its index.
_COLUMNS = {STARS: "user_id", ITEMS: "collection_id"}
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


# PostgreSQL

_KEYS = {STARS: POSTGRESQL_STAR_KEY, ITEMS: POSTGRESQL_COLLECTION_KEY}
# A key may be that of several, so `whose` tells too.
_POSTGRESQL_TABLE = f"""
    CREATE TABLE {MARKS} (
        whose text NOT NULL,
        generation_id uuid NOT NULL,
        owner_id bigint NOT NULL,
        created_at timestamptz NOT NULL,
        keys bigint[] NOT NULL,
        words text NOT NULL,
        PRIMARY KEY (generation_id, whose)
    )"""
_POSTGRESQL_WHOSE = "replace({row}.{column}::text, '-', '')"


def _enter(table: str, marks: str, words: str) -> str:
    """Of the rows of a table of marks those of the rows of the words, which may be one row of a trigger."""
    return f"""
        INSERT INTO {MARKS} (whose, generation_id, owner_id, created_at, keys, words)
            SELECT {_POSTGRESQL_WHOSE.format(row="mark", column=_COLUMNS[table])}, generation_id, found.owner_id,
                found.created_at, found.keys || {_KEYS[table].format(row="mark")}, found.words
            FROM {marks} AS mark JOIN {words} AS found USING (generation_id)
            ON CONFLICT DO NOTHING;"""


_POSTGRESQL_FILL = [_enter(table, table, SEARCHABLE) for table in _COLUMNS]


# What follows which table.
_FUNCTIONS = {table: f"{MARKS}_of_{table}" for table in (STARS, ITEMS, SEARCHABLE)}


def _followed(table: str, changed: str, *, truncated: str, leave: str, enter: str) -> list[str]:
    """A function and the triggers by which it follows a table, as far as these columns of its rows go."""
    name = _FUNCTIONS[table]
    return [
        f"""
        CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'TRUNCATE' THEN
                TRUNCATE {MARKS}; {truncated}
                RETURN NULL;
            END IF;
            IF TG_OP <> 'INSERT' THEN {leave} END IF;
            IF TG_OP <> 'DELETE' THEN {enter} END IF;
            RETURN NULL;
        END $$""",
        f"""
        CREATE TRIGGER {name} AFTER INSERT OR DELETE OR UPDATE OF {changed} ON {table}
        FOR EACH ROW EXECUTE FUNCTION {name}()""",
        f"CREATE TRIGGER {name}_all AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


_ROW = "(SELECT NEW.*)"
_LEAVE = f"DELETE FROM {MARKS} WHERE generation_id = OLD.generation_id"
_POSTGRESQL = [
    _POSTGRESQL_TABLE,
    *_POSTGRESQL_FILL,
    f"CREATE INDEX {MARKS}_words ON {MARKS} {POSTGRESQL_GIN}",
    f"ANALYZE {MARKS}",
    *(
        statement
        for table, column in _COLUMNS.items()
        for statement in _followed(
            table,
            f"{column}, generation_id",
            truncated="".join(_POSTGRESQL_FILL),  # those of the others
            leave=f"{_LEAVE} AND whose = {_POSTGRESQL_WHOSE.format(row='OLD', column=column)};",
            enter=_enter(table, _ROW, SEARCHABLE),
        )
    ),
    # A row is made anew with its prompt.
    *_followed(
        SEARCHABLE,
        "generation_id, owner_id, created_at, keys, words",
        truncated="",
        leave=f"{_LEAVE};",
        enter="".join(_enter(table, table, _ROW) for table in _COLUMNS),
    ),
]
