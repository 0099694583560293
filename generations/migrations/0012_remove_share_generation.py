from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("generations", "0011_share_items")]

    operations = [migrations.RemoveField(model_name="share", name="generation")]
