"""A citizen sees what was recorded about them."""

from django.db import migrations

from rongjun.access.row_security import show_to_citizen


class Migration(migrations.Migration):
    dependencies = [("benefits", "0003_sweep"), ("registry", "0016_citizens")]
    operations = [migrations.RunSQL(show_to_citizen("benefits_recordeddecision"), migrations.RunSQL.noop)]
