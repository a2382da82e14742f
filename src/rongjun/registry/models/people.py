"""What is asserted of a person."""

from __future__ import annotations

import uuid

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from rongjun.registry.models.base import Assertion, Person


class Particulars(Assertion):
    """基本信息: name, sex and birth date. They can be corrected, so they have two times like all else."""

    name = models.CharField(max_length=64)
    sex = models.CharField(max_length=8, default="")
    birth_date = models.DateField(null=True)


class IdentityDocument(Assertion):
    """A document that identifies the person. The number is sealed; a keyed index finds it again.

    The index is over type and number together: two types may number alike.
    """

    kind = models.CharField(max_length=8)
    number_sealed = models.BinaryField()
    number_index = models.BinaryField()
    number_mask = models.CharField(max_length=40)
    # The last four signs where the mask shows them: a column of its own, because row security keeps
    # functions and LIKE away from indexes.
    number_tail = models.CharField(max_length=4, default="")

    class Meta(Assertion.Meta):
        indexes = [*Assertion.Meta.indexes, models.Index(fields=["number_tail"], name="identity_number_tail")]
        constraints = [
            *Assertion.Meta.constraints,
            models.UniqueConstraint(
                fields=["number_index"], condition=Q(superseded_at=None), name="identity_number_once"
            ),
        ]


class Contact(Assertion):
    """A telephone number, sealed; found whole by its keyed index, or by the four signs its mask shows."""

    number_sealed = models.BinaryField()
    number_index = models.BinaryField()
    number_mask = models.CharField(max_length=20)
    number_tail = models.CharField(max_length=4, default="")

    class Meta(Assertion.Meta):
        indexes = [
            *Assertion.Meta.indexes,
            models.Index(fields=["number_tail"], name="contact_number_tail"),
            models.Index(fields=["number_index"], name="contact_number_index"),
        ]


class Service(Assertion):
    """A period of military service. No unit, posting or mission is kept."""

    enlisted_on = models.DateField(null=True)
    discharged_on = models.DateField(null=True)
    rank_group = models.CharField(max_length=16, default="")
    placement_mode = models.CharField(max_length=24, default="")


class Status(Assertion):
    """A category the person belongs to; categories overlap and each is dated."""

    category = models.CharField(max_length=32)

    class Meta(Assertion.Meta):
        indexes = [
            *Assertion.Meta.indexes,
            models.Index(fields=["category", "person"], name="status_category"),
        ]


class DisabilityRating(Assertion):
    """A disability grade (1 heaviest to 10) with its cause; decided by the province, recorded here."""

    grade = models.SmallIntegerField()
    cause = models.CharField(max_length=16)

    class Meta(Assertion.Meta):
        constraints = [
            *Assertion.Meta.constraints,
            models.CheckConstraint(condition=Q(grade__gte=1, grade__lte=10), name="disability_grade_range"),
        ]


class Household(Assertion):
    """Household registration: the 6-digit county and whether rural or urban, each "" when not known."""

    county = models.CharField(max_length=6, default="")
    kind = models.CharField(max_length=8, default="")


class Statement(Assertion):
    """A fact stated by a clerk or the person in answer to a question, with its expiry as `valid_to`.

    On one day a person has one answer to a question, as far as we know at any one moment.
    """

    fact = models.CharField(max_length=64)
    value = models.CharField(max_length=200)

    class Meta(Assertion.Meta):
        indexes = [
            *Assertion.Meta.indexes,
            models.Index(fields=["fact", "person"], name="statement_fact"),
            models.Index(fields=["recorded_at"], name="statement_recorded"),
        ]
        constraints = [
            *Assertion.Meta.constraints,
            ExclusionConstraint(
                name="statement_one_answer_a_day",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("fact", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "valid_from", "valid_to", function="daterange", output_field=DateRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(superseded_at=None),
            ),
        ]


class Relation(Assertion):
    """One relation of the person to a soldier, living or dead, and what is known of it. No unit is ever kept.

    Every row about one relation carries its `series`; on one day a relation says one thing, as far as we know
    at any one moment. `evidence` is the document's reference; `relative` the soldier, where on file.
    """

    series = models.UUIDField(default=uuid.uuid4)
    dependant_of = models.CharField(max_length=32)
    relation = models.CharField(max_length=32)
    deceased_kind = models.CharField(max_length=32, default="none")
    # Facts of this relation as text, by name: `RELATION_STATED` says which and of what kind.
    stated = models.JSONField(default=dict)
    relative = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta(Assertion.Meta):
        constraints = [
            *Assertion.Meta.constraints,
            models.CheckConstraint(
                condition=~Q(dependant_of="none", deceased_kind="none"), name="relation_to_somebody"
            ),
            models.CheckConstraint(
                condition=Q(relative=None) | ~Q(relative=F("person")), name="relation_to_another"
            ),
            ExclusionConstraint(
                name="relation_one_word_a_day",
                expressions=[
                    ("series", RangeOperators.EQUAL),
                    (
                        models.Func(
                            "valid_from", "valid_to", function="daterange", output_field=DateRangeField()
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(superseded_at=None),
            ),
        ]
