"""PostgreSQL searches among stars and in collections by a table of their words, which has an index of its own."""

from typing import Any

from django.db import migrations

from generations import search_marks


def install(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        search_marks.install(schema_editor)


def remove(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        search_marks.remove(schema_editor)


class Migration(migrations.Migration):

    dependencies = [("generations", "0019_search_keys")]

    operations = [migrations.RunPython(install, remove)]
