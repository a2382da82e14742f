"""Workbooks handed in, and what became of their rows."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from rongjun.registry.models.base import Person


class RosterImport(models.Model):
    """One workbook handed in. total = opened + unchanged + refused, always.

    The same file handed in for another division is another import: what it opens depends on the scope.
    """

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
        return str(self.id)


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
