"""人工复核: what waits for a person. One proposes, another decides; an appeal goes to a third."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from rongjun.insurance.logic.reviewing import ANSWERS, REVIEW_STATES
from rongjun.insurance.models.claims import ClaimDecision, Settlement
from rongjun.insurance.models.insured import Member


class Review(models.Model):
    """One decision that waits, why, and who says what about it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="reviews")
    decision = models.OneToOneField(ClaimDecision, on_delete=models.PROTECT, related_name="review")
    reasons = models.JSONField(default=list)
    opened_at = models.DateTimeField()
    due_on = models.DateField()
    state = models.CharField(max_length=12, default="open")
    answer = models.CharField(max_length=8, default="")
    proposed_by = models.CharField(max_length=80, default="")
    proposed_name = models.CharField(max_length=64, default="")
    proposed_at = models.DateTimeField(null=True)
    proposed_why = models.CharField(max_length=500, default="")
    checked_by = models.CharField(max_length=80, default="")
    checked_name = models.CharField(max_length=64, default="")
    checked_at = models.DateTimeField(null=True)
    appeal_said = models.CharField(max_length=500, default="")
    appeal_noted_by = models.CharField(max_length=80, default="")
    appeal_noted_at = models.DateTimeField(null=True)
    appeal_answer = models.CharField(max_length=8, default="")
    appeal_by = models.CharField(max_length=80, default="")
    appeal_name = models.CharField(max_length=64, default="")
    appeal_at = models.DateTimeField(null=True)
    appeal_why = models.CharField(max_length=500, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["due_on"],
                condition=Q(state__in=["open", "proposed", "appealed"]),
                name="insurance_review_open",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=list(REVIEW_STATES)), name="insurance_review_state"),
            models.CheckConstraint(
                condition=Q(answer="") | Q(answer__in=list(ANSWERS)), name="insurance_review_answer"
            ),
            models.CheckConstraint(
                condition=Q(checked_by="") | ~Q(checked_by=F("proposed_by")), name="insurance_review_by_two"
            ),
            models.CheckConstraint(
                condition=Q(appeal_by="") | (~Q(appeal_by=F("proposed_by")) & ~Q(appeal_by=F("checked_by"))),
                name="insurance_appeal_by_a_third",
            ),
            models.CheckConstraint(
                condition=~Q(state="proposed") | (~Q(proposed_by="") & ~Q(proposed_why="")),
                name="insurance_review_proposed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["closed", "appealed"])
                | (~Q(proposed_by="") & ~Q(checked_by="") & ~Q(answer="")),
                name="insurance_review_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.settlement_id} {self.state}"
