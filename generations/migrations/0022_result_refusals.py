"""A result counts its wrong answers apart from a server"s silence."""


from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("generations", "0021_search_places"),
    ]

    operations = [
        migrations.AddField(
            model_name="result",
            name="refusals",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text="Tries that got a wrong answer."),
        ),
    ]
