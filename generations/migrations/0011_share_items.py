"""A link to one generation becomes a link whose only item it is."""

from typing import Any

from django.db import migrations


def forwards(apps: Any, schema_editor: Any) -> None:
    Share = apps.get_model("generations", "Share")
    ShareItem = apps.get_model("generations", "ShareItem")
    pairs = Share.objects.values_list("pk", "generation_id")
    items = (ShareItem(share_id=share, generation_id=generation) for share, generation in pairs.iterator())
    ShareItem.objects.bulk_create(items, ignore_conflicts=True, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("generations", "0010_shares")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
