"""Administrative divisions and the stations that serve them, dated."""

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
    successor = models.BigIntegerField(null=True)  # the code that took its place, where that is known

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


class Station(models.Model):
    """A 退役军人服务中心 or 服务站: it `serves` the division it is attached to, and all within.

    Half open as a division. A division has one of each kind on a day. Coordinates wait for a survey.
    """

    id = models.BigAutoField(primary_key=True)
    serves = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    name = models.CharField(max_length=64)
    address = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    is_synthetic = models.BooleanField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="station_valid_order"
            ),
            models.CheckConstraint(
                condition=Q(longitude=None, latitude=None)
                | Q(longitude__isnull=False, latitude__isnull=False),
                name="station_whole_place",
            ),
            ExclusionConstraint(
                name="station_one_of_a_kind_a_day",
                expressions=[
                    ("serves", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
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
