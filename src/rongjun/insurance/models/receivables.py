"""追回: what was paid too much after a bill was taken back; it comes back by steps of its own."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from rongjun.insurance.logic.recovering import RECEIVABLE_STATES, STEP_KINDS
from rongjun.insurance.models.claims import ClaimDecision
from rongjun.insurance.models.insured import Member


class Receivable(models.Model):
    """What one member owes back in fen; `decision` is what took the money back.

    `waiting` until two people have signed that decision: then the ledger has it under `account`; `signed_by`
    names them, and `remaining` is what is still owed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="receivables")
    decision = models.ForeignKey(ClaimDecision, on_delete=models.PROTECT, related_name="receivables")
    fen = models.BigIntegerField()
    remaining = models.BigIntegerField()
    state = models.CharField(max_length=10, default="waiting")
    signed_by = models.CharField(max_length=200, default="")
    made_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["member"], name="insurance_back_member"),
            models.Index(fields=["-made_at", "id"], name="insurance_back_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(fen__gt=0, remaining__gte=0, remaining__lte=F("fen"))
                & Q(state__in=list(RECEIVABLE_STATES)),
                name="insurance_back_left",
            ),
            models.CheckConstraint(
                condition=Q(state="settled", remaining=0) | (~Q(state="settled") & Q(remaining__gt=0)),
                name="insurance_back_state",
            ),
            # Money is asked back in somebody's name, or not at all.
            models.CheckConstraint(
                condition=~Q(state="open") | (~Q(signed_by="") & Q(opened_at__isnull=False)),
                name="insurance_back_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"T{self.id.hex[:8].upper()}"

    @property
    def account(self) -> str:
        """Its account in the ledger, whose balance is what is still owed."""
        return f"recoverable.insurance.{self.id.hex}"


class ReceivableStep(models.Model):
    """What happened to a receivable: money that came back, a write-off by two, or owed after all."""

    id = models.BigAutoField(primary_key=True)
    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="steps")
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, related_name="+")
    division = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    fen = models.BigIntegerField()
    on = models.DateField()
    document = models.CharField(max_length=120)
    made_by = models.CharField(max_length=80)
    made_name = models.CharField(max_length=64, default="")
    made_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, default="")
    checked_name = models.CharField(max_length=64, default="")
    checked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["receivable", "id"], name="insurance_backstep_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(fen__gt=0, kind__in=list(STEP_KINDS)), name="insurance_backstep_is_some"
            ),
            models.CheckConstraint(
                condition=Q(checked_by="", checked_at=None)
                | ~Q(checked_by="") & Q(checked_at__isnull=False) & ~Q(checked_by=F("made_by")),
                name="insurance_backstep_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receivable_id} {self.kind}"
