"""Who put what into a collection is known of all of it: so far "nobody" meant its maker, or somebody who is gone."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def name_the_makers(apps: Any, schema_editor: Any) -> None:
    owner = apps.get_model("generations", "Generation").objects.filter(pk=OuterRef("generation")).values("owner")
    items = apps.get_model("generations", "CollectionItem").objects.filter(added_by=None)
    items.update(added_by=Subquery(owner))


class Migration(migrations.Migration):

    dependencies = [
        ("generations", "0015_search_newest_first"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(name_the_makers, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="collectionitem",
            name="added_by",
            field=models.ForeignKey(
                help_text="Empty: who did it is gone.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="share",
            name="nonce",
            field=models.UUIDField(help_text="One button of one page makes one link.", null=True),
        ),
        migrations.AddConstraint(
            model_name="share",
            constraint=models.UniqueConstraint(fields=("created_by", "nonce"), name="one_link_per_button"),
        ),
    ]
