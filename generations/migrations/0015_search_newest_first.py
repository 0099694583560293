"""Makes the tables and indexes of the search anew: SQLite's count down, PostgreSQL has one index for all words.

A million prompts take some minutes. Going back leaves none: what the release before made is read the other way round,
so that its searches would be wrong without a word.
"""

from typing import Any

from django.db import migrations

from generations import search_tables


def make_anew(apps: Any, schema_editor: Any) -> None:
    search_tables.remove(schema_editor)
    search_tables.install(schema_editor)


def remove(apps: Any, schema_editor: Any) -> None:
    search_tables.remove(schema_editor)


class Migration(migrations.Migration):

    dependencies = [("generations", "0014_added_by")]

    operations = [migrations.RunPython(make_anew, remove)]
