"""Makes the tables and indexes of the search anew: they know each generation's model, PostgreSQL's its time too.

A million prompts take some minutes. Going back leaves them: the release before reads what it knows of them.
"""

from typing import Any

from django.db import migrations

from generations import search_marks, search_tables


def make_anew(apps: Any, schema_editor: Any) -> None:
    search_marks.remove(schema_editor)
    search_tables.remove(schema_editor)
    search_tables.install(schema_editor)
    search_marks.install(schema_editor)


class Migration(migrations.Migration):

    dependencies = [("generations", "0018_search_marks")]

    operations = [migrations.RunPython(make_anew, migrations.RunPython.noop)]
