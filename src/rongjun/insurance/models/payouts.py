"""赔付款: what is to be paid to a member now, from the moment it is set aside until it has arrived."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from rongjun.insurance.logic.payouts import COMMITTED, PAYOUT_STATES
from rongjun.insurance.models.claims import ClaimDecision
from rongjun.insurance.models.insured import Member


class Payout(models.Model):
    """A payment in fen, set aside in the ledger under its own id; `decision` is what made it due.

    reserved → drafted (in a payments batch) → paid, or cancelled before it is drafted. One whose fund was
    short is `short` until the money is there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="payouts")
    decision = models.ForeignKey(ClaimDecision, on_delete=models.PROTECT, related_name="payouts")
    fen = models.BigIntegerField()
    state = models.CharField(max_length=12)
    fault = models.CharField(max_length=200, default="")
    batch = models.UUIDField(null=True)
    reserved_at = models.DateTimeField()
    drafted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["member"], name="insurance_payout_member"),
            models.Index(
                fields=["state", "reserved_at"],
                condition=Q(state__in=sorted(COMMITTED - {"paid"})),
                name="insurance_payout_open",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(fen__gt=0), name="insurance_payout_pays"),
            models.CheckConstraint(condition=Q(state__in=list(PAYOUT_STATES)), name="insurance_payout_state"),
            models.CheckConstraint(
                condition=~Q(state__in=["drafted", "paid"]) | Q(batch__isnull=False),
                name="insurance_payout_batch",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"
