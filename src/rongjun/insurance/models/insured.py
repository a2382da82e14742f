"""参保人、保险年度、定点机构: who is insured, the years money counts in, the hospitals we know."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class Institution(models.Model):
    """定点医药机构: a hospital we know by its national code; `partner` is who sends its settlements."""

    code = models.CharField(primary_key=True, max_length=40)
    name = models.CharField(max_length=120)
    area = models.CharField(max_length=12, default="")
    known_since = models.DateField()

    def __str__(self) -> str:
        return self.code


class Member(models.Model):
    """参保人: one person under one plan. This row is the lock: whoever decides about the person holds it.

    The insured year would be the narrower lock. But a correction may move a stay from one year into another,
    and a refund that comes before its settlement knows no year yet: they have to meet at one row.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT)
    division = models.BigIntegerField()
    plan = models.CharField(max_length=40)
    decisions = models.IntegerField(default=0)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "plan"], name="insurance_member_once"),
            models.UniqueConstraint(fields=["id", "division"], name="insurance_member_division"),
        ]

    def __str__(self) -> str:
        return f"{self.plan} {self.id}"


class InsuredYear(models.Model):
    """保险年度: what one member's year adds up to, in fen; the sum of its decisions (a trigger says so)."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="years")
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT)
    division = models.BigIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    inside = models.BigIntegerField(default=0)
    outside = models.BigIntegerField(default=0)
    payout = models.BigIntegerField(default=0)
    own = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "starts_on"], name="insurance_year_once"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="insurance_year_order"),
            # What the plan pays is part of what counts, whatever the numbers of the plan.
            models.CheckConstraint(
                condition=Q(inside__gte=0, outside__gte=0, payout__gte=0)
                & Q(payout__lte=F("inside") + F("outside")),
                name="insurance_year_foots",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.starts_on}"
