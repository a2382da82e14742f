"""Payment batches, their lines, the file that went to the bank, what the bank answered."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

STATES = ["draft", "checked", "released", "sent", "answered", "closed", "withdrawn"]
LINE_STATES = ["draft", "ready", "paid", "failed", "requeued", "written-back", "withdrawn"]
# A line that may yet become money, or has: of one business key there is one.
LIVING = ["draft", "ready", "paid"]


class PaymentBatch(models.Model):
    """Payments that are made together: draft, checked, released, sent, answered, closed; or withdrawn.

    Three people, whom the database keeps apart; who acts it knows from `app.actor`. `count` and `total` (fen)
    are written at the check and compared with the lines there and again at the release. `fund` bears what no
    line says otherwise; `counter` is the ledger account the money moves to, `budgets` the budget line by
    fund, `held` what the ledger holds for it by fund.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True)
    division = models.BigIntegerField()
    purpose = models.CharField(max_length=20)
    title = models.CharField(max_length=120)
    fund = models.CharField(max_length=80)
    counter = models.CharField(max_length=80)
    budgets = models.JSONField(default=dict)
    held = models.JSONField(default=dict)
    partner = models.CharField(max_length=32)
    layout = models.CharField(max_length=40)
    pay_on = models.DateField()
    state = models.CharField(max_length=10, default="draft")
    count = models.IntegerField(default=0)
    total = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    checked_at = models.DateTimeField(null=True)
    checked_by = models.CharField(max_length=80, default="")
    released_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=80, default="")
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, default="")
    withdrawn_reason = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [
            models.Index(fields=["-made_at"], name="payment_newest"),
            models.Index(
                fields=["id"], condition=Q(state__in=["released", "sent", "answered"]), name="payment_at_work"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="payment_state"),
            models.CheckConstraint(
                condition=~Q(made_by="") & ~Q(checked_by=F("made_by")) & ~Q(released_by=F("made_by")),
                name="payment_maker_is_not_another",
            ),
            models.CheckConstraint(
                condition=Q(released_by="") | (~Q(checked_by="") & ~Q(released_by=F("checked_by"))),
                name="payment_releaser_is_third",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", checked_by="", released_by="")
                | Q(state="withdrawn")
                | Q(state="checked", released_by="") & ~Q(checked_by="")
                | Q(state__in=["released", "sent", "answered", "closed"])
                & ~Q(checked_by="")
                & ~Q(released_by=""),
                name="payment_state_has_its_people",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | (~Q(withdrawn_by="") & ~Q(withdrawn_reason="")),
                name="payment_withdrawn_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"P{self.number:06d}"


class PaymentLine(models.Model):
    """One payment: frozen as it was added; only what became of it changes. The account is sealed.

    `follows` is the line that failed before it; `dispute` says that the bank's answers contradict each other.
    """

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(PaymentBatch, on_delete=models.PROTECT, related_name="lines", db_index=False)
    division = models.BigIntegerField()
    line = models.IntegerField()
    key = models.CharField(max_length=100)
    payee = models.CharField(max_length=60)
    account_sealed = models.BinaryField()
    account_index = models.BinaryField()
    account_mask = models.CharField(max_length=40)
    document_sealed = models.BinaryField(default=b"")
    bank = models.CharField(max_length=12, default="")
    fen = models.BigIntegerField()
    purpose = models.CharField(max_length=20)
    shares = models.JSONField()
    why = models.CharField(max_length=200, default="")
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=80)
    state = models.CharField(max_length=12, default="draft")
    code = models.CharField(max_length=8, default="")
    reason = models.CharField(max_length=200, default="")
    answered_at = models.DateTimeField(null=True)
    owner = models.CharField(max_length=80, default="")
    dispute = models.CharField(max_length=200, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="")
    ended_reason = models.CharField(max_length=200, default="")
    follows = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["key"], name="payment_line_key"),
            models.Index(
                fields=["id"], condition=Q(state="failed") | ~Q(dispute=""), name="payment_line_to_mend"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=LINE_STATES), name="payment_line_state"),
            models.CheckConstraint(condition=Q(fen__gt=0), name="payment_line_pays"),
            models.UniqueConstraint(fields=["batch", "line"], name="payment_line_once"),
            # Nothing is paid twice, whatever is run again.
            models.UniqueConstraint(fields=["key"], condition=Q(state__in=LIVING), name="payment_key_living"),
            models.CheckConstraint(
                condition=~Q(state__in=["paid", "failed"]) | (~Q(code="") & Q(answered_at__isnull=False)),
                name="payment_line_answered",
            ),
            models.CheckConstraint(
                condition=(~Q(state="failed") & Q(dispute="")) | ~Q(owner=""),
                name="payment_line_to_mend_has_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line}"


class PaymentFile(models.Model):
    """The file of a batch as it was made, once: sealed, with its digest and our signature; then delivered."""

    batch = models.OneToOneField(PaymentBatch, primary_key=True, on_delete=models.PROTECT)
    division = models.BigIntegerField()
    name = models.CharField(max_length=80)
    content_sealed = models.BinaryField()
    size = models.IntegerField()
    digest = models.BinaryField()
    signature = models.BinaryField()
    made_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [
            models.Index(fields=["made_at"], condition=Q(delivered_at=None), name="payment_file_waiting")
        ]

    def __str__(self) -> str:
        return self.name


class PaymentAnswer(models.Model):
    """One thing the bank said of one payment, as it came; never changed."""

    id = models.BigAutoField(primary_key=True)
    line = models.ForeignKey(PaymentLine, on_delete=models.PROTECT, related_name="answers")
    division = models.BigIntegerField()
    item = models.BigIntegerField()
    code = models.CharField(max_length=8)
    detail = models.CharField(max_length=200, default="")
    outcome = models.CharField(max_length=8)
    said_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item"], name="payment_answer_once")]

    def __str__(self) -> str:
        return f"{self.line_id}:{self.code}"
