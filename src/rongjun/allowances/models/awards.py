"""Awards: who is granted what, on what ground, by whom; what two officers found; shares of heirs."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

AWARD_STATES = ["draft", "publicised", "granted", "declined", "withdrawn"]


class Award(models.Model):
    """A scheme granted to a person: proposed by one, perhaps made public (公示), granted by another.

    What it rests on is kept as it was: `facts` used, `book` digest, `verdict` with `reasons`. `first_month`
    is counted from the year 0. Once granted only its end (`ended_…`) and its annulment (`annulled_…`, as if
    it had never been) are added, each by two.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    division = models.BigIntegerField()
    scheme = models.CharField(max_length=40)
    category = models.CharField(max_length=40)
    approved_on = models.DateField()
    applied_on = models.DateField(null=True)
    document = models.CharField(max_length=120)
    details = models.JSONField(default=dict)
    first_month = models.IntegerField()
    # Why it was decided so, as it was that day.
    facts = models.JSONField(default=dict)
    book = models.CharField(max_length=64)
    verdict = models.CharField(max_length=12)
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=12, default="draft")
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    public_from = models.DateField(null=True)
    public_to = models.DateField(null=True)
    decided_by = models.CharField(max_length=80, default="")
    decided_at = models.DateTimeField(null=True)
    decided_why = models.CharField(max_length=200, default="")
    ended_on = models.DateField(null=True)
    ended_why = models.CharField(max_length=200, default="")
    ended_document = models.CharField(max_length=120, default="")
    ended_by = models.CharField(max_length=80, default="")
    ended_checked_by = models.CharField(max_length=80, default="")
    ended_at = models.DateTimeField(null=True)
    annulled_why = models.CharField(max_length=200, default="")
    annulled_by = models.CharField(max_length=80, default="")
    annulled_checked_by = models.CharField(max_length=80, default="")
    annulled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["person"], name="award_person"),
            models.Index(fields=["-made_at", "id"], name="award_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=AWARD_STATES), name="award_state"),
            models.CheckConstraint(
                condition=~Q(made_by="") & (Q(decided_by="") | ~Q(decided_by=F("made_by"))),
                name="award_by_two",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "publicised"], decided_by="")
                | Q(state__in=["granted", "declined", "withdrawn"], decided_at__isnull=False),
                name="award_decided",
            ),
            models.CheckConstraint(
                condition=~Q(state="granted") | ~Q(decided_by="") & Q(verdict="entitled"),
                name="award_granted_to_entitled",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"], public_from=None, public_to=None)
                | Q(public_from=None, public_to=None)
                | Q(public_to__gte=F("public_from")),
                name="award_publicity_order",
            ),
            models.CheckConstraint(
                condition=~Q(state="publicised") | Q(public_from__isnull=False, public_to__isnull=False),
                name="award_publicised_dates",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["declined", "withdrawn"]) | ~Q(decided_why=""),
                name="award_refused_says_why",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None)
                | Q(ended_on__isnull=False)
                & ~Q(ended_why="")
                & ~Q(ended_by="")
                & ~Q(ended_checked_by="")
                & ~Q(ended_checked_by=F("ended_by")),
                name="award_ended_by_two",
            ),
            models.CheckConstraint(
                condition=Q(annulled_at=None)
                | ~Q(annulled_why="")
                & ~Q(annulled_by="")
                & ~Q(annulled_checked_by="")
                & ~Q(annulled_checked_by=F("annulled_by")),
                name="award_annulled_by_two",
            ),
            models.UniqueConstraint(
                fields=["person", "scheme", "approved_on"],
                condition=Q(state__in=["draft", "publicised"]) | Q(state="granted", annulled_at=None),
                name="award_once",
            ),
        ]

    def __str__(self) -> str:
        return f"F{self.number:06d}"


class Objection(models.Model):
    """What somebody said against an award while it was public, and what came of it; never removed."""

    id = models.BigAutoField(primary_key=True)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="objections")
    division = models.BigIntegerField()
    said = models.CharField(max_length=300)
    raised_on = models.DateField()
    noted_by = models.CharField(max_length=80)
    noted_at = models.DateTimeField()
    answer = models.CharField(max_length=300, default="")
    upheld = models.BooleanField(null=True)
    answered_by = models.CharField(max_length=80, default="")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at=None, upheld=None)
                | Q(answered_at__isnull=False, upheld__isnull=False)
                & ~Q(answer="")
                & ~Q(answered_by="")
                & ~Q(answered_by=F("noted_by")),
                name="objection_answered_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.award_id}: {self.pk}"


class Finding(models.Model):
    """What two officers found: why somebody died, how two schemes meet, a yearly confirmation.

    In force from its check until another of the same takes its place (`superseded_at`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    division = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    content = models.JSONField()
    since = models.DateField()
    document = models.CharField(max_length=120)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, default="")
    checked_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person"], name="finding_person")]
        constraints = [
            models.CheckConstraint(condition=~Q(document=""), name="finding_documented"),
            models.CheckConstraint(
                condition=Q(checked_by="", checked_at=None)
                | ~Q(checked_by="") & Q(checked_at__isnull=False) & ~Q(checked_by=F("made_by")),
                name="finding_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class HeirShare(models.Model):
    """How many parts of `whole` of what follows a death one payee receives; without rows all receive alike.

    The rows of a person that wait, and those that hold, each add up to their whole: by trigger.
    """

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, related_name="+", db_index=False)
    division = models.BigIntegerField()
    payee = models.UUIDField()
    parts = models.SmallIntegerField()
    whole = models.SmallIntegerField()
    document = models.CharField(max_length=120)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, default="")
    checked_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person"], name="heirshare_person")]
        constraints = [
            models.CheckConstraint(condition=Q(parts__gt=0), name="heirshare_is_some"),
            models.CheckConstraint(
                condition=Q(checked_by="", checked_at=None)
                | ~Q(checked_by="") & Q(checked_at__isnull=False) & ~Q(checked_by=F("made_by")),
                name="heirshare_by_two",
            ),
            models.UniqueConstraint(
                fields=["person", "payee"],
                condition=Q(superseded_at=None, checked_by=""),
                name="heirshare_waits_once",
            ),
            models.UniqueConstraint(
                fields=["person", "payee"],
                condition=Q(superseded_at=None) & ~Q(checked_by=""),
                name="heirshare_holds_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.parts}"
