"""Who is responsible for a benefit in a county, the tasks of supervision, and the steps of their road."""

import datetime
import uuid

import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division

# Steps and names are only added; of a task the application moves where it stands, and nothing else.
MOVES = "select, insert, update (state, due_on, level, ordered, reported_by)"


class Migration(migrations.Migration):
    dependencies = [
        ("benefits", "0007_swept_figures"),
    ]

    operations = [
        migrations.CreateModel(
            name="Duty",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=80)),
                ("division", models.BigIntegerField()),
                ("unit", models.CharField(max_length=80)),
                ("expected", models.CharField(max_length=200)),
                ("reason", models.CharField(max_length=500)),
                ("named_by", models.CharField(max_length=80)),
                ("named_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["code", "division", "-id"], name="duty_newest")],
            },
        ),
        migrations.CreateModel(
            name="SupervisionTask",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("round", models.UUIDField()),
                ("title", models.CharField(max_length=80)),
                ("code", models.CharField(max_length=80)),
                ("benefit", models.CharField(max_length=120)),
                ("division", models.BigIntegerField()),
                ("unit", models.CharField(max_length=80)),
                ("expected", models.CharField(max_length=200)),
                ("state", models.CharField(max_length=16)),
                ("due_on", models.DateField(null=True)),
                ("level", models.SmallIntegerField(default=0)),
                ("ordered", models.BooleanField(default=False)),
                ("reported_by", models.CharField(default="", max_length=80)),
                ("opened_by", models.CharField(max_length=80)),
                ("opened_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["code", "division", "-opened_at"], name="task_newest"),
                    models.Index(
                        condition=models.Q(("state__in", ["passed", "withdrawn"]), _negated=True),
                        fields=["due_on"],
                        name="task_due",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "tasked",
                                    "reported",
                                    "wanting",
                                    "ordered",
                                    "corrected",
                                    "unmended",
                                    "escalated",
                                    "passed",
                                    "withdrawn",
                                ],
                            )
                        ),
                        name="task_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("due_on", None), ("state__in", ["passed", "withdrawn"])),
                            models.Q(
                                models.Q(("state__in", ["passed", "withdrawn"]), _negated=True),
                                ("due_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="task_due_while_open",
                    ),
                    models.UniqueConstraint(fields=("id", "division"), name="task_division"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["passed", "withdrawn"]), _negated=True),
                        fields=("code", "division"),
                        name="task_open_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupervisionStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("outcome", models.CharField(default="", max_length=16)),
                ("said", models.CharField(max_length=1000)),
                ("happened_on", models.DateField(null=True)),
                ("place", models.CharField(default="", max_length=120)),
                ("due_on", models.DateField(null=True)),
                ("whom", models.CharField(default="", max_length=80)),
                ("level", models.SmallIntegerField(default=0)),
                ("proof", models.JSONField(default=list)),
                ("decides_over", models.CharField(default="", max_length=80)),
                ("by", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="benefits.supervisiontask",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["open", "report", "check", "order", "escalate", "clue", "withdraw"])
                        ),
                        name="step_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("by", models.F("decides_over")), _negated=True),
                        name="step_by_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("said", ""), _negated=True), name="step_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "clue"), _negated=True),
                            models.Q(
                                ("happened_on__gte", datetime.date(2024, 10, 1)),
                                ("happened_on__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="step_clue_since",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "alter table benefits_supervisionstep add constraint supervisionstep_same_division"
            " foreign key (task_id, division) references benefits_supervisiontask (id, division)"
            " deferrable initially deferred",
            "alter table benefits_supervisionstep drop constraint supervisionstep_same_division",
        ),
        migrations.RunSQL(
            lock_by_division("benefits_duty", rights="select, insert", job_rights="select")
            + lock_by_division("benefits_supervisiontask", rights=MOVES, job_rights="select")
            + lock_by_division("benefits_supervisionstep", rights="select, insert", job_rights="select"),
            migrations.RunSQL.noop,
        ),
    ]
