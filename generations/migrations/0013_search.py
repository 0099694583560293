"""Searching prompts, and indexes for every list of the history."""

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

from generations import search_tables


def note_when_made(apps: Any, schema_editor: Any) -> None:
    Generation = apps.get_model("generations", "Generation")
    made_at = Subquery(Generation.objects.filter(pk=OuterRef("generation")).values("created_at"))
    for name in ("CollectionItem", "Star"):
        apps.get_model("generations", name).objects.update(made_at=made_at)


def install(apps: Any, schema_editor: Any) -> None:
    search_tables.install(schema_editor)


def remove(apps: Any, schema_editor: Any) -> None:
    search_tables.remove(schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_cache_table'),
        ('generations', '0012_remove_share_generation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Searchable',
            fields=[
                ('generation', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='searchable', serialize=False, to='generations.generation')),
                ('owner_id', models.BigIntegerField()),
                ('created_at', models.DateTimeField()),
                ('words', models.TextField(help_text='The prompt in capitals.')),
                ('place', models.BigIntegerField(db_column='rowid')),
                ('index', models.TextField(db_column='generations_searchable', help_text="FTS5's name for all its columns.")),
            ],
            options={
                'db_table': 'generations_searchable',
                'managed': False,
                'base_manager_name': 'objects',
            },
        ),
        migrations.RemoveIndex(
            model_name='generation',
            name='own_newest_first',
        ),
        migrations.RemoveIndex(
            model_name='generation',
            name='team_newest_first',
        ),
        migrations.RemoveIndex(
            model_name='generation',
            name='by_status',
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['status', '-created_at', '-id'], name='by_status'),
        ),
        migrations.AddField(
            model_name='collectionitem',
            name='made_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='star',
            name='made_at',
            field=models.DateTimeField(default=django.utils.timezone.now, editable=False),
            preserve_default=False,
        ),
        migrations.RunPython(note_when_made, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='collectionitem',
            index=models.Index(fields=['collection', '-made_at', '-generation'], name='collected_newest_first'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', '-created_at', '-id'], name='own_kept'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['-created_at', '-id'], name='all_newest_first'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', 'media_type', '-created_at', '-id'], name='own_of_kind'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None)), fields=['owner', 'model_id', '-created_at', '-id'], name='own_of_model'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None), ('status__in', ['queued', 'sending', 'running'])), fields=['owner', '-created_at', '-id'], name='own_waiting'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None), ('status__in', ['failed', 'rejected', 'stalled'])), fields=['owner', '-created_at', '-id'], name='own_trouble'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None), ('status', 'cancelled')), fields=['owner', '-created_at', '-id'], name='own_cancelled'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False)), fields=['owner', '-created_at', '-id'], name='own_deleted'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None), ('team_at__isnull', False)), fields=['-created_at', '-id'], name='of_team'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None), ('team_at__isnull', False)), fields=['model_id', '-created_at', '-id'], name='of_team_and_model'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None), ('status', 'rejected')), fields=['answer_status', 'finished_at'], name='refused_by_answer'),
        ),
        migrations.AddIndex(
            model_name='star',
            index=models.Index(fields=['user', '-made_at', '-generation'], name='starred_newest_first'),
        ),
        migrations.RunPython(install, remove),
    ]
