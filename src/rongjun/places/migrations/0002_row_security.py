"""Divisions are public: every role reads them."""

from django.db import migrations

from rongjun.access.row_security import open_to_read


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial"), ("access", "0003_row_security")]
    operations = [migrations.RunSQL(open_to_read("places_division"), migrations.RunSQL.noop)]
