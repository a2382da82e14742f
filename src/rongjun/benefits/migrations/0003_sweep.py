"""The newest judgement of everybody, in parts by county."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division, open_to_read


class Migration(migrations.Migration):
    dependencies = [("benefits", "0002_row_security")]
    operations = [
        migrations.CreateModel(
            name="Sweep",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("on", models.DateField()),
                ("known_at", models.DateTimeField()),
                ("book", models.CharField(max_length=64)),
                ("started_by", models.CharField(max_length=80)),
                ("finished_at", models.DateTimeField(null=True)),
                ("people", models.IntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="SweptPart",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("people", models.IntegerField()),
                ("facts", models.BinaryField()),
                ("relations", models.BinaryField()),
                ("verdicts", models.BinaryField()),
                ("counts", models.JSONField()),
                (
                    "sweep",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="benefits.sweep",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("sweep", "division"), name="swept_part_once")
                ],
            },
        ),
        migrations.RunSQL(
            open_to_read("benefits_sweep", roles="app_staff", job_rights="select, insert, update, delete"),
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            lock_by_division(
                "benefits_sweptpart", rights="select", job_rights="select, insert, update, delete"
            ),
            migrations.RunSQL.noop,
        ),
        # Each part is compressed already.
        *(
            migrations.RunSQL(
                f"alter table benefits_sweptpart alter column {column} set storage external",
                migrations.RunSQL.noop,
            )
            for column in ("facts", "relations", "verdicts")
        ),
    ]
