"""SQLite's index of the search is made anew, with places that lie nearer together: it is smaller, and read faster.

A million prompts take some minutes. Going back leaves none on SQLite: the release before would find the wrong days in
it without a word.
"""

from typing import Any

from django.db import migrations

from generations import search_marks, search_tables


def make_anew(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        remove(apps, schema_editor)
        search_tables.install(schema_editor)
        search_marks.install(schema_editor)


def remove(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        search_marks.remove(schema_editor)
        search_tables.remove(schema_editor)


class Migration(migrations.Migration):

    dependencies = [("generations", "0020_search_marks_of_postgresql")]

    operations = [migrations.RunPython(make_anew, remove)]
