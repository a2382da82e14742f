"""Persons, and every assertion about them with two times.

`valid_from`/`valid_to` say when a thing was so (half open: `valid_to` is the first day it no longer is);
`recorded_at`/`superseded_at` say when we knew it. A correction closes the old row and adds a new one.

Every table carries `division`, the person's servicing division, because row security asks for it on each row;
a composite foreign key onto the person keeps it right when the person moves (migration 0002).
"""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q


class Person(models.Model):
    """One person, one file. The key is random and internal; numbers of documents are never keys."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    name = models.CharField(max_length=64)
    # Single characters and pairs of the name: the only index that finds two Chinese characters.
    name_grams = ArrayField(models.CharField(max_length=2))
    sex = models.CharField(max_length=8, null=True)
    birth_date = models.DateField(null=True)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=80)

    class Meta:
        indexes = [
            GinIndex(fields=["name_grams"], name="person_name_grams"),
            models.Index(fields=["division", "name", "id"], name="person_by_division"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Assertion(models.Model):
    """What somebody said of a person: from when until when it held, and from when until when we believed it."""

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    division = models.BigIntegerField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    source = models.CharField(max_length=120)
    evidence = models.CharField(max_length=200, default="")
    recorded_by = models.CharField(max_length=80)

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["person"], name="%(class)s_person")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="%(class)s_valid_order"
            ),
            models.CheckConstraint(
                condition=Q(superseded_at=None) | Q(superseded_at__gte=F("recorded_at")),
                name="%(class)s_known_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class IdentityDocument(Assertion):
    """A document that identifies the person. The number is sealed; a keyed index finds it again."""

    kind = models.CharField(max_length=8)
    number_sealed = models.BinaryField()
    number_index = models.BinaryField()
    number_mask = models.CharField(max_length=40)

    class Meta(Assertion.Meta):
        constraints = [
            *Assertion.Meta.constraints,
            models.UniqueConstraint(
                fields=["kind", "number_index"], condition=Q(superseded_at=None), name="identity_number_once"
            ),
        ]


class Contact(Assertion):
    """A telephone number, sealed."""

    number_sealed = models.BinaryField()
    number_index = models.BinaryField()
    number_mask = models.CharField(max_length=20)


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
        indexes = [*Assertion.Meta.indexes, models.Index(fields=["category", "person"], name="status_category")]


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
    """Household registration: the 6-digit county and whether rural or urban."""

    county = models.CharField(max_length=6)
    kind = models.CharField(max_length=8, default="")


class Statement(Assertion):
    """A fact stated by a clerk or the person in answer to a question, with its expiry as `valid_to`."""

    fact = models.CharField(max_length=64)
    value = models.CharField(max_length=200)

    class Meta(Assertion.Meta):
        indexes = [*Assertion.Meta.indexes, models.Index(fields=["fact", "person"], name="statement_fact")]


ASSERTIONS: tuple[type[Assertion], ...] = (
    IdentityDocument, Contact, Service, Status, DisabilityRating, Household, Statement,
)


class RosterImport(models.Model):
    """One workbook handed in. total = opened + unchanged + refused, always."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    file_name = models.CharField(max_length=200)
    file_digest = models.BinaryField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=80)
    total = models.IntegerField()
    opened = models.IntegerField()
    unchanged = models.IntegerField()
    refused = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total=F("opened") + F("unchanged") + F("refused")), name="roster_import_balances"
            ),
            models.UniqueConstraint(fields=["division", "file_digest"], name="roster_import_once"),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportedRow(models.Model):
    """What became of one row: the file it opened or found, or why it was refused (masked)."""

    id = models.BigAutoField(primary_key=True)
    roster = models.ForeignKey(RosterImport, on_delete=models.PROTECT, related_name="rows")
    division = models.BigIntegerField()
    row = models.IntegerField()
    outcome = models.CharField(max_length=16)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT)
    faults = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["roster", "row"], name="imported_row_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["opened", "unchanged"], person__isnull=False)
                | Q(outcome="refused", person__isnull=True),
                name="imported_row_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.roster_id}:{self.row}"
