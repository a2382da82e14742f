"""Accounts, transfers and their entries, limits, budget lines, and the work list of open holds."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=80, unique=True)),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("title", models.CharField(max_length=120)),
                (
                    "purposes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=60), default=list, size=None
                    ),
                ),
                ("needs_budget", models.BooleanField(default=False)),
                ("opened_at", models.DateTimeField()),
                ("opened_by", models.CharField(max_length=80)),
                ("closed_on", models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="BudgetChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("fen", models.BigIntegerField()),
                ("basis", models.CharField(max_length=200)),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("line", models.IntegerField()),
                ("division", models.BigIntegerField()),
                ("layer", models.CharField(max_length=6)),
                ("fen", models.BigIntegerField()),
                ("on_day", models.DateField()),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=8)),
                ("on_day", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("by", models.CharField(max_length=80)),
                ("purpose", models.CharField(default="", max_length=60)),
                ("about", models.CharField(default="", max_length=80)),
                ("reason", models.CharField(default="", max_length=200)),
                ("digest", models.BinaryField()),
                ("legs", models.IntegerField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("linked", models.UUIDField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="BudgetLine",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="budget_line",
                        serialize=False,
                        to="ledger.account",
                    ),
                ),
                ("division", models.BigIntegerField()),
                ("year", models.SmallIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Limit",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="limit",
                        serialize=False,
                        to="ledger.account",
                    ),
                ),
                ("division", models.BigIntegerField()),
                ("floor", models.BigIntegerField(null=True)),
                ("ceiling", models.BigIntegerField(null=True)),
                ("posted", models.BigIntegerField(db_default=0)),
                ("held_in", models.BigIntegerField(db_default=0)),
                ("held_out", models.BigIntegerField(db_default=0)),
            ],
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(fields=["division", "code"], name="ledger_account_division"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(("code", ""), _negated=True), name="ledger_account_named"
            ),
        ),
        migrations.AddField(
            model_name="entry",
            name="account",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="ledger.account",
            ),
        ),
        migrations.CreateModel(
            name="OpenHold",
            fields=[
                (
                    "hold",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="ledger.transfer",
                    ),
                ),
                ("expires_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="transfer",
            name="corrects",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.transfer",
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="ends",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.transfer",
            ),
        ),
        migrations.AddField(
            model_name="entry",
            name="transfer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="entries",
                to="ledger.transfer",
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="budget",
            field=models.ForeignKey(
                db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="ledger.budgetline"
            ),
        ),
        migrations.AddField(
            model_name="budgetline",
            name="contra",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.account",
            ),
        ),
        migrations.AddField(
            model_name="budgetline",
            name="fund",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.account",
            ),
        ),
        migrations.AddField(
            model_name="budgetchange",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="ledger.budgetline"
            ),
        ),
        migrations.AddConstraint(
            model_name="limit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("floor", None),
                    (
                        "floor__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("posted"), "+", models.F("held_out")
                        ),
                    ),
                    _connector="OR",
                ),
                name="ledger_floor_kept",
            ),
        ),
        migrations.AddConstraint(
            model_name="limit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ceiling", None),
                    (
                        "ceiling__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("posted"), "+", models.F("held_in")
                        ),
                    ),
                    _connector="OR",
                ),
                name="ledger_ceiling_kept",
            ),
        ),
        migrations.AddConstraint(
            model_name="limit",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_in__gte", 0), ("held_out__lte", 0)), name="ledger_held_signs"
            ),
        ),
        migrations.AddIndex(
            model_name="openhold",
            index=models.Index(fields=["expires_at"], name="ledger_hold_expires"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["account", "id"], name="ledger_entry_account"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.UniqueConstraint(fields=("transfer", "line"), name="ledger_entry_line"),
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(("layer__in", ["posted", "held", "freed"])), name="ledger_entry_layer"
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)), fields=["corrects"], name="ledger_corrected"
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(
                condition=models.Q(("about", ""), _negated=True),
                fields=["about"],
                name="ledger_transfer_about",
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["recorded_at"], name="ledger_transfer_recorded"),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("corrects", None), ("ends", None), ("expires_at", None), ("kind", "post")),
                    models.Q(
                        ("corrects", None), ("ends", None), ("expires_at__isnull", False), ("kind", "hold")
                    ),
                    models.Q(
                        ("corrects", None),
                        ("ends__isnull", False),
                        ("expires_at", None),
                        ("kind__in", ["settle", "release", "expire"]),
                    ),
                    models.Q(
                        ("corrects__isnull", False),
                        ("ends", None),
                        ("expires_at", None),
                        ("kind", "reversal"),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="ledger_transfer_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(("legs__gte", 2)), name="ledger_transfer_legs"
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ends__isnull", False)), fields=("ends",), name="ledger_hold_ends_once"
            ),
        ),
        migrations.AddIndex(
            model_name="budgetline",
            index=models.Index(fields=["fund", "year"], name="ledger_budget_of_fund"),
        ),
        migrations.AddConstraint(
            model_name="budgetchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis", ""), _negated=True), name="ledger_budget_has_basis"
            ),
        ),
    ]
