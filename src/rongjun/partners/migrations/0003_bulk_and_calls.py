"""Bulk batches keep their lines sealed in parts and settle counts; signed calls that other apps answer."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

TABLES = ("bulkpart", "bulkrefusal", "partnercall", "callcount")


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0002_closing_and_signatures"),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkPart",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("first_line", models.IntegerField()),
                ("lines", models.IntegerField()),
                ("content_sealed", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="BulkRefusal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("line", models.IntegerField()),
                ("key", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=300)),
                ("content_sealed", models.BinaryField()),
                ("refused_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CallCount",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("day", models.DateField()),
                ("slot", models.SmallIntegerField()),
                ("calls", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="PartnerCall",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("key", models.CharField(max_length=64)),
                ("digest", models.BinaryField()),
                ("answer", models.TextField(default="")),
                ("received_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="done_count",
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="is_bulk",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="refused_count",
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="repeated_count",
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name="inboundbatch",
            name="waiting_count",
            field=models.IntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name="inboundbatch",
            index=models.Index(
                condition=models.Q(("is_bulk", True), ("state", "accepted")),
                fields=["format", "received_at"],
                name="inbound_bulk_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("done_count", 0),
                        ("is_bulk", False),
                        ("refused_count", 0),
                        ("repeated_count", 0),
                        ("waiting_count", 0),
                    ),
                    models.Q(
                        ("done_count__gte", 0),
                        (
                            "found_count",
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("done_count"), "+", models.F("repeated_count")
                                    ),
                                    "+",
                                    models.F("refused_count"),
                                ),
                                "+",
                                models.F("waiting_count"),
                            ),
                        ),
                        ("is_bulk", True),
                        ("refused_count__gte", 0),
                        ("repeated_count__gte", 0),
                        ("waiting_count__gte", 0),
                        models.Q(
                            models.Q(("state", "processed"), _negated=True),
                            ("waiting_count", 0),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="inbound_bulk_adds_up",
            ),
        ),
        migrations.AddField(
            model_name="bulkpart",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="partners.inboundbatch",
            ),
        ),
        migrations.AddField(
            model_name="bulkrefusal",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refusals",
                to="partners.inboundbatch",
            ),
        ),
        migrations.AddField(
            model_name="callcount",
            name="partner",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="partners.partner"
            ),
        ),
        migrations.AddField(
            model_name="partnercall",
            name="partner",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="partners.partner"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkpart",
            constraint=models.UniqueConstraint(fields=("batch", "first_line"), name="bulk_part_once"),
        ),
        migrations.AddConstraint(
            model_name="bulkpart",
            constraint=models.CheckConstraint(
                condition=models.Q(("first_line__gte", 1), ("lines__gte", 1)), name="bulk_part_has_lines"
            ),
        ),
        migrations.AddConstraint(
            model_name="bulkrefusal",
            constraint=models.UniqueConstraint(fields=("batch", "line"), name="bulk_refused_once"),
        ),
        migrations.AddConstraint(
            model_name="bulkrefusal",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="bulk_refusal_says_why"
            ),
        ),
        migrations.AddConstraint(
            model_name="callcount",
            constraint=models.UniqueConstraint(fields=("partner", "day", "slot"), name="call_count_once"),
        ),
        migrations.AddConstraint(
            model_name="partnercall",
            constraint=models.UniqueConstraint(fields=("partner", "key"), name="partner_call_once"),
        ),
        *(
            migrations.RunSQL(
                lock_by_division(f"partners_{name}", rights="select", job_rights="select, insert, update"),
                migrations.RunSQL.noop,
            )
            for name in TABLES
        ),
        # At the end of their period.
        migrations.RunSQL("grant delete on partners_partnercall to app_batch", migrations.RunSQL.noop),
    ]
