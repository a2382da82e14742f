"""How citizens want their pages; and the tables of allauth's social accounts, which stay empty for everybody."""

from django.db import migrations, models

from rongjun.access.row_security import close

UNUSED = ("socialaccount_socialaccount", "socialaccount_socialapp", "socialaccount_socialtoken")


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0004_staff_names"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]
    operations = [
        migrations.AddField("account", "large_type", models.BooleanField(default=False)),
        migrations.AddField("account", "high_contrast", models.BooleanField(default=False)),
        *(migrations.RunSQL(close(table), migrations.RunSQL.noop) for table in UNUSED),
    ]
