"""All tables, and what makes prompts searchable."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import sqlite3
import uuid
from typing import Any

from django.conf import settings
from django.db import DatabaseError, migrations, models


# Searching prompts, see `generations.models.search`.

NEEDS_FTS5 = "Searching prompts needs SQLite 3.34 or newer with FTS5 (its trigram tokenizer); this is {version}."
NEEDS_PG_TRGM = (
    "Searching prompts needs PostgreSQL's extension pg_trgm, and this role may not create it. Let an administrator run "
    'CREATE EXTENSION pg_trgm; in the database "{database}" once (managed servers offer it among their extensions; on '
    "Debian it is in the package postgresql-contrib), then migrate again. The database said: {error}"
)
POSTGRESQL = "CREATE INDEX prompt_trigrams ON generations_generation USING gin (upper(prompt) gin_trgm_ops)"

# The rowid is the moment in microseconds times a thousand, so that the table is in the order of the lists; the next
# free one for what was made in the same microsecond. Django keeps a moment as text, without a fraction where that is 0.
FIRST = (
    "(CAST(strftime('%s', substr({row}.created_at, 1, 19)) AS INTEGER) * 1000000"
    " + CAST(substr({row}.created_at, 21, 6) AS INTEGER)) * 1000"
)
ENTER = """
    INSERT INTO generations_searchable (rowid, generation_id, prompt) SELECT
        coalesce((SELECT max(rowid) + 1 FROM generations_searchable WHERE rowid BETWEEN first AND first + 999), first),
        NEW.id, NEW.prompt FROM (SELECT {first} AS first);
""".format(first=FIRST.format(row="NEW"))
LEAVE = """
    DELETE FROM generations_searchable
        WHERE rowid BETWEEN {first} AND {first} + 999 AND generation_id = OLD.id;
""".format(first=FIRST.format(row="OLD"))
SQLITE = [
    "CREATE VIRTUAL TABLE generations_searchable USING fts5(generation_id UNINDEXED, prompt, tokenize='trigram')",
    f"CREATE TRIGGER searchable_insert AFTER INSERT ON generations_generation BEGIN {ENTER} END",
    f"CREATE TRIGGER searchable_update AFTER UPDATE OF id, prompt, created_at ON generations_generation"
    f" WHEN OLD.prompt <> NEW.prompt OR OLD.created_at <> NEW.created_at BEGIN {LEAVE} {ENTER} END",
    f"CREATE TRIGGER searchable_delete AFTER DELETE ON generations_generation BEGIN {LEAVE} END",
]


def make_prompts_searchable(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        try:
            schema_editor.execute(SQLITE[0], params=None)
        except DatabaseError as error:
            raise RuntimeError(NEEDS_FTS5.format(version=sqlite3.sqlite_version)) from error
        for statement in SQLITE[1:]:
            schema_editor.execute(statement, params=None)
        return
    try:
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        database = schema_editor.connection.settings_dict["NAME"]
        raise RuntimeError(NEEDS_PG_TRGM.format(database=database, error=error)) from error
    schema_editor.execute(POSTGRESQL)


def remove_search(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        for name in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER searchable_{name}")
        schema_editor.execute("DROP TABLE generations_searchable")
    else:
        schema_editor.execute("DROP INDEX prompt_trigrams")


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Generation',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('rejected', 'Rejected'), ('stalled', 'No longer watched'), ('cancelled', 'Cancelled')], default='queued', max_length=10)),
                ('version', models.PositiveIntegerField(default=1, help_text='Rises with every change that a card shows.')),
                ('nonce', models.CharField(help_text="The form's one-time value: a double click finds the same rows.", max_length=64)),
                ('number', models.PositiveSmallIntegerField(default=1, help_text='Place in its batch, from 1.')),
                ('batch_size', models.PositiveSmallIntegerField(default=1)),
                ('idempotency_key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('body', models.TextField(help_text='The exact request body, sent byte for byte at every attempt.')),
                ('prompt', models.TextField()),
                ('model_id', models.CharField(max_length=200)),
                ('model_name', models.CharField(max_length=200)),
                ('media_type', models.CharField(choices=[('image', 'Image'), ('video', 'Video')], max_length=5)),
                ('aspect_ratio', models.CharField(blank=True, help_text="As asked; empty is the model's own choice.", max_length=20)),
                ('credits_estimated', models.PositiveIntegerField(help_text='Announced before the click, at least.', null=True)),
                ('credits_estimated_most', models.PositiveIntegerField(help_text='At most, where it was a range.', null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('queued_at', models.DateTimeField(default=django.utils.timezone.now, help_text='When it last entered the queue.')),
                ('lease_until', models.DateTimeField(help_text='Until when somebody is sending it.', null=True)),
                ('claimed_by', models.CharField(blank=True, help_text='The process that sends it, or sent it last.', max_length=200)),
                ('not_before', models.DateTimeField(help_text='When the next try may start.', null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('sent_at', models.DateTimeField(help_text='When the first attempt since then left.', null=True)),
                ('token_revision', models.PositiveIntegerField(help_text="The token's revision that Meigen took it with; another may be another account's.", null=True)),
                ('remote_id', models.CharField(blank=True, db_index=True, max_length=200)),
                ('running_at', models.DateTimeField(null=True)),
                ('watch_until', models.DateTimeField(help_text='When we stop polling; the job may still end after that.', null=True)),
                ('expected_wait', models.FloatField(help_text='Seconds, from Meigen.', null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('credits_used', models.IntegerField(null=True)),
                ('credits_status', models.CharField(blank=True, max_length=40)),
                ('balance_daily', models.IntegerField(help_text='Daily credits left, as the answer told.', null=True)),
                ('balance_purchased', models.IntegerField(help_text='Purchased credits left, as the answer told.', null=True)),
                ('answer_status', models.PositiveSmallIntegerField(help_text='HTTP status of the answer that decided.', null=True)),
                ('answer_body', models.TextField(blank=True, help_text='The answer that decided, whole.')),
                ('message', models.TextField(blank=True, help_text="What went wrong, in Meigen's or our words.")),
                ('ran_model_id', models.CharField(blank=True, help_text='The model that ran, as the answer told.', max_length=200)),
                ('ran_aspect_ratio', models.CharField(blank=True, help_text='The ratio it got, as the answer told.', max_length=20)),
                ('wish', models.CharField(help_text='Fingerprint of what was wanted, see `wish_of`.', max_length=64)),
                ('team_at', models.DateTimeField(help_text='Since when the team may see it; never before it is done.', null=True)),
                ('deleted_at', models.DateTimeField(null=True)),
                ('erased_at', models.DateTimeField(help_text='Since when only what the books need is left of it; nobody sees it any more.', null=True)),
                ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='generations', to=settings.AUTH_USER_MODEL)),
                ('token', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='generations', to='accounts.token')),
            ],
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('owner', models.CharField(blank=True, max_length=200)),
                ('expires_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='RateGate',
            fields=[
                ('token_fingerprint', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('blocked_until', models.DateTimeField(null=True)),
                ('limited_in_row', models.PositiveSmallIntegerField(default=0, help_text='How often in a row Meigen answered 429.')),
                ('limited_at', models.DateTimeField(help_text='When the latest of those answers came.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Searchable',
            fields=[
                ('generation', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='searchable', serialize=False, to='generations.generation')),
                ('place', models.BigIntegerField(db_column='rowid', help_text='Rises with the moment it was made.')),
                ('index', models.TextField(db_column='generations_searchable', help_text="FTS5's name for all its columns.")),
            ],
            options={
                'db_table': 'generations_searchable',
                'managed': False,
                'base_manager_name': 'objects',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('token_fingerprint', models.CharField(max_length=64)),
                ('token_revision', models.PositiveIntegerField()),
                ('sent_at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('sent', 'Sent, no response yet'), ('accepted', 'Accepted'), ('refused', 'Refused'), ('limited', 'Asked to wait'), ('unreachable', 'Could not reach Meigen'), ('unknown', 'Outcome unknown'), ('settled', 'Settled by a later response')], default='sent', max_length=12)),
                ('status_code', models.PositiveSmallIntegerField(null=True)),
                ('answer', models.TextField(blank=True, help_text='The whole body of the answer.')),
                ('error', models.TextField(blank=True)),
                ('milliseconds', models.PositiveIntegerField(null=True)),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='generations.generation')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='Catalogue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('body', models.TextField(blank=True, help_text='The whole answer; empty before the first one.')),
                ('fetched_at', models.DateTimeField(null=True)),
                ('refresh_until', models.DateTimeField(help_text='Until when somebody is fetching a new one.', null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_catalogue')],
            },
        ),
        migrations.CreateModel(
            name='Collection',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('is_team', models.BooleanField(default=False, help_text='Every member sees it and may add to it.')),
                ('order', models.CharField(choices=[('newest', 'Newest first'), ('oldest', 'Oldest first'), ('hand', 'Custom order')], default='newest', max_length=6)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('cover', models.ForeignKey(help_text='Shown for it while it is in it and seen.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generations.generation')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='collections', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': [django.db.models.functions.text.Lower('name')],
            },
        ),
        migrations.CreateModel(
            name='CollectionItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('position', models.PositiveIntegerField(default=0, help_text='The place somebody gave it by hand, from 1; what has none yet comes before, newest first.')),
                ('made_at', models.DateTimeField(editable=False)),
                ('added_by', models.ForeignKey(help_text='Empty: who did it is gone.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('collection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='generations.collection')),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='generations.generation')),
            ],
        ),
        migrations.AddField(
            model_name='collection',
            name='generations',
            field=models.ManyToManyField(related_name='collections', through='generations.CollectionItem', to='generations.generation'),
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('status', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Sending'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('rejected', 'Rejected'), ('stalled', 'No longer watched'), ('cancelled', 'Cancelled')], max_length=10)),
                ('note', models.TextField(blank=True)),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='generations.generation')),
            ],
            options={
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Preset',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('is_team', models.BooleanField(default=False, verbose_name='Share with the team')),
                ('values', models.JSONField(help_text='Form field names and what was chosen.')),
                ('references', models.JSONField(default=list)),
                ('model_name', models.CharField(blank=True, help_text='To name a model that is gone.', max_length=200)),
                ('saved_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='presets', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': [django.db.models.functions.text.Lower('name')],
            },
        ),
        migrations.CreateModel(
            name='Reference',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('image', 'Picture'), ('video', 'Video'), ('audio', 'Sound')], default='image', max_length=5)),
                ('name', models.CharField(help_text='What the person sees of it: a file name or a host.', max_length=100)),
                ('file', models.FileField(blank=True, max_length=200, upload_to='')),
                ('content_type', models.CharField(blank=True, max_length=40)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.PositiveBigIntegerField(help_text='Bytes of a clip; null when not known.', null=True)),
                ('seconds', models.FloatField(help_text='Of a clip; null when not known.', null=True)),
                ('public_url', models.URLField(blank=True, help_text='Where Meigen reads it.', max_length=2000)),
                ('uploaded_at', models.DateTimeField(help_text='When the file was last uploaded; null for a link.', null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='references', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ReferenceUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('role', models.CharField(blank=True, choices=[('', 'Reference'), ('frame', 'Frame'), ('content', 'Content')], default='', max_length=7)),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='generations.generation')),
                ('reference', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='generations.reference')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.AddField(
            model_name='reference',
            name='generations',
            field=models.ManyToManyField(related_name='references', through='generations.ReferenceUse', to='generations.generation'),
        ),
        migrations.CreateModel(
            name='Result',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField(help_text='Place in the set, from 0.')),
                ('source_url', models.URLField(help_text='Where Meigen keeps it.', max_length=2000)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('refusals', models.PositiveSmallIntegerField(db_default=0, default=0, help_text='Tries that got a wrong answer.')),
                ('lease_until', models.DateTimeField(null=True)),
                ('claimed_by', models.CharField(blank=True, help_text='The process that fetches it, or did last.', max_length=200)),
                ('not_before', models.DateTimeField(null=True)),
                ('problem', models.TextField(blank=True, help_text='Why the latest try failed.')),
                ('kept_at', models.DateTimeField(null=True)),
                ('gone_at', models.DateTimeField(null=True)),
                ('erased_at', models.DateTimeField(help_text='Since when its files, and then this row, are to be removed.', null=True)),
                ('file', models.FileField(blank=True, max_length=200, upload_to='')),
                ('thumbnail', models.FileField(blank=True, max_length=200, upload_to='')),
                ('preview', models.FileField(blank=True, help_text='The larger one.', max_length=200, upload_to='')),
                ('content_type', models.CharField(blank=True, max_length=40)),
                ('size', models.PositiveBigIntegerField(help_text='Bytes.', null=True)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('width', models.PositiveIntegerField(null=True)),
                ('height', models.PositiveIntegerField(null=True)),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='results', to='generations.generation')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.AddField(
            model_name='reference',
            name='result',
            field=models.ForeignKey(help_text='Whose file it is.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generations.result'),
        ),
        migrations.CreateModel(
            name='Share',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('secret_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('nonce', models.UUIDField(help_text='One button of one page makes one link.', null=True)),
                ('title', models.CharField(blank=True, max_length=120)),
                ('note', models.TextField(blank=True)),
                ('password', models.CharField(blank=True, help_text='Hashed; empty asks for none.', max_length=128)),
                ('hint', models.CharField(blank=True, max_length=120)),
                ('shows_prompts', models.BooleanField(default=True)),
                ('allows_downloads', models.BooleanField(default=True)),
                ('allows_hearts', models.BooleanField(default=False)),
                ('views', models.PositiveIntegerField(default=0)),
                ('viewed_at', models.DateTimeField(null=True)),
                ('collection', models.ForeignKey(help_text='Set when the link follows it.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='shares', to='generations.collection')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shares', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Heart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('guest', models.CharField(help_text='A random value of their browser, hashed.', max_length=64)),
                ('name', models.CharField(max_length=40)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('result', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hearts', to='generations.result')),
                ('share', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hearts', to='generations.share')),
            ],
            options={
                'ordering': ['at'],
            },
        ),
        migrations.CreateModel(
            name='ShareItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(default=0)),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='generations.generation')),
                ('share', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='generations.share')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.AddField(
            model_name='share',
            name='generations',
            field=models.ManyToManyField(related_name='shares', through='generations.ShareItem', to='generations.generation'),
        ),
        migrations.CreateModel(
            name='Star',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('made_at', models.DateTimeField(editable=False)),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stars', to='generations.generation')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stars', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='WrongPasswords',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('visitor', models.CharField(help_text='Their address, hashed.', max_length=64)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('latest_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('share', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='wrong_passwords', to='generations.share')),
            ],
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['-finished_at'], name='latest_finished'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False), ('erased_at__isnull', True)), fields=['deleted_at'], name='in_the_trash'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['status', '-created_at', '-id'], name='by_status'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['wish'], name='by_wish'),
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
            index=models.Index(condition=models.Q(('deleted_at', None), ('team_at__isnull', False)), fields=['owner', 'status', '-created_at', '-id'], name='of_team_and_owner'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('deleted_at', None), ('status', 'rejected')), fields=['answer_status', 'finished_at'], name='refused_by_answer'),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=models.UniqueConstraint(fields=('owner', 'nonce', 'number'), name='one_click_one_batch'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(fields=['token_fingerprint', 'sent_at'], name='attempts_in_window'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.UniqueConstraint(fields=('generation', 'number'), name='attempts_are_numbered'),
        ),
        migrations.AddIndex(
            model_name='collectionitem',
            index=models.Index(fields=['collection', '-id'], name='items_newest_first'),
        ),
        migrations.AddIndex(
            model_name='collectionitem',
            index=models.Index(fields=['collection', '-made_at', '-generation'], name='collected_newest_first'),
        ),
        migrations.AddIndex(
            model_name='collectionitem',
            index=models.Index(fields=['collection', 'position', '-id'], name='items_by_hand'),
        ),
        migrations.AddConstraint(
            model_name='collectionitem',
            constraint=models.UniqueConstraint(fields=('collection', 'generation'), name='once_per_collection'),
        ),
        migrations.AddConstraint(
            model_name='collection',
            constraint=models.UniqueConstraint(models.F('owner'), django.db.models.functions.text.Lower('name'), name='collection_names_differ'),
        ),
        migrations.AddConstraint(
            model_name='preset',
            constraint=models.UniqueConstraint(models.F('owner'), django.db.models.functions.text.Lower('name'), name='preset_names_differ'),
        ),
        migrations.AddConstraint(
            model_name='referenceuse',
            constraint=models.UniqueConstraint(fields=('generation', 'number'), name='references_are_numbered'),
        ),
        migrations.AddIndex(
            model_name='result',
            index=models.Index(condition=models.Q(('gone_at', None), ('kept_at', None)), fields=['not_before'], name='results_to_fetch'),
        ),
        migrations.AddIndex(
            model_name='result',
            index=models.Index(condition=models.Q(('erased_at__isnull', False)), fields=['erased_at'], name='results_to_remove'),
        ),
        migrations.AddConstraint(
            model_name='result',
            constraint=models.UniqueConstraint(fields=('generation', 'number'), name='results_are_numbered'),
        ),
        migrations.AddConstraint(
            model_name='reference',
            constraint=models.UniqueConstraint(condition=models.Q(('file', '')), fields=('owner', 'public_url'), name='one_row_per_link_and_person'),
        ),
        migrations.AddConstraint(
            model_name='heart',
            constraint=models.UniqueConstraint(fields=('share', 'result', 'guest'), name='one_heart_per_guest'),
        ),
        migrations.AddConstraint(
            model_name='shareitem',
            constraint=models.UniqueConstraint(fields=('share', 'generation'), name='once_per_share'),
        ),
        migrations.AddIndex(
            model_name='share',
            index=models.Index(fields=['created_by', '-created_at'], name='own_shares'),
        ),
        migrations.AddConstraint(
            model_name='share',
            constraint=models.UniqueConstraint(fields=('created_by', 'nonce'), name='one_link_per_button'),
        ),
        migrations.AddIndex(
            model_name='star',
            index=models.Index(fields=['user', '-made_at', '-generation'], name='starred_newest_first'),
        ),
        migrations.AddConstraint(
            model_name='star',
            constraint=models.UniqueConstraint(fields=('user', 'generation'), name='one_star_per_person'),
        ),
        migrations.AddConstraint(
            model_name='wrongpasswords',
            constraint=models.UniqueConstraint(fields=('share', 'visitor'), name='tries_per_visitor'),
        ),
        migrations.RunPython(make_prompts_searchable, remove_search),
    ]
