"""The column of a link's one generation goes. On the way back it is filled again with the first of its items."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone


def backwards(apps: Any, schema_editor: Any) -> None:
    """What the older release cannot hold goes; what it would show to more people is taken back."""
    Share = apps.get_model("generations", "Share")
    # It shows whatever the link names, so only what is its maker's own.
    own = apps.get_model("generations", "ShareItem").objects.filter(
        share=OuterRef("pk"), generation__owner=F("share__created_by")
    )
    Share.objects.update(generation=Subquery(own.order_by("number", "pk").values("generation")[:1]))
    Share.objects.filter(generation=None).delete()
    now = timezone.now()
    Share.objects.filter(~Q(password="") | Q(expires_at__lt=now), revoked_at=None).update(revoked_at=now)
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # it alters no table with checks to come


class Migration(migrations.Migration):
    dependencies = [("generations", "0011_share_items")]

    operations = [
        migrations.AlterField(
            model_name="share",
            name="generation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="generations.generation",
            ),
        ),
        migrations.RunPython(migrations.RunPython.noop, backwards),
        migrations.RemoveField(model_name="share", name="generation"),
    ]
