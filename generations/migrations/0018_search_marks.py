"""SQLite searches among stars and in collections by a table of where these stand in its index."""

from typing import Any

from django.db import migrations, models

from generations import search_marks


def install(apps: Any, schema_editor: Any) -> None:
    search_marks.install(schema_editor)


def remove(apps: Any, schema_editor: Any) -> None:
    search_marks.remove(schema_editor)


class Migration(migrations.Migration):

    dependencies = [("generations", "0017_search_plans")]

    operations = [
        migrations.CreateModel(
            name="IndexMark",
            fields=[
                ("pk", models.CompositePrimaryKey("whose", "place", primary_key=True, serialize=False)),
                ("whose", models.TextField()),
                ("place", models.BigIntegerField()),
            ],
            options={
                "db_table": "generations_searchable_mark",
                "managed": False,
                "base_manager_name": "objects",
                "default_permissions": (),
            },
        ),
        migrations.RunPython(install, remove),
    ]
