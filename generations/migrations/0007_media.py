from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("generations", "0006_remove_starred_at")]

    operations = [
        migrations.AddField(
            model_name="result",
            name="preview",
            field=models.FileField(blank=True, default="", help_text="The larger one.", max_length=200, upload_to=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="result",
            name="erased_at",
            field=models.DateTimeField(
                help_text="Since when its files, and then this row, are to be removed.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="result",
            index=models.Index(
                condition=models.Q(("erased_at__isnull", False)), fields=["erased_at"], name="results_to_remove"
            ),
        ),
        migrations.AddField(
            model_name="generation",
            name="erased_at",
            field=models.DateTimeField(
                help_text="Since when only what the books need is left of it; nobody sees it any more.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(
                condition=models.Q(("deleted_at__isnull", False), ("erased_at__isnull", True)),
                fields=["deleted_at"],
                name="in_the_trash",
            ),
        ),
    ]
