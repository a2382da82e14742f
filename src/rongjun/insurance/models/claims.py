"""结算单和判定: each record as it arrived, and each decision about it. Neither is ever edited."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from rongjun.insurance.logic.records import KINDS, OPEN_STATES, SET_ASIDE, STANDINGS, STATES
from rongjun.insurance.models.insured import InsuredYear, Member


class Settlement(models.Model):
    """One record of a hospital: a settlement in one version, or a refund. Money is fen; `amounts` as sent.

    Number and diagnosis are sealed; `standing` is what it is worth in the year, `state` where it stands on
    the work list. `division` is the person's, or the city's while the person is not known.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT, null=True)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, null=True, related_name="settlements")
    kind = models.CharField(max_length=12)
    channel = models.CharField(max_length=8)
    partner = models.CharField(max_length=32)
    msgid = models.CharField(max_length=40)
    digest = models.BinaryField()
    institution = models.CharField(max_length=40)
    number = models.CharField(max_length=40)
    version = models.IntegerField(default=1)
    of_number = models.CharField(max_length=40, default="")
    admitted_on = models.DateField(null=True)
    discharged_on = models.DateField(null=True)
    care_type = models.CharField(max_length=6, default="")
    care_area = models.CharField(max_length=12, default="")
    total = models.BigIntegerField()
    personal = models.BigIntegerField()
    amounts = models.JSONField(default=dict)
    number_sealed = models.BinaryField()
    number_mask = models.CharField(max_length=24)
    diagnosis_sealed = models.BinaryField(default=b"")
    diagnosis_mask = models.CharField(max_length=12, default="")
    settled_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16)
    standing = models.CharField(max_length=12, default="")
    # Why it stands where it stands, for the work list: a code, and a sentence with the failing equation.
    why = models.CharField(max_length=40, default="")
    said = models.CharField(max_length=500, default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["member", "received_at"], name="insurance_settlement_member"),
            models.Index(fields=["institution", "number"], name="insurance_settlement_ref"),
            models.Index(
                fields=["state", "received_at"],
                condition=Q(state__in=sorted(OPEN_STATES)),
                name="insurance_settlement_open",
            ),
            models.Index(fields=["-received_at"], name="insurance_settlement_newest"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "msgid"], name="insurance_settlement_msgid"),
            models.UniqueConstraint(
                fields=["institution", "number", "version", "kind"],
                condition=~Q(state__in=sorted(SET_ASIDE)),
                name="insurance_settlement_once",
            ),
            models.UniqueConstraint(fields=["id", "division"], name="insurance_settlement_division"),
            models.CheckConstraint(condition=Q(state__in=list(STATES)), name="insurance_settlement_state"),
            models.CheckConstraint(condition=Q(kind__in=list(KINDS)), name="insurance_settlement_kind"),
            models.CheckConstraint(
                condition=Q(standing="") | Q(standing__in=list(STANDINGS)),
                name="insurance_settlement_standing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution}/{self.number}"


class ClaimDecision(models.Model):
    """One decision, as it was made: lines, reasons, the facts and the wording it used. Money is fen.

    `place` counts a member's decisions. `before` and `after` are the year's [inside, outside, payout, own].
    `waits` says that no money may move before a person has signed; `signed_by` names whoever has.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    person = models.ForeignKey("registry.Person", on_delete=models.PROTECT)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    year = models.ForeignKey(InsuredYear, on_delete=models.PROTECT, related_name="made_by")
    settlement = models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="made")
    # The settlement it is about, also when a refund of it brought it about.
    institution = models.CharField(max_length=40)
    number = models.CharField(max_length=40)
    record = models.IntegerField()
    place = models.IntegerField()
    outcome = models.CharField(max_length=16)
    plan_from = models.DateField()
    plan_digest = models.CharField(max_length=64)
    book_digest = models.CharField(max_length=140)
    unconfirmed = models.BooleanField()
    facts = models.JSONField(default=dict)
    lines = models.JSONField(default=list)
    shares = models.JSONField(default=list)
    reasons = models.JSONField(default=list)
    before = models.JSONField()
    after = models.JSONField()
    post = models.BigIntegerField()
    proposed = models.BigIntegerField()
    waits = models.BooleanField()
    adverse = models.BooleanField()
    signed_by = models.CharField(max_length=200, default="")
    decided_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80)

    class Meta:
        indexes = [
            models.Index(fields=["settlement"], name="insurance_decision_of"),
            models.Index(fields=["-decided_at"], name="insurance_decision_newest"),
            models.Index(fields=["member", "institution", "number"], name="insurance_decision_claim"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "place"], name="insurance_decision_place"),
            # Refusing cover, leaving a part out or taking money back: it waits, or somebody has signed it.
            models.CheckConstraint(
                condition=Q(adverse=False) | Q(waits=True) | ~Q(signed_by=""),
                name="insurance_adverse_is_signed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.place}"
