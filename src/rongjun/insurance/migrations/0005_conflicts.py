"""Which of two contents of one settlement stands."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("insurance", "0004_recovering_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Conflict",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("division", models.BigIntegerField()),
                ("answer", models.CharField(max_length=8)),
                ("why", models.CharField(max_length=500)),
                ("state", models.CharField(default="proposed", max_length=12)),
                ("proposed_by", models.CharField(max_length=80)),
                ("proposed_name", models.CharField(max_length=64)),
                ("proposed_at", models.DateTimeField()),
                ("checked_by", models.CharField(default="", max_length=80)),
                ("checked_name", models.CharField(default="", max_length=64)),
                ("checked_at", models.DateTimeField(null=True)),
                (
                    "settlement",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="conflict",
                        to="insurance.settlement",
                    ),
                ),
                (
                    "taken",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="insurance.settlement",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("answer", "later"), ("state", "closed"), ("taken", None)),
                        fields=["checked_at"],
                        name="insurance_conflict_to_take",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answer__in", ["first", "later"]),
                            ("state__in", ["proposed", "closed", "sent-back"]),
                        ),
                        name="insurance_conflict_words",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("checked_at__isnull", False),
                                ("state", "closed"),
                                models.Q(("checked_by", ""), _negated=True),
                            ),
                            models.Q(
                                models.Q(("state", "closed"), _negated=True),
                                ("checked_at", None),
                                ("checked_by", ""),
                            ),
                            _connector="OR",
                        ),
                        name="insurance_conflict_signed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("checked_by", models.F("proposed_by")), _negated=True),
                        name="insurance_conflict_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taken", None),
                            models.Q(("answer", "later"), ("state", "closed")),
                            _connector="OR",
                        ),
                        name="insurance_conflict_taken",
                    ),
                ],
            },
        ),
    ]
