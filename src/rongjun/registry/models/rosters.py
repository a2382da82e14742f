"""Rosters handed in, what became of their rows, and what the old system had already done."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from rongjun.registry.models.base import Person

RUNNING, DONE = "running", "done"


class RosterImport(models.Model):
    """One file handed in. total = opened + unchanged + refused + waiting, at every moment.

    The same file handed in for another division is another import: what it opens depends on the scope.
    Whoever takes the work up again acts for the division and in the role it was handed in by.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    division_label = models.CharField(max_length=120, default="")
    file_name = models.CharField(max_length=200)
    file_digest = models.BinaryField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=80)
    role = models.CharField(max_length=32, default="")
    state = models.CharField(max_length=16, default=DONE)
    total = models.IntegerField()
    opened = models.IntegerField()
    unchanged = models.IntegerField()
    refused = models.IntegerField()
    waiting = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total=F("opened") + F("unchanged") + F("refused") + F("waiting")),
                name="roster_import_balances",
            ),
            models.CheckConstraint(
                condition=Q(state=DONE, waiting=0) | Q(state=RUNNING, waiting__gt=0),
                name="roster_import_state",
            ),
            models.UniqueConstraint(fields=["division", "file_digest"], name="roster_import_once"),
        ]
        indexes = [
            models.Index(fields=["uploaded_at"], condition=Q(state=RUNNING), name="roster_import_running")
        ]

    def __str__(self) -> str:
        return str(self.id)


class RosterPart(models.Model):
    """Rows of a roster that wait: sealed as they stood in the file, gone once each row has its fate."""

    id = models.BigAutoField(primary_key=True)
    roster = models.ForeignKey(RosterImport, on_delete=models.PROTECT, related_name="parts")
    division = models.BigIntegerField()
    number = models.IntegerField()
    rows_sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["roster", "number"], name="roster_part_once")]

    def __str__(self) -> str:
        return f"{self.roster_id}/{self.number}"


class ImportedRow(models.Model):
    """What became of one row: the file it opened or found, or why it was refused (masked).

    A refused row keeps, sealed, what stood in it until a later import has `corrected` it.
    """

    id = models.BigAutoField(primary_key=True)
    roster = models.ForeignKey(RosterImport, on_delete=models.PROTECT, related_name="rows")
    division = models.BigIntegerField()
    row = models.IntegerField()
    outcome = models.CharField(max_length=16)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT)
    faults = models.JSONField(default=list)
    original_sealed = models.BinaryField(null=True)
    corrected = models.ForeignKey(
        RosterImport, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["roster", "row"], name="imported_row_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["opened", "unchanged"], person__isnull=False)
                | Q(outcome="refused", person__isnull=True),
                name="imported_row_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome="refused") | Q(original_sealed=None, corrected=None),
                name="imported_row_original",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.roster_id}:{self.row}"


class CutoverImport(models.Model):
    """A file of what the old system had already done, of one kind. Fen and rows both add up."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    file_name = models.CharField(max_length=200)
    file_digest = models.BinaryField()
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=80)
    total = models.IntegerField()
    recorded = models.IntegerField()
    unchanged = models.IntegerField()
    refused = models.IntegerField()
    total_fen = models.BigIntegerField()
    recorded_fen = models.BigIntegerField()
    unchanged_fen = models.BigIntegerField()
    refused_fen = models.BigIntegerField()
    faults = models.JSONField(default=list)
    refused_sealed = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(total=F("recorded") + F("unchanged") + F("refused"))
                & Q(total_fen=F("recorded_fen") + F("unchanged_fen") + F("refused_fen")),
                name="cutover_import_balances",
            ),
            models.UniqueConstraint(fields=["division", "file_digest"], name="cutover_import_once"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class CutoverRecord(models.Model):
    """One thing the old system had done for a person. `amounts` are whole fen by name; the rest is `content`.

    `key` tells things of one kind and person apart: scheme and month, scheme and reason, the keyed digest of
    a card's number, a year.
    """

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    division = models.BigIntegerField()
    kind = models.CharField(max_length=24)
    key = models.CharField(max_length=120)
    amounts = models.JSONField(default=dict)
    content = models.JSONField(default=dict)
    source = models.ForeignKey(CutoverImport, on_delete=models.PROTECT, related_name="records")
    row = models.IntegerField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind", "key"], name="cutover_record_once")]
        indexes = [models.Index(fields=["kind", "key"], name="cutover_record_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
