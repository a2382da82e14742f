"""割接: what the old system had paid, taken over by two people; from then on it counts as paid."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class Takeover(models.Model):
    """One file of the old system (`source`, the registry's) as payments: proposed by one, adopted by another.

    Rows of the file and what became of them add up; `faults` say of each row left out why. `months` payments
    come to `total` fen, of which `digest` is told. In force from `checked_at`; it is never taken back then.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.UUIDField()
    division = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    file_name = models.CharField(max_length=200)
    rows = models.IntegerField()
    taken = models.IntegerField()
    left_out = models.IntegerField()
    faults = models.JSONField(default=list)
    months = models.IntegerField()
    total = models.BigIntegerField()
    first = models.IntegerField(default=0)
    last = models.IntegerField(default=0)
    digest = models.CharField(max_length=64)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, default="")
    checked_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [models.Index(fields=["-made_at", "id"], name="takeover_newest")]
        constraints = [
            models.UniqueConstraint(fields=["source"], condition=Q(withdrawn_at=None), name="takeover_once"),
            models.CheckConstraint(
                condition=Q(rows=F("taken") + F("left_out")) & ~Q(made_by=""), name="takeover_balances"
            ),
            models.CheckConstraint(
                condition=Q(checked_by="", checked_at=None)
                | ~Q(checked_by="") & Q(checked_at__isnull=False) & ~Q(checked_by=F("made_by")),
                name="takeover_by_two",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by="", withdrawn_at=None, withdrawn_why="")
                | ~Q(withdrawn_by="") & Q(withdrawn_at__isnull=False, checked_at=None) & ~Q(withdrawn_why=""),
                name="takeover_withdrawn_before",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} {self.digest[:12]}"


class OldPayment(models.Model):
    """What the old system paid one person for one scheme and month, in fen.

    `standard`, `picked`, `award` and `rate` are ours where the amount is by them, else empty. It counts once
    its takeover is adopted; `live` ends when that was withdrawn before.
    """

    id = models.BigAutoField(primary_key=True)
    takeover = models.ForeignKey(Takeover, on_delete=models.PROTECT, related_name="payments")
    division = models.BigIntegerField()
    person = models.ForeignKey(
        # Held by a composite key with the division, in the same migration.
        "registry.Person",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    code = models.CharField(max_length=60)
    month = models.IntegerField()
    fen = models.BigIntegerField()
    live = models.BooleanField(default=True)
    standard = models.CharField(max_length=40, default="")
    picked = models.CharField(max_length=120, default="")
    award = models.CharField(max_length=80, default="")
    rate = models.CharField(max_length=80, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(fen__gt=0), name="oldpayment_is_some"),
            # Whatever files say it again, it was paid once.
            models.UniqueConstraint(
                fields=["person", "code", "month"], condition=Q(live=True), name="oldpayment_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.takeover_id} {self.code} {self.month}"
