from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generations", "0005_stars_and_wishes")]

    operations = [
        migrations.RemoveIndex(model_name="generation", name="own_starred"),
        migrations.RemoveField(model_name="generation", name="starred_at"),
    ]
