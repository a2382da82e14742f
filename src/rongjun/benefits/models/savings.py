"""Closed months: what was archived, and the signed aggregate that alone makes the figure again."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class ClosedMonth(models.Model):
    """A month that was closed for the `turn`-th time: counts, digests, and the aggregate with its signature.

    `lines` is the aggregate as it was signed, compressed. `dropped_at` is when its single uses went.
    """

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    month = models.IntegerField()
    turn = models.SmallIntegerField()
    uses = models.BigIntegerField()
    fates = models.JSONField()
    fares = models.CharField(max_length=64)
    archive = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    lines = models.BinaryField()
    algorithm = models.CharField(max_length=24)
    key_version = models.IntegerField()
    signature = models.BinaryField()
    closed_at = models.DateTimeField()
    closed_by = models.CharField(max_length=80)
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "benefits_closed_month"
        constraints = [
            models.UniqueConstraint(fields=["month", "turn"], name="closed_month_turn"),
            models.CheckConstraint(condition=Q(turn__gte=1, uses__gte=0), name="closed_month_counts"),
            models.CheckConstraint(
                condition=Q(dropped_at=None) | Q(dropped_at__gte=F("closed_at")), name="closed_month_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month}/{self.turn}"
