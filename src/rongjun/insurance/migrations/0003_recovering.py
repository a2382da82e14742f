"""What a member owes back, and its steps."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("insurance", "0002_row_security"),
        ("registry", "0017_statement_recorded"),
    ]

    operations = [
        migrations.CreateModel(
            name="Receivable",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("fen", models.BigIntegerField()),
                ("remaining", models.BigIntegerField()),
                ("state", models.CharField(default="waiting", max_length=10)),
                ("signed_by", models.CharField(default="", max_length=200)),
                ("made_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(null=True)),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receivables",
                        to="insurance.claimdecision",
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receivables",
                        to="insurance.member",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.person"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReceivableStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=12)),
                ("fen", models.BigIntegerField()),
                ("on", models.DateField()),
                ("document", models.CharField(max_length=120)),
                ("made_by", models.CharField(max_length=80)),
                ("made_name", models.CharField(default="", max_length=64)),
                ("made_at", models.DateTimeField()),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_name", models.CharField(default="", max_length=64)),
                ("checked_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.person"
                    ),
                ),
                (
                    "receivable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="insurance.receivable",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="receivable",
            index=models.Index(fields=["member"], name="insurance_back_member"),
        ),
        migrations.AddIndex(
            model_name="receivable",
            index=models.Index(fields=["-made_at", "id"], name="insurance_back_newest"),
        ),
        migrations.AddConstraint(
            model_name="receivable",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fen__gt", 0),
                    ("remaining__gte", 0),
                    ("remaining__lte", models.F("fen")),
                    ("state__in", ["waiting", "open", "settled"]),
                ),
                name="insurance_back_left",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivable",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("remaining", 0), ("state", "settled")),
                    models.Q(models.Q(("state", "settled"), _negated=True), ("remaining__gt", 0)),
                    _connector="OR",
                ),
                name="insurance_back_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivable",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "open"), _negated=True),
                    models.Q(models.Q(("signed_by", ""), _negated=True), ("opened_at__isnull", False)),
                    _connector="OR",
                ),
                name="insurance_back_signed",
            ),
        ),
        migrations.AddIndex(
            model_name="receivablestep",
            index=models.Index(fields=["receivable", "id"], name="insurance_backstep_of"),
        ),
        migrations.AddConstraint(
            model_name="receivablestep",
            constraint=models.CheckConstraint(
                condition=models.Q(("fen__gt", 0), ("kind__in", ["repaid", "written-off", "lifted"])),
                name="insurance_backstep_is_some",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivablestep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("checked_at", None), ("checked_by", "")),
                    models.Q(
                        models.Q(("checked_by", ""), _negated=True),
                        ("checked_at__isnull", False),
                        models.Q(("checked_by", models.F("made_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="insurance_backstep_by_two",
            ),
        ),
    ]
