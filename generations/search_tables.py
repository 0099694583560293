"""The tables, indexes and triggers behind `models.search`, as migrations make them.

On SQLite Django changes a column by making the table anew, and the triggers go with the old one: a migration that does
so to `generations_generation` ends with `install_triggers` (a test asks for it).
"""

from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError

from generations.search_keys import POSTGRESQL_KEYS, SQLITE_MARKS

TABLE = "generations_generation"
SEARCHABLE = "generations_searchable"
PLACES = "generations_searchable_place"
PLACES_A_SECOND = 8
BETWEEN = "\x01"  # stands between the characters of the text that serves one and two letters


NEEDS_SQLITE = "Searching prompts needs SQLite 3.34 or newer with FTS5 (its trigram tokenizer); this is {version}."
NEEDS_TRIGRAMS = (
    "Searching prompts needs PostgreSQL's extension pg_trgm, and this role may not create it. Let an administrator run "
    'CREATE EXTENSION pg_trgm; in the database "{database}" once (managed servers offer it among their extensions; on '
    "Debian it is in the package postgresql-contrib), then migrate again. The database said: {error}"
)


def install(schema_editor: Any) -> None:
    """Makes all of it, and reads the prompts that are there."""
    if schema_editor.connection.vendor == "sqlite":
        _need_trigram_tokenizer(schema_editor)
        run(schema_editor, _SQLITE_TABLES)
        fill(schema_editor)
    else:
        _need_trigram_extension(schema_editor)
        run(schema_editor, _POSTGRESQL_TABLES)
        fill(schema_editor)
        run(schema_editor, [*_POSTGRESQL_INDEXES, f"ANALYZE {SEARCHABLE}"])
    install_triggers(schema_editor)


def install_triggers(schema_editor: Any) -> None:
    """Makes the triggers, again if need be."""
    remove_triggers(schema_editor)
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    run(schema_editor, _SQLITE_TRIGGERS.values() if is_sqlite else _POSTGRESQL_TRIGGERS)


def remove_triggers(schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        run(schema_editor, [f"DROP TRIGGER IF EXISTS {name}" for name in _SQLITE_TRIGGERS])
    else:
        for name in ("generations_searchable_row", "generations_searchable_truncate"):
            run(schema_editor, [f"DROP TRIGGER IF EXISTS {name} ON {TABLE}"])


def remove(schema_editor: Any) -> None:
    """Removes all of it; the extension stays, others may use it."""
    remove_triggers(schema_editor)
    run(schema_editor, [f"DROP TABLE IF EXISTS {SEARCHABLE}", f"DROP TABLE IF EXISTS {PLACES}"])
    if schema_editor.connection.vendor != "sqlite":
        run(
            schema_editor,
            [
                "DROP FUNCTION IF EXISTS generations_searchable_follow()",
                "DROP FUNCTION IF EXISTS generations_pairs(text, boolean)",
            ],
        )


def fill(schema_editor: Any) -> None:
    """Reads all prompts anew."""
    run(schema_editor, _SQLITE_FILL if schema_editor.connection.vendor == "sqlite" else _POSTGRESQL_FILL)


def run(schema_editor: Any, statements: Iterable[str]) -> None:
    for statement in statements:
        schema_editor.execute(statement)


# SQLite
#
# The rowids of an FTS5 table are the order in which it reads, forwards a third faster than backwards. So they are made
# of the second a generation was made in, 8 for each, and count down: those of one second follow each other as they
# come, and go on in the next when it is full. The index keeps the steps from one to the next, and is read fast where
# most of them have the same length in bytes: with 8 places a second and a million generations in two years, those of a
# common trigram have two (with 64, which is some two or three, reading took 12 to 28 % longer).
# The table of places keeps which row is whose (the generations' own rowids change with VACUUM) and is what FTS5
# takes for the content; its `words` are always null, since the prompts are in the generations already.
#
# detail=none: an index of which rows have a trigram, not where; a third of the size, and the rows found are compared
# with the words anyway. Each text has its marks, the prompt, and the prompt again with a character
# between all of its characters, which makes trigrams of one and of two of them.

# In blocks first: SQLite counts to a character from the beginning of its text, which is slow far from it.
_BLOCK = 128
_CHARACTERS = (
    "(WITH RECURSIVE step(at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM step WHERE at < length(text))"
    " SELECT group_concat(substr(text, at, 1), char(1)) FROM step)"
)
_SPREAD = (
    f"(WITH RECURSIVE block(at, text) AS (SELECT 1, substr({{row}}.prompt, 1, {_BLOCK}) UNION ALL"
    f" SELECT at + {_BLOCK}, substr({{row}}.prompt, at + {_BLOCK}, {_BLOCK}) FROM block"
    f" WHERE at + {_BLOCK} <= length({{row}}.prompt)) SELECT group_concat({_CHARACTERS}, char(1)) FROM block)"
)
_TEXT = f"{SQLITE_MARKS} || char(2) || {{row}}.prompt || char(1) || {_SPREAD} || char(1)"
# Without what is behind the second, which strftime would round.
_FIRST = f"(CAST(strftime('%%s', substr({{row}}.created_at, 1, 19)) AS INTEGER) * -{PLACES_A_SECOND})"
# The next place of that second. When all of them are taken: the next free one of those after it, and where thousands
# came together one before all, for an order that is not quite right is better than a generation that cannot be saved.
_PLACE = f"""
    SELECT CASE
        WHEN newest IS NULL THEN first
        WHEN newest > last THEN newest - 1
        ELSE coalesce(
            (
                SELECT max(place) - 1
                FROM (SELECT place FROM {PLACES} WHERE place <= last ORDER BY place DESC LIMIT 2000) taken
                WHERE NOT EXISTS (SELECT 1 FROM {PLACES} WHERE place = taken.place - 1)
            ),
            (SELECT min(place) - 1 FROM {PLACES})
        )
    END FROM (
        SELECT first, last, (SELECT min(place) FROM {PLACES} WHERE place BETWEEN last AND first) AS newest
        FROM (SELECT {_FIRST} AS first, {_FIRST} - {PLACES_A_SECOND - 1} AS last)
    )
"""
_ENTER = f"""
    INSERT INTO {PLACES} (place, generation_id) VALUES (({_PLACE.format(row="NEW")}), NEW.id);
    INSERT INTO {SEARCHABLE} (rowid, words, generation_id)
        SELECT place, {_TEXT.format(row="NEW")}, NEW.id FROM {PLACES} WHERE generation_id = NEW.id;
"""
_LEAVE = f"""
    INSERT INTO {SEARCHABLE} ({SEARCHABLE}, rowid, words, generation_id)
        SELECT 'delete', place, {_TEXT.format(row="OLD")}, OLD.id FROM {PLACES} WHERE generation_id = OLD.id;
    DELETE FROM {PLACES} WHERE generation_id = OLD.id;
"""
_TOLD = ("prompt", "owner_id", "model_id", "created_at", "id")
_CHANGED = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in _TOLD)

_SQLITE_TABLES = [
    f"CREATE TABLE {PLACES} (place integer PRIMARY KEY, generation_id char(32) NOT NULL UNIQUE, words text)",
    f"""
    CREATE VIRTUAL TABLE {SEARCHABLE} USING fts5(
        words, generation_id UNINDEXED, content='{PLACES}', content_rowid='place', tokenize='trigram', detail=none
    )""",
]
_SQLITE_TRIGGERS = {
    "generations_searchable_insert": f"""
        CREATE TRIGGER generations_searchable_insert AFTER INSERT ON {TABLE} BEGIN {_ENTER} END""",
    "generations_searchable_update": f"""
        CREATE TRIGGER generations_searchable_update AFTER UPDATE OF {", ".join(_TOLD)} ON {TABLE}
        WHEN {_CHANGED} BEGIN {_LEAVE} {_ENTER} END""",
    "generations_searchable_delete": f"""
        CREATE TRIGGER generations_searchable_delete AFTER DELETE ON {TABLE} BEGIN {_LEAVE} END""",
}
_SQLITE_FILL = [
    f"INSERT INTO {SEARCHABLE} ({SEARCHABLE}) VALUES ('delete-all')",
    f"DELETE FROM {PLACES}",
    # Each the first of its second, or the next after the one before it.
    f"""
    INSERT INTO {PLACES} (place, generation_id)
        SELECT min(first + number) OVER (ORDER BY number) - number, id FROM (
            SELECT {_FIRST.format(row="g")} AS first, row_number() OVER (ORDER BY created_at, id) AS number, id
            FROM {TABLE} g
        )""",
    f"""
    INSERT INTO {SEARCHABLE} (rowid, words, generation_id)
        SELECT place, {_TEXT.format(row="g")}, g.id
        FROM {PLACES} p CROSS JOIN {TABLE} g ON g.id = p.generation_id ORDER BY place""",
    # In one piece it is read a twentieth faster, for a twentieth of the time that this has taken so far.
    f"INSERT INTO {SEARCHABLE} ({SEARCHABLE}) VALUES ('optimize')",
]


def _need_trigram_tokenizer(schema_editor: Any) -> None:
    from sqlite3 import sqlite_version

    try:
        schema_editor.execute("CREATE VIRTUAL TABLE generations_try USING fts5(words, tokenize='trigram')")
        schema_editor.execute("DROP TABLE generations_try")
    except DatabaseError as error:
        raise RuntimeError(NEEDS_SQLITE.format(version=sqlite_version)) from error


# PostgreSQL

_POSTGRESQL_TABLES = [
    f"""
    CREATE TABLE {SEARCHABLE} (
        generation_id uuid PRIMARY KEY,
        owner_id bigint NOT NULL,
        created_at timestamptz NOT NULL,
        keys bigint[] NOT NULL,
        words text NOT NULL
    )""",
    # The characters of a text and its pairs of neighbours, or the pairs alone.
    """
    CREATE FUNCTION generations_pairs(words text, singles boolean) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT CASE WHEN singles THEN string_to_array(words, NULL) ELSE '{}' END || coalesce((
            SELECT array_agg(one || next)
            FROM unnest(string_to_array(words, NULL), (string_to_array(words, NULL))[2:]) AS step(one, next)
            WHERE next IS NOT NULL
        ), '{}')
    $$""",
]
# With a short list of what is not in the index proper yet: it is read whole by every search.
_GIN = "WITH (fastupdate = on, gin_pending_list_limit = 256)"
# The keys, the trigrams, and for words that have none (4k, 猫, %) the characters and pairs. In one index, which steps
# through all their lists together; those of several would be read whole first. It begins with those of the first
# columns: the keys of a stretch of time keep all others within that.
POSTGRESQL_GIN = f'USING gin (keys, (generations_pairs(words, true)) COLLATE "C", words gin_trgm_ops) {_GIN}'
_POSTGRESQL_INDEXES = [
    f"CREATE INDEX generations_searchable_words ON {SEARCHABLE} {POSTGRESQL_GIN}",
    # A person's newest, deleted or not.
    f"CREATE INDEX generations_searchable_own ON {SEARCHABLE} (owner_id, created_at DESC, generation_id DESC)",
]
_POSTGRESQL_FILL = [
    f"TRUNCATE {SEARCHABLE}",
    f"""
    INSERT INTO {SEARCHABLE} (generation_id, owner_id, created_at, keys, words)
        SELECT id, owner_id, created_at, {POSTGRESQL_KEYS.format(row="g")}, upper(prompt)
        FROM {TABLE} g ORDER BY created_at""",
]
_POSTGRESQL_TRIGGERS = [
    f"""
    CREATE OR REPLACE FUNCTION generations_searchable_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'TRUNCATE' THEN
            TRUNCATE {SEARCHABLE};
            RETURN NULL;
        END IF;
        IF TG_OP = 'UPDATE' THEN
            IF {" AND ".join(f"NEW.{column} = OLD.{column}" for column in _TOLD)} THEN
                RETURN NULL;
            END IF;
        END IF;
        IF TG_OP <> 'INSERT' THEN
            DELETE FROM {SEARCHABLE} WHERE generation_id = OLD.id;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            INSERT INTO {SEARCHABLE} (generation_id, owner_id, created_at, keys, words)
                VALUES (NEW.id, NEW.owner_id, NEW.created_at, {POSTGRESQL_KEYS.format(row="NEW")}, upper(NEW.prompt));
        END IF;
        RETURN NULL;
    END $$""",
    f"""
    CREATE TRIGGER generations_searchable_row
        AFTER INSERT OR DELETE OR UPDATE OF {", ".join(_TOLD)} ON {TABLE}
        FOR EACH ROW EXECUTE FUNCTION generations_searchable_follow()""",
    f"""
    CREATE TRIGGER generations_searchable_truncate AFTER TRUNCATE ON {TABLE}
        FOR EACH STATEMENT EXECUTE FUNCTION generations_searchable_follow()""",
]


def _need_trigram_extension(schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
        if cursor.fetchone():
            return
    try:
        schema_editor.execute("CREATE EXTENSION pg_trgm")
    except DatabaseError as error:
        database = schema_editor.connection.settings_dict["NAME"]
        raise RuntimeError(NEEDS_TRIGRAMS.format(database=database, error=error)) from error
