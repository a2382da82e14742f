"""Stations, and what became of a division that is no more."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
from django.db import migrations, models

from rongjun.access.row_security import open_to_read


class Migration(migrations.Migration):
    dependencies = [("places", "0002_row_security")]

    operations = [
        migrations.AddField("division", "successor", models.BigIntegerField(null=True)),
        migrations.CreateModel(
            name="Station",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("serves", models.BigIntegerField()),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=64)),
                ("address", models.CharField(blank=True, max_length=120)),
                ("phone", models.CharField(blank=True, max_length=32)),
                ("longitude", models.FloatField(null=True)),
                ("latitude", models.FloatField(null=True)),
                ("is_synthetic", models.BooleanField()),
                ("valid_from", models.DateField()),
                ("valid_to", models.DateField(null=True)),
                ("source", models.CharField(max_length=200)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                        ),
                        name="station_valid_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("latitude", None), ("longitude", None)),
                            models.Q(("latitude__isnull", False), ("longitude__isnull", False)),
                            _connector="OR",
                        ),
                        name="station_whole_place",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("serves", "="),
                            ("kind", "="),
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
                        name="station_one_of_a_kind_a_day",
                    ),
                ],
            },
        ),
        migrations.RunSQL(open_to_read("places_station"), migrations.RunSQL.noop),
    ]
