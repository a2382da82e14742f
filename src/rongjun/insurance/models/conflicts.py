"""同号不同内容: which of two contents of one settlement stands, said by two people."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from rongjun.insurance.logic.standing import CONFLICT_STATES, STANDS
from rongjun.insurance.models.claims import Settlement


class Conflict(models.Model):
    """What became of a record that was set aside because another content came first.

    The first may stand, or the later: then a job takes it up as a correction of the first, `taken`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    settlement = models.OneToOneField(Settlement, on_delete=models.PROTECT, related_name="conflict")
    answer = models.CharField(max_length=8)
    why = models.CharField(max_length=500)
    state = models.CharField(max_length=12, default="proposed")
    proposed_by = models.CharField(max_length=80)
    proposed_name = models.CharField(max_length=64)
    proposed_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, default="")
    checked_name = models.CharField(max_length=64, default="")
    checked_at = models.DateTimeField(null=True)
    taken = models.OneToOneField(Settlement, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(
                fields=["checked_at"],
                condition=Q(state="closed", answer="later", taken=None),
                name="insurance_conflict_to_take",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer__in=list(STANDS), state__in=list(CONFLICT_STATES)),
                name="insurance_conflict_words",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", checked_at__isnull=False) & ~Q(checked_by="")
                | ~Q(state="closed") & Q(checked_by="", checked_at=None),
                name="insurance_conflict_signed",
            ),
            models.CheckConstraint(
                condition=~Q(checked_by=F("proposed_by")), name="insurance_conflict_by_two"
            ),
            models.CheckConstraint(
                condition=Q(taken=None) | Q(state="closed", answer="later"),
                name="insurance_conflict_taken",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.settlement_id} {self.state}"
