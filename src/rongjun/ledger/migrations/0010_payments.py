"""Payment batches, their lines, their file and the bank's answers."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]

    operations = [
        migrations.CreateModel(
            name="PaymentAnswer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("item", models.BigIntegerField()),
                ("code", models.CharField(max_length=8)),
                ("detail", models.CharField(default="", max_length=200)),
                ("outcome", models.CharField(max_length=8)),
                ("said_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PaymentBatch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.BigIntegerField(unique=True)),
                ("division", models.BigIntegerField()),
                ("purpose", models.CharField(max_length=20)),
                ("title", models.CharField(max_length=120)),
                ("fund", models.CharField(max_length=80)),
                ("counter", models.CharField(max_length=80)),
                ("budgets", models.JSONField(default=dict)),
                ("held", models.JSONField(default=dict)),
                ("partner", models.CharField(max_length=32)),
                ("layout", models.CharField(max_length=40)),
                ("pay_on", models.DateField()),
                ("state", models.CharField(default="draft", max_length=10)),
                ("count", models.IntegerField(default=0)),
                ("total", models.BigIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=80)),
                ("checked_at", models.DateTimeField(null=True)),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("released_at", models.DateTimeField(null=True)),
                ("released_by", models.CharField(default="", max_length=80)),
                ("sent_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(default="", max_length=80)),
                ("withdrawn_reason", models.CharField(default="", max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="PaymentLine",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("line", models.IntegerField()),
                ("key", models.CharField(max_length=100)),
                ("payee", models.CharField(max_length=60)),
                ("account_sealed", models.BinaryField()),
                ("account_index", models.BinaryField()),
                ("account_mask", models.CharField(max_length=40)),
                ("document_sealed", models.BinaryField(default=b"")),
                ("bank", models.CharField(default="", max_length=12)),
                ("fen", models.BigIntegerField()),
                ("purpose", models.CharField(max_length=20)),
                ("shares", models.JSONField()),
                ("why", models.CharField(default="", max_length=200)),
                ("added_at", models.DateTimeField()),
                ("added_by", models.CharField(max_length=80)),
                ("state", models.CharField(default="draft", max_length=12)),
                ("code", models.CharField(default="", max_length=8)),
                ("reason", models.CharField(default="", max_length=200)),
                ("answered_at", models.DateTimeField(null=True)),
                ("owner", models.CharField(default="", max_length=80)),
                ("dispute", models.CharField(default="", max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(default="", max_length=80)),
                ("ended_reason", models.CharField(default="", max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="PaymentFile",
            fields=[
                (
                    "batch",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        serialize=False,
                        to="ledger.paymentbatch",
                    ),
                ),
                ("division", models.BigIntegerField()),
                ("name", models.CharField(max_length=80)),
                ("content_sealed", models.BinaryField()),
                ("size", models.IntegerField()),
                ("digest", models.BinaryField()),
                ("signature", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("delivered_at", models.DateTimeField(null=True)),
                ("failure", models.CharField(default="", max_length=200)),
            ],
        ),
        migrations.AddIndex(
            model_name="paymentbatch",
            index=models.Index(fields=["-made_at"], name="payment_newest"),
        ),
        migrations.AddIndex(
            model_name="paymentbatch",
            index=models.Index(
                condition=models.Q(("state__in", ["released", "sent", "answered"])),
                fields=["id"],
                name="payment_at_work",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "checked", "released", "sent", "answered", "closed", "withdrawn"])
                ),
                name="payment_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("made_by", ""), _negated=True),
                    models.Q(("checked_by", models.F("made_by")), _negated=True),
                    models.Q(("released_by", models.F("made_by")), _negated=True),
                ),
                name="payment_maker_is_not_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("released_by", ""),
                    models.Q(
                        models.Q(("checked_by", ""), _negated=True),
                        models.Q(("released_by", models.F("checked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="payment_releaser_is_third",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("checked_by", ""), ("released_by", ""), ("state", "draft")),
                    ("state", "withdrawn"),
                    models.Q(
                        ("released_by", ""), ("state", "checked"), models.Q(("checked_by", ""), _negated=True)
                    ),
                    models.Q(
                        ("state__in", ["released", "sent", "answered", "closed"]),
                        models.Q(("checked_by", ""), _negated=True),
                        models.Q(("released_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="payment_state_has_its_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "withdrawn"), _negated=True),
                    models.Q(
                        models.Q(("withdrawn_by", ""), _negated=True),
                        models.Q(("withdrawn_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="payment_withdrawn_says_why",
            ),
        ),
        migrations.AddField(
            model_name="paymentline",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="ledger.paymentbatch",
            ),
        ),
        migrations.AddField(
            model_name="paymentline",
            name="follows",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="ledger.paymentline",
            ),
        ),
        migrations.AddField(
            model_name="paymentanswer",
            name="line",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="ledger.paymentline"
            ),
        ),
        migrations.AddIndex(
            model_name="paymentfile",
            index=models.Index(
                condition=models.Q(("delivered_at", None)), fields=["made_at"], name="payment_file_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="paymentline",
            index=models.Index(fields=["key"], name="payment_line_key"),
        ),
        migrations.AddIndex(
            model_name="paymentline",
            index=models.Index(
                condition=models.Q(
                    ("state", "failed"), models.Q(("dispute", ""), _negated=True), _connector="OR"
                ),
                fields=["id"],
                name="payment_line_to_mend",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["draft", "ready", "paid", "failed", "requeued", "written-back", "withdrawn"],
                    )
                ),
                name="payment_line_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentline",
            constraint=models.CheckConstraint(condition=models.Q(("fen__gt", 0)), name="payment_line_pays"),
        ),
        migrations.AddConstraint(
            model_name="paymentline",
            constraint=models.UniqueConstraint(fields=("batch", "line"), name="payment_line_once"),
        ),
        migrations.AddConstraint(
            model_name="paymentline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["draft", "ready", "paid"])),
                fields=("key",),
                name="payment_key_living",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["paid", "failed"]), _negated=True),
                    models.Q(models.Q(("code", ""), _negated=True), ("answered_at__isnull", False)),
                    _connector="OR",
                ),
                name="payment_line_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(models.Q(("state", "failed"), _negated=True), ("dispute", "")),
                    models.Q(("owner", ""), _negated=True),
                    _connector="OR",
                ),
                name="payment_line_to_mend_has_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="paymentanswer",
            constraint=models.UniqueConstraint(fields=("item",), name="payment_answer_once"),
        ),
    ]
