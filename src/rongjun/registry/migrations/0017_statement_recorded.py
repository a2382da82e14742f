"""What was stated since a moment is found without reading every answer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0016_citizens")]
    operations = [
        migrations.AddIndex("statement", models.Index(fields=["recorded_at"], name="statement_recorded"))
    ]
