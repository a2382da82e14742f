"""Which book was in force when, what the bureau has confirmed, and what was decided under which book.

Editions and confirmations are only ever added; a decision keeps its own bytes, so that it can be decided
again under the book it was made by (`replay`). The newest judgement of everybody is kept whole; what it led
to, offers and enrolments, stays.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from rongjun.benefits.models.operator_statements import (
    OperatorDispute,
    OperatorPayee,
    OperatorStatement,
    OperatorStatementLine,
)
from rongjun.benefits.models.savings import ClosedMonth
from rongjun.benefits.models.supervision import Duty, SupervisionStep, SupervisionTask
from rongjun.benefits.models.uses import (
    ManualUse,
    Programme,
    TopUp,
    UseBatch,
    UseDecision,
    UsePlace,
    UseRefusal,
    UseReplay,
    UseSignal,
    UseSource,
)

__all__ = [
    "BookFiles",
    "ClosedMonth",
    "Confirmation",
    "Duty",
    "Edition",
    "ManualUse",
    "OperatorDispute",
    "OperatorPayee",
    "OperatorStatement",
    "OperatorStatementLine",
    "Programme",
    "RecordedDecision",
    "SupervisionStep",
    "SupervisionTask",
    "Sweep",
    "SweptPart",
    "TopUp",
    "Unanswered",
    "UseBatch",
    "UseDecision",
    "UsePlace",
    "UseRefusal",
    "UseReplay",
    "UseSignal",
    "UseSource",
]


class BookFiles(models.Model):
    """The policy files one city's book is made of, as one compressed JSON object of path and text."""

    digest = models.CharField(primary_key=True, max_length=64)
    content = models.BinaryField()

    def __str__(self) -> str:
        return self.digest[:12]


class Edition(models.Model):
    """A book put in force: files and confirmations together. The newest row is the book in force."""

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=64)
    files = models.ForeignKey(BookFiles, on_delete=models.PROTECT)
    city = models.CharField(max_length=40)
    confirmations = models.JSONField()
    document = models.CharField(max_length=200)
    adopted_at = models.DateTimeField()
    adopted_by = models.CharField(max_length=80)

    class Meta:
        indexes = [models.Index(fields=["digest"], name="edition_digest")]

    def __str__(self) -> str:
        return f"{self.id} {self.digest[:12]}"


class Confirmation(models.Model):
    """局方确认: one wording of one version, by whom and by which document."""

    id = models.BigAutoField(primary_key=True)
    code = models.CharField(max_length=80)
    version = models.DateField()
    digest = models.CharField(max_length=64)
    document = models.CharField(max_length=200)
    confirmed_by = models.CharField(max_length=80)
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "version", "digest"], name="confirmation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


class RecordedDecision(models.Model):
    """A decision as it was told to a person: `content` is its canonical JSON, to the byte."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT)
    division = models.BigIntegerField()
    code = models.CharField(max_length=80)
    book = models.CharField(max_length=64)
    on = models.DateField()
    verdict = models.CharField(max_length=20)
    content = models.TextField()
    decided_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80)

    class Meta:
        indexes = [
            models.Index(fields=["person", "decided_at"], name="decision_person"),
            models.Index(fields=["decided_at"], name="decision_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.on}"


class Sweep(models.Model):
    """全体判定: everybody judged for one day, by what was known at `known_at`. Only the newest is kept.

    `counts` has, for each benefit, how many it is granted to, unknown for and not granted to. Until
    `finished_at` is set some parts are still missing and nobody reads it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    on = models.DateField()
    known_at = models.DateTimeField()
    book = models.CharField(max_length=64)
    started_by = models.CharField(max_length=80)
    finished_at = models.DateTimeField(null=True)
    people = models.IntegerField(default=0)
    counts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.on} {self.book[:12]}"


class SweptPart(models.Model):
    """The people of one county in a sweep: their facts, their relations and every verdict, as packed tables.

    `counts` are those of the sweep for this county, `figures` how many each group of `benefits.groups` holds.
    `division` is the county's: who answers for less than a county reads the files themselves instead.
    `offered_at` is when its people were offered what they need no form for.
    """

    id = models.BigAutoField(primary_key=True)
    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="parts")
    division = models.BigIntegerField()
    people = models.IntegerField()
    facts = models.BinaryField()
    relations = models.BinaryField()
    verdicts = models.BinaryField()
    counts = models.JSONField()
    offered_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sweep", "division"], name="swept_part_once")]

    def __str__(self) -> str:
        return f"{self.sweep_id} {self.division}"


class Unanswered(models.Model):
    """差的情况: what a sweep found nobody has answered of the people one division serves, as a packed table.

    `facts` has how many lack each fact. A station reads its own row; only what somebody can state is kept.
    """

    id = models.BigAutoField(primary_key=True)
    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="unanswered")
    division = models.BigIntegerField()
    people = models.IntegerField()
    facts = models.JSONField()
    lines = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sweep", "division"], name="unanswered_once")]

    def __str__(self) -> str:
        return f"{self.sweep_id} {self.division}"


class OfferRound(models.Model):
    """一轮主动提供: by which judgement of everybody offers were made. Its id is that of the sweep."""

    id = models.UUIDField(primary_key=True, editable=False)
    on = models.DateField()
    known_at = models.DateTimeField()
    book = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.on} {self.book[:12]}"


class Offer(models.Model):
    """免申即享: one benefit offered to one person without a form, and what became of it.

    `facts` are those the condition read, so that the reasons can be told again under the book of the round.
    `entitled_to` is the day a sweep first found that the person is not entitled any more: until then there is
    one offer for a person and a benefit, and after it a new one may be made.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT)
    division = models.BigIntegerField()
    code = models.CharField(max_length=80)
    version = models.DateField()
    round = models.ForeignKey(OfferRound, on_delete=models.PROTECT)
    facts = models.TextField()
    state = models.CharField(max_length=20)
    made_at = models.DateTimeField()
    answer_by = models.DateField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=80, default="")
    channel = models.CharField(max_length=20, default="")
    words = models.CharField(max_length=200, default="")
    entitled_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "code"], condition=Q(entitled_to=None), name="offer_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | Q(entitled_to__isnull=False), name="offer_withdrawn_has_day"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "declined"])
                | Q(answered_at__isnull=False) & ~Q(answered_by="") & ~Q(channel=""),
                name="offer_answer_has_name",
            ),
        ]
        indexes = [
            models.Index(
                fields=["division", "code", "state"], condition=Q(entitled_to=None), name="offer_current"
            ),
            models.Index(fields=["answer_by"], condition=Q(state="offered"), name="offer_waiting"),
            models.Index(fields=["answered_at"], name="offer_answered"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.state}"


class Enrolment(models.Model):
    """登记享受: a person has a benefit since a day, by accepting its offer; `decision` says why.

    A sweep that finds the person not entitled sets `not_entitled_since` and nothing more: it ends by somebody
    with a name and a reason, or is kept until `look_again_on`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT)
    division = models.BigIntegerField()
    code = models.CharField(max_length=80)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT)
    decision = models.ForeignKey(RecordedDecision, on_delete=models.PROTECT, related_name="+")
    since = models.DateField()
    enrolled_at = models.DateTimeField()
    enrolled_by = models.CharField(max_length=80)
    not_entitled_since = models.DateField(null=True)
    look_again_on = models.DateField(null=True)
    kept_by = models.CharField(max_length=80, default="")
    kept_reason = models.CharField(max_length=200, default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="")
    end_ground = models.CharField(max_length=20, default="")
    end_reason = models.CharField(max_length=200, default="")
    end_decision = models.ForeignKey(RecordedDecision, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "code"], condition=Q(ended_at=None), name="enrolment_one_at_a_time"
            ),
            # No job ends an enrolment: who did, and why, is never empty.
            models.CheckConstraint(
                condition=Q(ended_at=None)
                | ~Q(ended_by="") & ~Q(ended_by__startswith="job:") & ~Q(end_reason="") & ~Q(end_ground=""),
                name="enrolment_end_has_name",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_entitled_since"],
                condition=Q(ended_at=None, not_entitled_since__isnull=False),
                name="enrolment_to_look_at",
            ),
            models.Index(fields=["division", "code"], condition=Q(ended_at=None), name="enrolment_current"),
            models.Index(fields=["ended_at"], name="enrolment_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.since}"


class TakeUp(models.Model):
    """享受情况: how many in one county are entitled to one benefit, and how far it has reached them."""

    id = models.BigAutoField(primary_key=True)
    division = models.BigIntegerField()
    code = models.CharField(max_length=80)
    entitled = models.IntegerField()
    unknown = models.IntegerField()
    accepted = models.IntegerField()
    declined = models.IntegerField()
    waiting = models.IntegerField()
    lapsed = models.IntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["division", "code"], name="take_up_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.division}"
