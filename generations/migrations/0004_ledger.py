"""The credits ledger, with what was charged before it, and projects."""

import datetime
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from importlib import import_module
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models import Case, Count, F, Q, Sum, When
from django.db.models.functions import Coalesce, Greatest, TruncDate
from django.utils import timezone

# Nobody changes what was booked.
PUT_UP = {
    "postgresql": [
        """
        CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'The ledger is append-only.'; END $$
        """,
        """
        CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON generations_ledgerentry
        FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only()
        """,
    ],
    "sqlite": [
        """
        CREATE TRIGGER ledger_refuses_updates BEFORE UPDATE ON generations_ledgerentry
        BEGIN SELECT RAISE(ABORT, 'The ledger is append-only.'); END
        """,
        """
        CREATE TRIGGER ledger_refuses_deletes BEFORE DELETE ON generations_ledgerentry
        BEGIN SELECT RAISE(ABORT, 'The ledger is append-only.'); END
        """,
    ],
}
TAKE_DOWN = {
    "postgresql": ["DROP TRIGGER ledger_is_append_only ON generations_ledgerentry", "DROP FUNCTION ledger_is_append_only()"],
    "sqlite": ["DROP TRIGGER ledger_refuses_updates", "DROP TRIGGER ledger_refuses_deletes"],
}

# What a generation of before counts for; `generations.models.ledger.standing` said the same when this was written.
CREDITS = models.BigIntegerField()
ANNOUNCED = Coalesce("credits_estimated_most", "credits_estimated", 0, output_field=CREDITS)
IS_TAKEN = Q(status__in=["running", "done", "failed"]) | Q(status="stalled", credits_used__isnull=False)
IS_RESERVED = Q(status__in=["queued", "sending"]) | Q(status="stalled", credits_used=None)
IS_REFUNDED = Q(status="failed", credits_status="refunded")
CHARGE = Greatest(Coalesce("credits_used", ANNOUNCED, output_field=CREDITS), 0, output_field=CREDITS)
SUMS = {
    "generations": Count("pk"),
    "done": Count("pk", filter=Q(status="done")),
    "failed": Count("pk", filter=Q(status="failed")),
    "announced": Sum(ANNOUNCED, filter=IS_TAKEN, default=0),
    "reserved": Sum(ANNOUNCED, filter=IS_RESERVED, default=0),
    "charged": Sum(CHARGE, filter=IS_TAKEN & ~IS_REFUNDED, default=0),
    "refunded": Sum(CHARGE, filter=IS_REFUNDED, default=0),
    "unrefunded": Sum(CHARGE, filter=Q(status="failed") & ~IS_REFUNDED, default=0),
}


def _run(statements: list[str], schema_editor: Any) -> None:
    for statement in statements:
        schema_editor.execute(statement, params=None)


def put_up(apps: Any, schema_editor: Any) -> None:
    _run(PUT_UP[schema_editor.connection.vendor], schema_editor)


def take_down(apps: Any, schema_editor: Any) -> None:
    _run(TAKE_DOWN[schema_editor.connection.vendor], schema_editor)


def put_search_triggers_back(apps: Any, schema_editor: Any) -> None:
    """SQLite adds a column by making the table anew, and the old one takes its triggers with it."""
    if schema_editor.connection.vendor == "sqlite":
        _run(import_module("generations.migrations.0001_initial").SQLITE[1:], schema_editor)


def book_what_was(apps: Any, schema_editor: Any) -> None:
    Generation = apps.get_model("generations", "Generation")
    DailyUsage = apps.get_model("generations", "DailyUsage")
    LedgerEntry = apps.get_model("generations", "LedgerEntry")
    day = TruncDate("created_at", tzinfo=timezone.get_default_timezone())
    Generation.objects.update(counted_on=day)
    by = Generation.objects.values("owner_id", "model_id", "media_type", day=F("counted_on")).order_by().annotate(**SUMS)
    DailyUsage.objects.bulk_create((DailyUsage(**row) for row in by), batch_size=500)
    reserved = Case(When(IS_RESERVED, then=ANNOUNCED), default=0, output_field=CREDITS)
    charged = Case(When(IS_TAKEN & ~IS_REFUNDED, then=CHARGE), default=0, output_field=CREDITS)
    rows = Generation.objects.annotate(now_reserved=reserved, now_charged=charged)
    rows = rows.filter(Q(now_reserved__gt=0) | Q(now_charged__gt=0))
    values = rows.values_list("pk", "changed_at", "now_reserved", "now_charged").iterator(2000)
    while batch := list(islice(values, 2000)):
        LedgerEntry.objects.bulk_create(
            LedgerEntry(
                generation_id=pk, at=at, kind="settle" if credits else "reserve", reserved=waiting, charged=credits
            )
            for pk, at, waiting, credits in batch
        )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_throttle'),
        ('generations', '0003_gallery_cache'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='generation',
            name='counted_on',
            field=models.DateField(default=datetime.date(2000, 1, 1), help_text='The day its credits count for: when it was last queued.'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='generation',
            name='error_code',
            field=models.CharField(blank=True, help_text="Meigen's code in that answer.", max_length=64),
        ),
        migrations.AddField(
            model_name='generation',
            name='needs_approval',
            field=models.BooleanField(default=False, help_text='Until somebody has approved of its click.'),
        ),
        migrations.CreateModel(
            name='LedgerEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(choices=[('reserve', 'Reserved'), ('settle', 'Charged'), ('release', 'Released')], max_length=7)),
                ('reserved', models.BigIntegerField(default=0, help_text='Credits, more or fewer than before.')),
                ('charged', models.BigIntegerField(default=0, help_text='Credits, more or fewer than before.')),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='generations.generation')),
            ],
            options={
                'verbose_name_plural': 'ledger entries',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='Name')),
                ('code', models.CharField(blank=True, help_text='As your accounting knows it.', max_length=40, verbose_name='Cost code')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ('closed_at', models.DateTimeField(blank=True, help_text='Nothing new is booked on it.', null=True, verbose_name='Closed')),
            ],
            options={
                'ordering': [django.db.models.functions.text.Lower('name')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='project_names_differ')],
            },
        ),
        migrations.CreateModel(
            name='DailyUsage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('model_id', models.CharField(max_length=200)),
                ('media_type', models.CharField(max_length=5)),
                ('generations', models.BigIntegerField(default=0)),
                ('done', models.BigIntegerField(default=0)),
                ('failed', models.BigIntegerField(default=0)),
                ('announced', models.BigIntegerField(default=0, help_text='At most, for what was charged or refunded.')),
                ('reserved', models.BigIntegerField(default=0, help_text='May still be charged.')),
                ('charged', models.BigIntegerField(default=0, help_text='Without refunds.')),
                ('refunded', models.BigIntegerField(default=0)),
                ('unrefunded', models.BigIntegerField(default=0, help_text='Charged for what failed.')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generations.project')),
            ],
            options={
                'verbose_name_plural': 'daily usage',
            },
        ),
        migrations.AddField(
            model_name='generation',
            name='project',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='generations.project'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None), ('project__isnull', False)), fields=['owner', 'project', '-created_at', '-id'], name='own_of_project'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('project__isnull', False)), fields=['project', '-created_at', '-id'], name='of_project'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('error_code', ''), _negated=True), fields=['error_code', '-created_at', '-id'], name='by_error_code'),
        ),
        migrations.AddIndex(
            model_name='dailyusage',
            index=models.Index(fields=['owner', 'day'], name='usage_of_person'),
        ),
        migrations.AddConstraint(
            model_name='dailyusage',
            constraint=models.UniqueConstraint(fields=('day', 'owner', 'project', 'model_id', 'media_type'), name='usage_once_a_day_in_project'),
        ),
        migrations.AddConstraint(
            model_name='dailyusage',
            constraint=models.UniqueConstraint(condition=models.Q(('project', None)), fields=('day', 'owner', 'model_id', 'media_type'), name='usage_once_a_day_without_project'),
        ),
        migrations.RunPython(put_search_triggers_back, migrations.RunPython.noop),
        migrations.RunPython(book_what_was, migrations.RunPython.noop),
        migrations.RunPython(put_up, take_down),
    ]
