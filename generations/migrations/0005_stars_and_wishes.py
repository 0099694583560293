"""Stars become rows of their own, and every generation gets the fingerprint of what was wanted."""

import hashlib
import json
from typing import Any

from django.db import migrations


def forwards(apps: Any, schema_editor: Any) -> None:
    Generation = apps.get_model("generations", "Generation")
    Star = apps.get_model("generations", "Star")
    starred = Generation.objects.filter(starred_at__isnull=False).values_list("owner_id", "pk", "starred_at")
    stars = (Star(user_id=owner, generation_id=pk, at=at) for owner, pk, at in starred.iterator())
    Star.objects.bulk_create(stars, ignore_conflicts=True, batch_size=500)
    for row in Generation.objects.filter(wish="").only("body").iterator():
        # As models.wish_of does it at the time of this migration.
        fields = json.loads(row.body)
        wanted = {name: value for name, value in fields.items() if name not in {"idempotencyKey", "referenceImages"}}
        wanted["prompt"] = " ".join(str(wanted.get("prompt", "")).split())
        uses = row.referenceuse_set.select_related("reference").order_by("number")
        references = [use.reference.sha256 or use.reference.public_url for use in uses]
        wish = hashlib.sha256(json.dumps([wanted, references], sort_keys=True).encode()).hexdigest()
        Generation.objects.filter(pk=row.pk).update(wish=wish)


class Migration(migrations.Migration):
    dependencies = [("generations", "0004_library")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
