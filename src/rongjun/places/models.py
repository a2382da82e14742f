"""Administrative divisions, dated."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q


class Division(models.Model):
    """One 12-digit division (GB/T 2260 with township and village) under one name.

    Half open: `valid_to` is the first day the name no longer holds. On one day a code has one name.
    """

    id = models.BigAutoField(primary_key=True)
    code = models.BigIntegerField()
    name = models.CharField(max_length=64)
    level = models.CharField(max_length=16)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="division_valid_order"
            ),
            models.UniqueConstraint(fields=["code", "valid_from"], name="division_once"),
            ExclusionConstraint(
                name="division_one_name_a_day",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "valid_from", "valid_to", function="daterange", output_field=DateRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.name
