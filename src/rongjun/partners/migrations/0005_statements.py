"""What partners state they sent and took, file by file."""

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0004_outbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="StatementLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("day", models.DateField()),
                ("direction", models.CharField(max_length=8)),
                ("format", models.CharField(max_length=40)),
                ("sequence", models.IntegerField()),
                ("business_date", models.DateField()),
                ("digest", models.BinaryField()),
                ("count", models.IntegerField()),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="partners.partner"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["business_date"], name="statement_by_date")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("direction__in", ["sent", "taken"])), name="statement_direction"
                    ),
                    models.UniqueConstraint(
                        fields=("partner", "day", "direction", "format", "sequence"),
                        name="statement_line_once",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            lock_by_division("partners_statementline", rights="select", job_rights="select, insert"),
            migrations.RunSQL.noop,
        ),
    ]
