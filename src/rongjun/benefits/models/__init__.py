"""Which book was in force when, what the bureau has confirmed, and what was decided under which book.

Editions and confirmations are only ever added; a decision keeps its own bytes, so that it can be decided
again under the book it was made by (`replay`). The newest judgement of everybody is kept whole.
"""

from __future__ import annotations

import uuid

from django.db import models

from rongjun.benefits.models.supervision import Duty, SupervisionStep, SupervisionTask

__all__ = [
    "BookFiles",
    "Confirmation",
    "Duty",
    "Edition",
    "RecordedDecision",
    "SupervisionStep",
    "SupervisionTask",
    "Sweep",
    "SweptPart",
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

    `division` is the county's: who answers for less than a county reads the files themselves instead.
    """

    id = models.BigAutoField(primary_key=True)
    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="parts")
    division = models.BigIntegerField()
    people = models.IntegerField()
    facts = models.BinaryField()
    relations = models.BinaryField()
    verdicts = models.BinaryField()
    counts = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sweep", "division"], name="swept_part_once")]

    def __str__(self) -> str:
        return f"{self.sweep_id} {self.division}"
