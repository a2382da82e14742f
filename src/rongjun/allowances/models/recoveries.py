"""追回: what was paid too much, as a receivable with its plan; money comes back by steps."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

RECEIVABLE_STATES = ["open", "settled"]
STEP_KINDS = ["plan", "repaid", "written-off", "lifted"]


class Receivable(models.Model):
    """What one person owes back by one run. `account` is the ledger's; its balance is what is still owed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True)
    run = models.ForeignKey("allowances.PayRun", on_delete=models.PROTECT, related_name="receivables")
    division = models.BigIntegerField()
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    fen = models.BigIntegerField()
    remaining = models.BigIntegerField()
    why = models.CharField(max_length=300)
    account = models.CharField(max_length=80)
    state = models.CharField(max_length=10, default="open")
    made_at = models.DateTimeField()
    monthly = models.BigIntegerField(default=0)
    plan_from = models.DateField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["person"], name="receivable_person"),
            models.Index(fields=["-made_at", "id"], name="receivable_newest"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    fen__gt=0, remaining__gte=0, remaining__lte=F("fen"), state__in=RECEIVABLE_STATES
                ),
                name="receivable_left",
            ),
            models.CheckConstraint(
                condition=Q(state="open", remaining__gt=0) | Q(state="settled", remaining=0),
                name="receivable_state",
            ),
            models.UniqueConstraint(fields=["run", "person"], name="receivable_once_a_run"),
        ]

    def __str__(self) -> str:
        return f"Z{self.number:05d}"


class ReceivableStep(models.Model):
    """What happened to a receivable: a plan, money that came back, a write-off by two, or owed after all."""

    id = models.BigAutoField(primary_key=True)
    receivable = models.ForeignKey(Receivable, on_delete=models.PROTECT, related_name="steps")
    division = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    fen = models.BigIntegerField()
    on = models.DateField()
    document = models.CharField(max_length=120)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, default="")
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(fen__gt=0, kind__in=STEP_KINDS), name="receivablestep_is_some"
            ),
            models.CheckConstraint(
                condition=Q(checked_by="", checked_at=None)
                | ~Q(checked_by="") & Q(checked_at__isnull=False) & ~Q(checked_by=F("made_by")),
                name="receivablestep_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receivable_id} {self.kind}"
