"""Where somebody lives and is served, how they are paid, merits and death: assertions like the others."""

from __future__ import annotations

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from rongjun.registry.models.base import Assertion, Person

_DAYS = models.Func("valid_from", "valid_to", function="daterange", output_field=DateRangeField())


class Residence(Assertion):
    """常住地: the 6-digit county, and the address sealed (empty when not known)."""

    county = models.CharField(max_length=6, default="")
    address_sealed = models.BinaryField(default=b"")


class Servicing(Assertion):
    """The station that serves the file from a day on, and the one before; a row a move."""

    station = models.BigIntegerField()
    came_from = models.BigIntegerField()


class Merit(Assertion):
    """功勋荣誉表彰: its rank from 0 (无) to 6 (勋章、荣誉称号), and its title; `valid_from` is its day."""

    rank = models.SmallIntegerField()
    title = models.CharField(max_length=60, default="")

    class Meta(Assertion.Meta):
        constraints = [
            *Assertion.Meta.constraints,
            models.CheckConstraint(condition=Q(rank__gte=0, rank__lte=6), name="merit_rank_range"),
        ]


class Death(Assertion):
    """去世: `valid_from` is the day. As far as we know at any one moment a person died once, for good."""

    class Meta(Assertion.Meta):
        constraints = [
            *Assertion.Meta.constraints,
            models.UniqueConstraint(fields=["person"], condition=Q(superseded_at=None), name="death_once"),
            models.CheckConstraint(condition=Q(valid_to=None), name="death_for_good"),
        ]


class Payee(Assertion):
    """Somebody who receives what is due to the person: guardian, proxy, heir, or a home.

    On file (`payee`), or named with a sealed document number. Rows about one payee carry its `series`;
    `evidence` is the document that makes them the payee.
    """

    series = models.UUIDField(default=uuid.uuid4)
    kind = models.CharField(max_length=16)
    payee = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=64, default="")
    document_kind = models.CharField(max_length=8, default="")
    number_sealed = models.BinaryField(default=b"")
    number_index = models.BinaryField(default=b"")
    number_mask = models.CharField(max_length=40, default="")

    class Meta(Assertion.Meta):
        constraints = [
            *Assertion.Meta.constraints,
            models.CheckConstraint(condition=~Q(payee=F("person")), name="payee_is_another"),
            models.CheckConstraint(
                condition=Q(payee__isnull=False) | (~Q(name="") & ~Q(number_mask="")),
                name="payee_is_somebody",
            ),
            models.CheckConstraint(condition=~Q(evidence=""), name="payee_has_evidence"),
            ExclusionConstraint(
                name="payee_one_word_a_day",
                expressions=[("series", RangeOperators.EQUAL), (_DAYS, RangeOperators.OVERLAPS)],
                condition=Q(superseded_at=None),
            ),
        ]


class BankAccount(Assertion):
    """An account money goes to, its number sealed: the person's own, or a payee's (`belongs_to` its series).

    For one purpose an owner has one account a day.
    """

    belongs_to = models.UUIDField()
    purpose = models.CharField(max_length=16)
    kind = models.CharField(max_length=8)
    bank = models.CharField(max_length=60)
    holder = models.CharField(max_length=64)
    number_sealed = models.BinaryField()
    number_index = models.BinaryField()
    number_mask = models.CharField(max_length=40)

    class Meta(Assertion.Meta):
        indexes = [*Assertion.Meta.indexes, models.Index(fields=["number_index"], name="bankaccount_number")]
        constraints = [
            *Assertion.Meta.constraints,
            ExclusionConstraint(
                name="bankaccount_one_a_day",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("belongs_to", RangeOperators.EQUAL),
                    ("purpose", RangeOperators.EQUAL),
                    (_DAYS, RangeOperators.OVERLAPS),
                ],
                condition=Q(superseded_at=None),
            ),
        ]


class Proposal(models.Model):
    """What one clerk proposes and another officer decides (经办、复核), with the authority's document.

    A decided proposal is never changed (a trigger), and nobody decides their own (a constraint).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    division = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    content = models.JSONField()
    authority = models.CharField(max_length=24)
    document = models.CharField(max_length=120)
    valid_from = models.DateField()
    state = models.CharField(max_length=12, default="waiting")
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, null=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [models.Index(fields=["division", "made_at"], name="proposal_by_division")]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("made_by")), name="proposal_by_two"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_by=None, decided_at=None)
                | Q(state="approved", decided_by__isnull=False, decided_at__isnull=False)
                | (Q(state="rejected", decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason="")),
                name="proposal_state",
            ),
            models.CheckConstraint(condition=~Q(authority="") & ~Q(document=""), name="proposal_documented"),
        ]

    def __str__(self) -> str:
        return str(self.id)
