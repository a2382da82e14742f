"""Figures by group are kept with each county's part."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("benefits", "0006_offer_rows")]
    operations = [
        migrations.AddField("sweptpart", "figures", models.JSONField(default=dict)),
        # A sweep kept before has none. It can be made again, and is: the worker does within ten minutes.
        migrations.RunSQL(
            "delete from benefits_sweptpart; delete from benefits_sweep", migrations.RunSQL.noop
        ),
    ]
