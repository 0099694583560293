"""The table of the gallery's cache. Wrong passwords of links are counted with all others, in accounts."""

from typing import Any

from django.core.management import call_command
from django.db import migrations


def create_cache_table(apps: Any, schema_editor: Any) -> None:
    call_command("createcachetable", "gallery_cache", database=schema_editor.connection.alias)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_throttle'),
        ('generations', '0002_draft'),
    ]

    operations = [
        migrations.RunPython(create_cache_table, migrations.RunPython.noop),
        migrations.DeleteModel(
            name='WrongPasswords',
        ),
    ]
