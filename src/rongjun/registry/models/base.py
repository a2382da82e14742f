"""The person, and what every assertion about one carries."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class Person(models.Model):
    """One person, one file. The key is random and internal; numbers of documents are never keys.

    `name` is the newest one of `Particulars`, kept here because lists are ordered by it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    name = models.CharField(max_length=64)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=80)

    class Meta:
        indexes = [
            models.Index(fields=["division", "name", "id"], name="person_by_division"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Assertion(models.Model):
    """What somebody said of a person: from when until when it held, and when we knew it so."""

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
