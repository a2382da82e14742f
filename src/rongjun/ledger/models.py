"""The books: accounts, transfers and their entries, what limits them, and what is still held.

Transfers and entries are append-only for every role, the owner included; see migrations/0001_initial.py.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from rongjun.ledger.logic import EXPIRE, FREED, HELD, HOLD, POST, POSTED, RELEASE, REVERSAL, SETTLE
from rongjun.ledger.payments.models import PaymentAnswer, PaymentBatch, PaymentFile, PaymentLine


class Account(models.Model):
    """Where money lies or what it is counted for, in whole fen. A restricted fund lists its purposes."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=80, unique=True)
    division = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    title = models.CharField(max_length=120)
    purposes = ArrayField(models.CharField(max_length=60), default=list)
    needs_budget = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=80)
    closed_on = models.DateField(null=True)

    class Meta:
        indexes = [models.Index(fields=["division", "code"], name="ledger_account_division")]
        constraints = [models.CheckConstraint(condition=~Q(code=""), name="ledger_account_named")]

    def __str__(self) -> str:
        return self.code


class Limit(models.Model):
    """A limited account: between which amounts it stays, and what is on it. The only rows writers wait for.

    The database keeps the three amounts with every entry and lets nobody else write them. `held_out` is not
    positive.
    """

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.PROTECT, related_name="limit")
    division = models.BigIntegerField()
    floor = models.BigIntegerField(null=True)
    ceiling = models.BigIntegerField(null=True)
    posted = models.BigIntegerField(db_default=0)
    held_in = models.BigIntegerField(db_default=0)
    held_out = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(floor=None) | Q(floor__lte=F("posted") + F("held_out")), name="ledger_floor_kept"
            ),
            models.CheckConstraint(
                condition=Q(ceiling=None) | Q(ceiling__gte=F("posted") + F("held_in")),
                name="ledger_ceiling_kept",
            ),
            models.CheckConstraint(condition=Q(held_in__gte=0, held_out__lte=0), name="ledger_held_signs"),
        ]

    def __str__(self) -> str:
        return str(self.account_id)


class BudgetLine(models.Model):
    """So much of a fund for one year, counted on an account whose ceiling it is."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.PROTECT, related_name="budget_line"
    )
    division = models.BigIntegerField()
    fund = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    contra = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    year = models.SmallIntegerField()

    class Meta:
        indexes = [models.Index(fields=["fund", "year"], name="ledger_budget_of_fund")]

    def __str__(self) -> str:
        return str(self.account_id)


class BudgetChange(models.Model):
    """By how much a budget line was raised or lowered, on whose word. The line's amount is their sum."""

    id = models.BigAutoField(primary_key=True)
    line = models.ForeignKey(BudgetLine, on_delete=models.PROTECT, related_name="changes")
    division = models.BigIntegerField()
    fen = models.BigIntegerField()
    basis = models.CharField(max_length=200)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(basis=""), name="ledger_budget_has_basis")]

    def __str__(self) -> str:
        return f"{self.line_id}: {self.fen}"


class Transfer(models.Model):
    """Money that moved, is held, or was put back. `legs` says how many entries it has: no more can follow.

    `ends` is the hold that a settlement, a release or an expiry ends, `corrects` what a reversal takes back,
    `linked` the first of those that were booked together or not at all.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=8)
    on_day = models.DateField()
    recorded_at = models.DateTimeField()
    by = models.CharField(max_length=80)
    purpose = models.CharField(max_length=60, default="")
    about = models.CharField(max_length=80, default="")
    reason = models.CharField(max_length=200, default="")
    digest = models.BinaryField()
    legs = models.IntegerField()
    budget = models.ForeignKey(BudgetLine, null=True, on_delete=models.PROTECT, db_index=False)
    ends = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    corrects = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    expires_at = models.DateTimeField(null=True)
    linked = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["corrects"], condition=Q(corrects__isnull=False), name="ledger_corrected"),
            models.Index(fields=["about"], condition=~Q(about=""), name="ledger_transfer_about"),
            models.Index(fields=["recorded_at"], name="ledger_transfer_recorded"),
            models.Index(fields=["linked"], condition=Q(linked__isnull=False), name="ledger_transfer_linked"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=POST, ends=None, corrects=None, expires_at=None)
                | Q(kind=HOLD, ends=None, corrects=None, expires_at__isnull=False)
                | Q(kind__in=[SETTLE, RELEASE, EXPIRE], ends__isnull=False, corrects=None, expires_at=None)
                | Q(kind=REVERSAL, ends=None, corrects__isnull=False, expires_at=None) & ~Q(reason=""),
                name="ledger_transfer_kind",
            ),
            models.CheckConstraint(condition=Q(legs__gte=2), name="ledger_transfer_legs"),
            models.UniqueConstraint(
                fields=["ends"], condition=Q(ends__isnull=False), name="ledger_hold_ends_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Entry(models.Model):
    """One leg of a transfer on one account. The database also keeps the transaction that wrote it (`xid`)."""

    id = models.BigAutoField(primary_key=True)
    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="entries", db_index=False)
    line = models.IntegerField()
    # No constraint: a locked row of a much used account would hold up every writer. The trigger looks.
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    division = models.BigIntegerField()
    layer = models.CharField(max_length=6)
    fen = models.BigIntegerField()
    on_day = models.DateField()
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["account", "id"], name="ledger_entry_account")]
        constraints = [
            models.UniqueConstraint(fields=["transfer", "line"], name="ledger_entry_line"),
            models.CheckConstraint(condition=Q(layer__in=[POSTED, HELD, FREED]), name="ledger_entry_layer"),
        ]

    def __str__(self) -> str:
        return f"{self.transfer_id}:{self.line}"


class OpenHold(models.Model):
    """The work list of holds that nothing has ended yet; not part of the books, and checked against them."""

    hold = models.OneToOneField(Transfer, primary_key=True, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="ledger_hold_expires")]

    def __str__(self) -> str:
        return str(self.hold_id)


class Total(models.Model):
    """What is on an account as far as the watermark; derived, and drawn anew whenever it is lost."""

    account = models.OneToOneField(
        Account, primary_key=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    division = models.BigIntegerField()
    posted = models.BigIntegerField()
    held_in = models.BigIntegerField()
    held_out = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.account_id)


__all__ = [
    "Account",
    "BudgetChange",
    "BudgetLine",
    "Entry",
    "Limit",
    "OpenHold",
    "PaymentAnswer",
    "PaymentBatch",
    "PaymentFile",
    "PaymentLine",
    "Total",
    "Transfer",
]
