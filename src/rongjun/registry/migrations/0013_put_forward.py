"""A pair of files may be put forward by somebody, where the search missed it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0012_contests")]
    operations = [
        migrations.AddField(
            model_name="duplicatecandidate",
            name="found_by",
            field=models.CharField(default="", max_length=80),
        ),
    ]
