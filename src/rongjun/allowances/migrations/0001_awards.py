"""Awards, findings, pay runs with their lines and payments, recoveries."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("registry", "0017_statement_recorded"),
    ]

    operations = [
        migrations.CreateModel(
            name="Award",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.BigIntegerField(unique=True)),
                ("division", models.BigIntegerField()),
                ("scheme", models.CharField(max_length=40)),
                ("category", models.CharField(max_length=40)),
                ("approved_on", models.DateField()),
                ("applied_on", models.DateField(null=True)),
                ("document", models.CharField(max_length=120)),
                ("details", models.JSONField(default=dict)),
                ("first_month", models.IntegerField()),
                ("facts", models.JSONField(default=dict)),
                ("book", models.CharField(max_length=64)),
                ("verdict", models.CharField(max_length=12)),
                ("reasons", models.JSONField(default=list)),
                ("state", models.CharField(default="draft", max_length=12)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("public_from", models.DateField(null=True)),
                ("public_to", models.DateField(null=True)),
                ("decided_by", models.CharField(default="", max_length=80)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_why", models.CharField(default="", max_length=200)),
                ("ended_on", models.DateField(null=True)),
                ("ended_why", models.CharField(default="", max_length=200)),
                ("ended_document", models.CharField(default="", max_length=120)),
                ("ended_by", models.CharField(default="", max_length=80)),
                ("ended_checked_by", models.CharField(default="", max_length=80)),
                ("ended_at", models.DateTimeField(null=True)),
                ("annulled_why", models.CharField(default="", max_length=200)),
                ("annulled_by", models.CharField(default="", max_length=80)),
                ("annulled_checked_by", models.CharField(default="", max_length=80)),
                ("annulled_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("content", models.JSONField()),
                ("since", models.DateField()),
                ("document", models.CharField(max_length=120)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_at", models.DateTimeField(null=True)),
                ("superseded_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HeirShare",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("payee", models.UUIDField()),
                ("parts", models.SmallIntegerField()),
                ("document", models.CharField(max_length=120)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_at", models.DateTimeField(null=True)),
                ("superseded_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Objection",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("said", models.CharField(max_length=300)),
                ("raised_on", models.DateField()),
                ("noted_by", models.CharField(max_length=80)),
                ("noted_at", models.DateTimeField()),
                ("answer", models.CharField(default="", max_length=300)),
                ("upheld", models.BooleanField(null=True)),
                ("answered_by", models.CharField(default="", max_length=80)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "award",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objections",
                        to="allowances.award",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PayRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.BigIntegerField(unique=True)),
                ("division", models.BigIntegerField()),
                ("month", models.IntegerField()),
                ("pay_on", models.DateField()),
                ("state", models.CharField(default="asked", max_length=10)),
                ("known_at", models.DateTimeField()),
                ("book", models.CharField(default="", max_length=64)),
                ("people", models.IntegerField(default=0)),
                ("whole", models.IntegerField(default=0)),
                ("count", models.IntegerField(default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("recover", models.BigIntegerField(default=0)),
                ("digest", models.CharField(default="", max_length=64)),
                ("batch", models.UUIDField(null=True)),
                ("failure", models.CharField(default="", max_length=300)),
                ("made_by", models.CharField(max_length=80)),
                ("made_at", models.DateTimeField()),
                ("drafted_at", models.DateTimeField(null=True)),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_at", models.DateTimeField(null=True)),
                ("released_by", models.CharField(default="", max_length=80)),
                ("released_at", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(default="", max_length=80)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.CharField(default="", max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-made_at", "id"], name="payrun_newest"),
                    models.Index(condition=models.Q(("state", "asked")), fields=["id"], name="payrun_asked"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["asked", "draft", "checked", "released", "withdrawn", "empty", "failed"],
                            )
                        ),
                        name="payrun_state",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["asked", "draft", "checked"])),
                        fields=("division",),
                        name="payrun_open_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("made_by", ""), _negated=True),
                            models.Q(("checked_by", models.F("made_by")), _negated=True),
                            models.Q(("released_by", models.F("made_by")), _negated=True),
                            models.Q(
                                ("released_by", ""),
                                models.Q(("released_by", models.F("checked_by")), _negated=True),
                                _connector="OR",
                            ),
                        ),
                        name="payrun_by_three",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("checked_by", ""),
                                ("released_by", ""),
                                ("state__in", ["asked", "draft", "empty", "failed"]),
                            ),
                            models.Q(
                                ("released_by", ""),
                                ("state", "checked"),
                                models.Q(("checked_by", ""), _negated=True),
                            ),
                            models.Q(
                                ("state", "released"),
                                models.Q(("checked_by", ""), _negated=True),
                                models.Q(("released_by", ""), _negated=True),
                            ),
                            models.Q(
                                ("released_by", ""),
                                ("state", "withdrawn"),
                                models.Q(("withdrawn_by", ""), _negated=True),
                                models.Q(("withdrawn_why", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="payrun_signed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PayOrder",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("key", models.CharField(max_length=100, unique=True)),
                ("month", models.IntegerField()),
                ("pay_on", models.DateField()),
                ("payee_kind", models.CharField(max_length=16)),
                ("payee", models.CharField(max_length=64)),
                ("account_mask", models.CharField(max_length=40)),
                ("fen", models.BigIntegerField()),
                ("state", models.CharField(default="ordered", max_length=10)),
                ("reason", models.CharField(default="", max_length=200)),
                ("released_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="allowances.payrun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PayLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("code", models.CharField(max_length=60)),
                ("month", models.IntegerField()),
                ("turn", models.SmallIntegerField()),
                ("live", models.BooleanField(default=True)),
                ("before", models.BigIntegerField()),
                ("fen", models.BigIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("cause", models.CharField(max_length=16)),
                ("standard", models.CharField(default="", max_length=40)),
                ("picked", models.CharField(default="", max_length=120)),
                ("award", models.CharField(default="", max_length=80)),
                ("rate", models.CharField(default="", max_length=80)),
                ("reasons", models.JSONField(default=list)),
                ("shares", models.JSONField(default=dict)),
                (
                    "person",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="allowances.payrun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PayException",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=20)),
                ("code", models.CharField(default="", max_length=60)),
                ("fen", models.BigIntegerField(default=0)),
                ("words", models.CharField(max_length=300)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exceptions",
                        to="allowances.payrun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PayChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("code", models.CharField(max_length=60)),
                ("before", models.BigIntegerField()),
                ("after", models.BigIntegerField()),
                ("why", models.CharField(max_length=300)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="allowances.payrun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Receivable",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.BigIntegerField(unique=True)),
                ("division", models.BigIntegerField()),
                ("fen", models.BigIntegerField()),
                ("remaining", models.BigIntegerField()),
                ("why", models.CharField(max_length=300)),
                ("account", models.CharField(max_length=80)),
                ("state", models.CharField(default="open", max_length=10)),
                ("made_at", models.DateTimeField()),
                ("monthly", models.BigIntegerField(default=0)),
                ("plan_from", models.DateField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receivables",
                        to="allowances.payrun",
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
                ("made_at", models.DateTimeField()),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_at", models.DateTimeField(null=True)),
                (
                    "receivable",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="allowances.receivable",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="award",
            index=models.Index(fields=["person"], name="award_person"),
        ),
        migrations.AddIndex(
            model_name="award",
            index=models.Index(fields=["-made_at", "id"], name="award_newest"),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "publicised", "granted", "declined", "withdrawn"])
                ),
                name="award_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("made_by", ""), _negated=True),
                    models.Q(
                        ("decided_by", ""),
                        models.Q(("decided_by", models.F("made_by")), _negated=True),
                        _connector="OR",
                    ),
                ),
                name="award_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_by", ""), ("state__in", ["draft", "publicised"])),
                    models.Q(
                        ("decided_at__isnull", False), ("state__in", ["granted", "declined", "withdrawn"])
                    ),
                    _connector="OR",
                ),
                name="award_decided",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "granted"), _negated=True),
                    models.Q(models.Q(("decided_by", ""), _negated=True), ("verdict", "entitled")),
                    _connector="OR",
                ),
                name="award_granted_to_entitled",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("public_from", None), ("public_to", None), ("state__in", ["draft", "withdrawn"])
                    ),
                    models.Q(("public_from", None), ("public_to", None)),
                    ("public_to__gte", models.F("public_from")),
                    _connector="OR",
                ),
                name="award_publicity_order",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "publicised"), _negated=True),
                    models.Q(("public_from__isnull", False), ("public_to__isnull", False)),
                    _connector="OR",
                ),
                name="award_publicised_dates",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["declined", "withdrawn"]), _negated=True),
                    models.Q(("decided_why", ""), _negated=True),
                    _connector="OR",
                ),
                name="award_refused_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ended_at", None),
                    models.Q(
                        ("ended_on__isnull", False),
                        models.Q(("ended_why", ""), _negated=True),
                        models.Q(("ended_by", ""), _negated=True),
                        models.Q(("ended_checked_by", ""), _negated=True),
                        models.Q(("ended_checked_by", models.F("ended_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="award_ended_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("annulled_at", None),
                    models.Q(
                        models.Q(("annulled_why", ""), _negated=True),
                        models.Q(("annulled_by", ""), _negated=True),
                        models.Q(("annulled_checked_by", ""), _negated=True),
                        models.Q(("annulled_checked_by", models.F("annulled_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="award_annulled_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="award",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "publicised"]),
                    models.Q(("annulled_at", None), ("state", "granted")),
                    _connector="OR",
                ),
                fields=("person", "scheme", "approved_on"),
                name="award_once",
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["person"], name="finding_person"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(("document", ""), _negated=True), name="finding_documented"
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
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
                name="finding_by_two",
            ),
        ),
        migrations.AddIndex(
            model_name="heirshare",
            index=models.Index(fields=["person"], name="heirshare_person"),
        ),
        migrations.AddConstraint(
            model_name="heirshare",
            constraint=models.CheckConstraint(condition=models.Q(("parts__gt", 0)), name="heirshare_is_some"),
        ),
        migrations.AddConstraint(
            model_name="heirshare",
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
                name="heirshare_by_two",
            ),
        ),
        migrations.AddConstraint(
            model_name="heirshare",
            constraint=models.UniqueConstraint(
                condition=models.Q(("superseded_at", None)), fields=("person", "payee"), name="heirshare_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("upheld", None)),
                    models.Q(
                        ("answered_at__isnull", False),
                        ("upheld__isnull", False),
                        models.Q(("answer", ""), _negated=True),
                        models.Q(("answered_by", ""), _negated=True),
                        models.Q(("answered_by", models.F("noted_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="objection_answered_by_another",
            ),
        ),
        migrations.AddIndex(
            model_name="payorder",
            index=models.Index(fields=["run", "person"], name="payorder_of_run"),
        ),
        migrations.AddIndex(
            model_name="payorder",
            index=models.Index(fields=["person"], name="payorder_person"),
        ),
        migrations.AddIndex(
            model_name="payorder",
            index=models.Index(
                condition=models.Q(("state__in", ["ordered", "failed"])),
                fields=["id"],
                name="payorder_under_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="payorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("fen__gt", 0), ("state__in", ["ordered", "paid", "failed", "returned"])),
                name="payorder_pays",
            ),
        ),
        migrations.AddIndex(
            model_name="payline",
            index=models.Index(fields=["run", "person"], name="payline_of_run"),
        ),
        migrations.AddConstraint(
            model_name="payline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fen", 0), _negated=True),
                    ("kind__in", ["regular", "back-pay", "recovery", "recovery-lifted"]),
                ),
                name="payline_is_some",
            ),
        ),
        migrations.AddConstraint(
            model_name="payline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fen__gt", 0), ("kind__in", ["regular", "back-pay", "recovery-lifted"])),
                    models.Q(("fen__lt", 0), ("kind", "recovery")),
                    _connector="OR",
                ),
                name="payline_sign",
            ),
        ),
        migrations.AddConstraint(
            model_name="payline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("live", True)),
                fields=("person", "code", "month", "turn"),
                name="payline_turn_once",
            ),
        ),
        migrations.AddIndex(
            model_name="payexception",
            index=models.Index(fields=["run", "kind"], name="payexception_of_run"),
        ),
        migrations.AddIndex(
            model_name="paychange",
            index=models.Index(fields=["run", "person"], name="paychange_of_run"),
        ),
        migrations.AddIndex(
            model_name="receivable",
            index=models.Index(fields=["person"], name="receivable_person"),
        ),
        migrations.AddIndex(
            model_name="receivable",
            index=models.Index(fields=["-made_at", "id"], name="receivable_newest"),
        ),
        migrations.AddConstraint(
            model_name="receivable",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fen__gt", 0),
                    ("remaining__gte", 0),
                    ("remaining__lte", models.F("fen")),
                    ("state__in", ["open", "settled"]),
                ),
                name="receivable_left",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivable",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("remaining__gt", 0), ("state", "open")),
                    models.Q(("remaining", 0), ("state", "settled")),
                    _connector="OR",
                ),
                name="receivable_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="receivable",
            constraint=models.UniqueConstraint(fields=("run", "person"), name="receivable_once_a_run"),
        ),
        migrations.AddConstraint(
            model_name="receivablestep",
            constraint=models.CheckConstraint(
                condition=models.Q(("fen__gt", 0), ("kind__in", ["plan", "repaid", "written-off", "lifted"])),
                name="receivablestep_is_some",
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
                name="receivablestep_by_two",
            ),
        ),
    ]
