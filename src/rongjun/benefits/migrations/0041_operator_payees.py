"""Where operators are paid: named by one, confirmed by another; nothing of it is changed afterwards."""

import uuid

from django.db import migrations, models

from rongjun.access.row_security import lock_by_division


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0040_operator_statements"),
    ]

    operations = [
        migrations.CreateModel(
            name="OperatorPayee",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("operator", models.CharField(max_length=32)),
                ("payee", models.CharField(max_length=80)),
                ("bank", models.CharField(default="", max_length=12)),
                ("account_sealed", models.BinaryField()),
                ("account_mask", models.CharField(max_length=40)),
                ("named_by", models.CharField(max_length=80)),
                ("named_at", models.DateTimeField()),
                ("confirmed_by", models.CharField(default="", max_length=80)),
                ("confirmed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("confirmed_by", models.F("named_by")), _negated=True),
                        name="operator_payee_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("confirmed_at", None), ("confirmed_by", "")),
                            models.Q(
                                models.Q(("confirmed_by", ""), _negated=True), ("confirmed_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="operator_payee_confirmed",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            lock_by_division(
                "benefits_operatorpayee",
                rights="select, insert, update (confirmed_by, confirmed_at)",
                job_rights="select",
            ),
            migrations.RunSQL.noop,
        ),
    ]
