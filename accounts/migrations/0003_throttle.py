"""Wrong tries at passwords, which nothing but time removes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_time_zone'),
    ]

    operations = [
        migrations.CreateModel(
            name='Throttle',
            fields=[
                ('key', models.CharField(help_text='What is counted, hashed.', max_length=64, primary_key=True, serialize=False)),
                ('tries', models.PositiveIntegerField()),
                ('waits_until', models.DateTimeField()),
                ('forgotten_at', models.DateTimeField(db_index=True)),
            ],
        ),
    ]
