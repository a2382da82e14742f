"""Partners, batches and lines; staff read them in their divisions, only jobs write them."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

TABLES = ("partner", "inboundbatch", "inbounditem")


class Migration(migrations.Migration):
    initial = True

    dependencies = [("access", "0003_row_security")]

    operations = [
        migrations.CreateModel(
            name="Partner",
            fields=[
                ("code", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("name", models.CharField(max_length=80)),
                (
                    "channels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), size=None
                    ),
                ),
                ("agreed", models.JSONField(default=dict)),
                ("expected_since", models.DateField()),
                ("algorithm", models.CharField(default="", max_length=16)),
                ("key_sealed", models.BinaryField(default=b"")),
                ("daily_calls", models.IntegerField(default=0)),
                ("added_at", models.DateTimeField()),
                ("added_by", models.CharField(max_length=80)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("daily_calls__gte", 0)), name="partner_calls_counted"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="InboundBatch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("channel", models.CharField(max_length=8)),
                ("file_name", models.CharField(default="", max_length=200)),
                ("call_key", models.CharField(default="", max_length=64)),
                ("digest", models.BinaryField()),
                ("size", models.IntegerField()),
                ("content_sealed", models.BinaryField(default=b"")),
                ("received_at", models.DateTimeField()),
                ("received_by", models.CharField(max_length=80)),
                ("state", models.CharField(default="received", max_length=12)),
                ("format", models.CharField(default="", max_length=40)),
                ("business_date", models.DateField(null=True)),
                ("sequence", models.IntegerField(null=True)),
                ("declared_count", models.IntegerField(null=True)),
                ("declared_total", models.BigIntegerField(null=True)),
                ("found_count", models.IntegerField(default=0)),
                ("failing", models.CharField(default="", max_length=24)),
                ("equation", models.CharField(default="", max_length=300)),
                ("todo", models.CharField(default="", max_length=300)),
                ("is_late", models.BooleanField(default=False)),
                ("checked_at", models.DateTimeField(null=True)),
                ("processed_at", models.DateTimeField(null=True)),
                (
                    "replaced_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.inboundbatch",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="partners.partner"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="InboundItem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("line", models.IntegerField()),
                ("key", models.CharField(max_length=64)),
                ("digest", models.BinaryField()),
                ("content_sealed", models.BinaryField()),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("owner", models.CharField(max_length=80)),
                ("reason", models.CharField(default="", max_length=300)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="partners.inboundbatch",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["id"], name="inbound_item_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "line"), name="inbound_line_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("settled_at", None), ("state", "waiting")),
                            models.Q(
                                ("settled_at__isnull", False),
                                ("state__in", ["done", "refused"]),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="inbound_item_state",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="inboundbatch",
            index=models.Index(fields=["-received_at"], name="inbound_newest"),
        ),
        migrations.AddIndex(
            model_name="inboundbatch",
            index=models.Index(
                condition=models.Q(("state__in", ["received", "accepted"])),
                fields=["id"],
                name="inbound_at_work",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["received", "accepted", "quarantined", "processed"])),
                name="inbound_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "quarantined"), _negated=True),
                    models.Q(("equation", ""), _negated=True),
                    _connector="OR",
                ),
                name="inbound_quarantine_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["accepted", "processed"]), _negated=True),
                    ("found_count", models.F("declared_count")),
                    _connector="OR",
                ),
                name="inbound_accepted_counts",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundbatch",
            constraint=models.UniqueConstraint(fields=("partner", "digest"), name="inbound_content_once"),
        ),
        migrations.AddConstraint(
            model_name="inboundbatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("call_key", ""), _negated=True),
                fields=("partner", "call_key"),
                name="inbound_call_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundbatch",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["accepted", "processed"])),
                fields=("partner", "format", "sequence"),
                name="inbound_sequence_once",
            ),
        ),
        *(
            migrations.RunSQL(
                lock_by_division(f"partners_{name}", rights="select", job_rights="select, insert, update"),
                migrations.RunSQL.noop,
            )
            for name in TABLES
        ),
    ]
