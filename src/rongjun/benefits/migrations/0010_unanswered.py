"""What nobody has answered is kept with the sweep, division by division."""

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division


class Migration(migrations.Migration):
    dependencies = [("benefits", "0011_use_tables")]
    operations = [
        migrations.CreateModel(
            name="Unanswered",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("people", models.IntegerField()),
                ("facts", models.JSONField()),
                ("lines", models.BinaryField()),
                (
                    "sweep",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unanswered",
                        to="benefits.sweep",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("sweep", "division"), name="unanswered_once")
                ],
            },
        ),
        migrations.RunSQL(
            lock_by_division(
                "benefits_unanswered", rights="select", job_rights="select, insert, update, delete"
            ),
            migrations.RunSQL.noop,
        ),
        # Compressed already.
        migrations.RunSQL(
            "alter table benefits_unanswered alter column lines set storage external", migrations.RunSQL.noop
        ),
        # A sweep kept before has none. It can be made again, and is: the worker does within ten minutes.
        migrations.RunSQL(
            "delete from benefits_sweptpart; delete from benefits_sweep", migrations.RunSQL.noop
        ),
    ]
