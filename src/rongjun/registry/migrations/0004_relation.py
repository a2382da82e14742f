"""Relations of a person to a soldier: an assertion like the others, kept and locked like the others."""

import uuid

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models

from rongjun.access.row_security import lock_by_division


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_row_security")]
    operations = [
        migrations.CreateModel(
            name="Relation",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("division", models.BigIntegerField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("recorded_at", models.DateTimeField()),
                ("superseded_at", models.DateTimeField(null=True)),
                ("source", models.CharField(max_length=120)),
                ("evidence", models.CharField(default="", max_length=200)),
                ("recorded_by", models.CharField(max_length=80)),
                ("series", models.UUIDField(default=uuid.uuid4)),
                ("dependant_of", models.CharField(max_length=32)),
                ("relation", models.CharField(max_length=32)),
                ("deceased_kind", models.CharField(default="none", max_length=32)),
                ("stated", models.JSONField(default=dict)),
                (
                    "person",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="registry.person"),
                ),
                (
                    "relative",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.person",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "indexes": [models.Index(fields=["person"], name="relation_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="relation_valid_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("superseded_at", None),
                            ("superseded_at__gte", models.F("recorded_at")),
                            _connector="OR",
                        ),
                        name="relation_known_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("deceased_kind", "none"), ("dependant_of", "none"), _negated=True
                        ),
                        name="relation_to_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("relative", None),
                            models.Q(("relative", models.F("person")), _negated=True),
                            _connector="OR",
                        ),
                        name="relation_to_another",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("superseded_at", None)),
                        expressions=[
                            ("series", "="),
                            (
                                models.Func(
                                    "valid_from",
                                    "valid_to",
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="relation_one_word_a_day",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "alter table registry_relation add constraint relation_same_division foreign key (person_id, division)"
            " references registry_person (id, division) on update cascade deferrable initially deferred",
            "alter table registry_relation drop constraint relation_same_division",
        ),
        migrations.RunSQL(
            lock_by_division("registry_relation", rights="select, insert, update (superseded_at)"),
            migrations.RunSQL.noop,
        ),
    ]
