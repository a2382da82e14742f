"""发放批次: what is paid for a month, line by line as a difference; set aside, changed, ordered."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

RUN_STATES = ["asked", "draft", "checked", "released", "withdrawn", "empty", "failed"]
OPEN_RUNS = ["asked", "draft", "checked"]
ORDER_STATES = ["ordered", "paid", "failed", "returned"]
KINDS = ["regular", "back-pay", "recovery", "recovery-lifted"]


class PayRun(models.Model):
    """One run for the people of a division: asked for by one, checked by a second, released by a third.

    `month` counts months from the year 0; `known_at` is the moment as of which everything was looked at. A
    worker draws it up: then lines, totals (fen) and `digest` stand. `people` were looked at, `whole` of them
    month by month from the beginning. `batch` is the payment batch of the ledger, if money goes out.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True)
    division = models.BigIntegerField()
    month = models.IntegerField()
    pay_on = models.DateField()
    state = models.CharField(max_length=10, default="asked")
    known_at = models.DateTimeField()
    book = models.CharField(max_length=64, default="")
    people = models.IntegerField(default=0)
    whole = models.IntegerField(default=0)
    count = models.IntegerField(default=0)
    total = models.BigIntegerField(default=0)
    recover = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="")
    batch = models.UUIDField(null=True)
    failure = models.CharField(max_length=300, default="")
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    drafted_at = models.DateTimeField(null=True)
    checked_by = models.CharField(max_length=80, default="")
    checked_at = models.DateTimeField(null=True)
    released_by = models.CharField(max_length=80, default="")
    released_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [
            models.Index(fields=["-made_at", "id"], name="payrun_newest"),
            models.Index(fields=["id"], condition=Q(state="asked"), name="payrun_asked"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RUN_STATES), name="payrun_state"),
            # Two at once would see the same owed and pay it twice.
            models.UniqueConstraint(
                fields=["division"], condition=Q(state__in=OPEN_RUNS), name="payrun_open_once"
            ),
            models.CheckConstraint(
                condition=~Q(made_by="")
                & ~Q(checked_by=F("made_by"))
                & ~Q(released_by=F("made_by"))
                & (Q(released_by="") | ~Q(released_by=F("checked_by"))),
                name="payrun_by_three",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "draft", "empty", "failed"], checked_by="", released_by="")
                | Q(state="checked", released_by="") & ~Q(checked_by="")
                | Q(state="released") & ~Q(checked_by="") & ~Q(released_by="")
                | Q(state="withdrawn", released_by="") & ~Q(withdrawn_by="") & ~Q(withdrawn_why=""),
                name="payrun_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"R{self.number:05d}"


class PayLine(models.Model):
    """What one person is paid for one scheme and month by a run, or what is recovered: owed less paid before.

    `before` was paid until then, `turn` counts the live lines of this person, scheme and month: of two runs
    that see the same, one cannot write. `live` ends when the money came back for good or the run was
    withdrawn. `person` is the file it is paid under.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(PayRun, on_delete=models.PROTECT, related_name="lines", db_index=False)
    division = models.BigIntegerField()
    person = models.ForeignKey(
        # Held by a composite key with the division, in 0002.
        "registry.Person",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    code = models.CharField(max_length=60)
    month = models.IntegerField()
    turn = models.SmallIntegerField()
    live = models.BooleanField(default=True)
    before = models.BigIntegerField()
    fen = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    cause = models.CharField(max_length=16)
    standard = models.CharField(max_length=40, default="")
    picked = models.CharField(max_length=120, default="")
    award = models.CharField(max_length=80, default="")
    rate = models.CharField(max_length=80, default="")
    reasons = models.JSONField(default=list)
    shares = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["run", "person"], name="payline_of_run"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(fen=0) & Q(kind__in=KINDS), name="payline_is_some"),
            models.CheckConstraint(
                condition=Q(fen__gt=0, kind__in=["regular", "back-pay", "recovery-lifted"])
                | Q(fen__lt=0, kind="recovery"),
                name="payline_sign",
            ),
            # Nothing is paid twice, whatever runs at the same moment.
            models.UniqueConstraint(
                fields=["person", "code", "month", "turn"], condition=Q(live=True), name="payline_turn_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.code} {self.month}"


class PayOrder(models.Model):
    """One payment of a run to one payee; `state` follows what the bank says of it. `key` is the ledger's."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(PayRun, on_delete=models.PROTECT, related_name="orders", db_index=False)
    division = models.BigIntegerField()
    person = models.ForeignKey(
        # Held by a composite key with the division, in 0002.
        "registry.Person",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    key = models.CharField(max_length=100, unique=True)
    month = models.IntegerField()
    pay_on = models.DateField()
    payee_kind = models.CharField(max_length=16)
    payee = models.CharField(max_length=64)
    account_mask = models.CharField(max_length=40)
    fen = models.BigIntegerField()
    state = models.CharField(max_length=10, default="ordered")
    reason = models.CharField(max_length=200, default="")
    released_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["run", "person"], name="payorder_of_run"),
            models.Index(fields=["person"], name="payorder_person"),
            models.Index(
                fields=["id"], condition=Q(state__in=["ordered", "failed"]), name="payorder_under_way"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(fen__gt=0, state__in=ORDER_STATES), name="payorder_pays"),
        ]

    def __str__(self) -> str:
        return self.key


class PayException(models.Model):
    """What a run set aside, or asks a person to look at first: nothing of it is paid by this run."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(PayRun, on_delete=models.PROTECT, related_name="exceptions", db_index=False)
    division = models.BigIntegerField()
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    code = models.CharField(max_length=60, default="")
    fen = models.BigIntegerField(default=0)
    words = models.CharField(max_length=300)

    class Meta:
        indexes = [models.Index(fields=["run", "kind"], name="payexception_of_run")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.kind}"


class PayChange(models.Model):
    """How what a person gets of a scheme for the month differs from the month before, and why."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(PayRun, on_delete=models.PROTECT, related_name="changes", db_index=False)
    division = models.BigIntegerField()
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    code = models.CharField(max_length=60)
    before = models.BigIntegerField()
    after = models.BigIntegerField()
    why = models.CharField(max_length=300)

    class Meta:
        indexes = [models.Index(fields=["run", "person"], name="paychange_of_run")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.code}"
