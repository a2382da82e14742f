"""运营结算单: what an operator's month comes to, or what a later look adds to it; its lines and disputes."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from rongjun.benefits.logic.operator_statements import (
    CHECKED,
    DRAFTED,
    OPEN_STATES,
    OUTCOMES,
    RELEASED,
    STATES,
    WITHDRAWN,
)


class OperatorStatement(models.Model):
    """One operator's month, or the difference a later look makes. Figures never change once it stands.

    `month` is yyyymm where the city is; `number` counts a month's statements from 1. Money is fen. `known_at`
    is the moment as of which uses, fares and cards were looked at; `digest` is over the lines. `carried` is
    what the operator owes back from earlier statements (at most 0), `payment` what is paid out by this one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    operator = models.CharField(max_length=32)
    operator_name = models.CharField(max_length=80)
    month = models.IntegerField()
    number = models.SmallIntegerField()
    state = models.CharField(max_length=16, default=DRAFTED)
    known_at = models.DateTimeField()
    count = models.BigIntegerField()
    ordinary = models.BigIntegerField()
    paid = models.BigIntegerField()
    savings = models.BigIntegerField()
    payable = models.BigIntegerField()
    carried = models.BigIntegerField()
    payment = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    # Uses that do not count, by reason; days of the month the operator delivered, and those it did not.
    refused = models.JSONField(default=dict)
    coverage = models.JSONField(default=dict)
    # People from out of town let in by certificate, by programme: beside the figures, in none of them.
    manual = models.JSONField(default=dict)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, default="")
    checked_at = models.DateTimeField(null=True)
    # From the check the operator has so long to agree or to dispute.
    dispute_until = models.DateField(null=True)
    agreed_by = models.CharField(max_length=80, default="")
    agreed_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=80, default="")
    released_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=500, default="")

    class Meta:
        indexes = [models.Index(fields=["-month", "operator", "number"], name="operator_statement_month")]
        constraints = [
            models.UniqueConstraint(fields=["operator", "month", "number"], name="operator_statement_once"),
            models.UniqueConstraint(fields=["id", "division"], name="operator_statement_division"),
            # Two at once would settle the same uses twice, or take off twice what is owed back.
            models.UniqueConstraint(
                fields=["operator"],
                condition=Q(state__in=sorted(OPEN_STATES)),
                name="operator_statement_open_once",
            ),
            models.CheckConstraint(condition=Q(state__in=list(STATES)), name="operator_statement_state"),
            models.CheckConstraint(
                condition=~Q(checked_by=F("made_by"))
                & ~Q(released_by=F("made_by"))
                & (Q(released_by="") | ~Q(released_by=F("checked_by"))),
                name="operator_statement_by_three",
            ),
            models.CheckConstraint(
                condition=(Q(state=DRAFTED, checked_by="", released_by="") | ~Q(state=DRAFTED))
                & (~Q(checked_by="") & Q(released_by="") | ~Q(state=CHECKED))
                & (~Q(checked_by="") & ~Q(released_by="") | ~Q(state=RELEASED))
                & (Q(released_by="") & ~Q(withdrawn_by="") | ~Q(state=WITHDRAWN)),
                name="operator_statement_signed",
            ),
            models.CheckConstraint(
                condition=Q(savings=F("ordinary") - F("paid"), carried__lte=0, payment__gte=0),
                name="operator_statement_foots",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operator} {self.month}/{self.number}"


class OperatorStatementLine(models.Model):
    """The difference in one programme, county, fare band, price paid, fare version and payer."""

    id = models.BigAutoField(primary_key=True)
    statement = models.ForeignKey(OperatorStatement, on_delete=models.PROTECT, related_name="lines")
    division = models.BigIntegerField()
    programme = models.CharField(max_length=32)
    county = models.BigIntegerField()
    band = models.SmallIntegerField()
    paid_each = models.IntegerField()
    fare_from = models.DateField()
    payer = models.CharField(max_length=16)
    count = models.BigIntegerField()
    ordinary = models.BigIntegerField()
    paid = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "programme", "county", "band", "paid_each", "fare_from", "payer"],
                name="operator_statement_line_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.programme} {self.county}"


class OperatorDispute(models.Model):
    """What the operator says against a statement, and what became of it. Two people; the words stay."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    statement = models.ForeignKey(OperatorStatement, on_delete=models.PROTECT, related_name="disputes")
    division = models.BigIntegerField()
    said = models.CharField(max_length=500)
    claimed = models.BigIntegerField(null=True)
    raised_by = models.CharField(max_length=80)
    raised_at = models.DateTimeField()
    outcome = models.CharField(max_length=16, default="")
    answer = models.CharField(max_length=500, default="")
    answered_by = models.CharField(max_length=80, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="", answer="", answered_by="", answered_at=None)
                | Q(outcome__in=list(OUTCOMES), answered_at__isnull=False)
                & ~Q(answer="")
                & ~Q(answered_by=F("raised_by")),
                name="operator_dispute_answered",
            ),
            models.CheckConstraint(condition=~Q(said=""), name="operator_dispute_said"),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.outcome or 'open'}"


class OperatorPayee(models.Model):
    """收款账户: where an operator is paid; named by one, confirmed by another. The newest confirmed counts.

    The account is sealed; its mask is for people to compare.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    operator = models.CharField(max_length=32)
    payee = models.CharField(max_length=80)
    bank = models.CharField(max_length=12, default="")
    account_sealed = models.BinaryField()
    account_mask = models.CharField(max_length=40)
    named_by = models.CharField(max_length=80)
    named_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=80, default="")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(confirmed_by=F("named_by")), name="operator_payee_by_two"),
            models.CheckConstraint(
                condition=Q(confirmed_by="", confirmed_at=None)
                | ~Q(confirmed_by="") & Q(confirmed_at__isnull=False),
                name="operator_payee_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operator} {self.account_mask}"
