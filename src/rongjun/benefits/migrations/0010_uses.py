"""Who delivers uses, where, in which batches, and what did not go in."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0009_citizens_answer"),
    ]

    operations = [
        migrations.CreateModel(
            name="Programme",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=32, unique=True)),
                ("title", models.CharField(max_length=40)),
                ("benefit", models.CharField(max_length=80)),
                ("payer", models.CharField(max_length=16)),
            ],
            options={
                "db_table": "benefits_programme",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("payer__in", ["operator", "fiscal", "merchant", "carrier", "charity"])
                        ),
                        name="programme_payer",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UseSource",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=32, unique=True)),
                ("title", models.CharField(max_length=40)),
                ("partner", models.CharField(max_length=32)),
                ("record", models.CharField(max_length=8)),
                ("seat", models.BigIntegerField()),
                ("expected_since", models.DateField()),
            ],
            options={
                "db_table": "benefits_use_source",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("record__in", ["file", "device"])), name="use_source_record"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UseBatch",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("channel", models.CharField(max_length=8)),
                ("key", models.CharField(max_length=64)),
                ("file", models.UUIDField(null=True)),
                ("business_date", models.DateField(null=True)),
                ("found", models.IntegerField()),
                ("accepted", models.IntegerField(default=0)),
                ("repeated", models.IntegerField(default=0)),
                ("refused", models.IntegerField(default=0)),
                ("waiting", models.IntegerField()),
                ("late", models.IntegerField(default=0)),
                ("received_at", models.DateTimeField()),
                ("received_by", models.CharField(max_length=80)),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="benefits.usesource"
                    ),
                ),
            ],
            options={
                "db_table": "benefits_use_batch",
            },
        ),
        migrations.CreateModel(
            name="UseRefusal",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("line", models.IntegerField()),
                ("reference", models.CharField(max_length=32)),
                ("digest", models.BinaryField()),
                ("reason", models.CharField(max_length=24)),
                ("fields", models.JSONField()),
                ("stands", models.JSONField(default=dict)),
                ("state", models.CharField(default="open", max_length=8)),
                ("recorded_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(default="", max_length=80)),
                ("closed_reason", models.CharField(default="", max_length=200)),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="benefits.usebatch"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="benefits.usesource"
                    ),
                ),
            ],
            options={
                "db_table": "benefits_use_refusal",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")),
                        fields=["reason", "id"],
                        name="use_refusal_open",
                    ),
                    models.Index(fields=["batch", "line"], name="use_refusal_line"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "digest", "reason"), name="use_refusal_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_at", None),
                                ("closed_by", ""),
                                ("closed_reason", ""),
                                ("state", "open"),
                            ),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("state__in", ["taken", "closed"]),
                                models.Q(("closed_by", ""), _negated=True),
                                models.Q(("closed_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="use_refusal_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", "conflict"), _negated=True),
                            models.Q(("stands", {}), _negated=True),
                            _connector="OR",
                        ),
                        name="use_refusal_both_sides",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsePlace",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=32)),
                ("title", models.CharField(max_length=60)),
                ("seat", models.BigIntegerField()),
                ("longitude", models.FloatField(null=True)),
                ("latitude", models.FloatField(null=True)),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, to="benefits.usesource"
                    ),
                ),
            ],
            options={
                "db_table": "benefits_use_place",
                "constraints": [
                    models.UniqueConstraint(fields=("source", "code"), name="use_place_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("latitude", None), ("longitude", None)),
                            models.Q(("latitude__range", (-90, 90)), ("longitude__range", (-180, 180))),
                            _connector="OR",
                        ),
                        name="use_place_position",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="usebatch",
            index=models.Index(fields=["source", "-received_at"], name="use_batch_newest"),
        ),
        migrations.AddIndex(
            model_name="usebatch",
            index=models.Index(fields=["business_date", "source"], name="use_batch_day"),
        ),
        migrations.AddConstraint(
            model_name="usebatch",
            constraint=models.UniqueConstraint(fields=("source", "key"), name="use_batch_once"),
        ),
        migrations.AddConstraint(
            model_name="usebatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["file", "call"])), name="use_batch_channel"
            ),
        ),
        migrations.AddConstraint(
            model_name="usebatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "found",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    models.F("accepted"), "+", models.F("repeated")
                                ),
                                "+",
                                models.F("refused"),
                            ),
                            "+",
                            models.F("waiting"),
                        ),
                    )
                ),
                name="use_batch_adds_up",
            ),
        ),
        migrations.AddConstraint(
            model_name="usebatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("accepted__gte", 0),
                    ("late__gte", 0),
                    ("refused__gte", 0),
                    ("repeated__gte", 0),
                    ("waiting__gte", 0),
                ),
                name="use_batch_counts",
            ),
        ),
    ]
