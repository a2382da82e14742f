"""Every upload there ever was: what it is, where it stands, whose it is. Its content lies sealed on disk."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from rongjun.files.logic import DISCARDED, MISSING, QUARANTINED, REFUSED, STATES, STORED, WAITING_FOR_SCAN


class Upload(models.Model):
    """One file somebody handed in. The row stays for ever, also when the content was refused or destroyed.

    `about` is what the sender said it is about, `linked_to` what it was put on file for: plain text such as
    `person:<uuid>`, since this floor knows no person.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    kind = models.CharField(max_length=32)
    file_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=64, default="")
    size = models.BigIntegerField()
    digest = models.BinaryField()
    notes = models.JSONField(default=list)
    state = models.CharField(max_length=24)
    about = models.CharField(max_length=80, default="")
    purpose = models.CharField(max_length=120, default="")
    # How long the content is kept, in words until the bureau decides: 待局方确认.
    retention = models.CharField(max_length=32, default="as-long-as-the-file")
    uploaded_at = models.DateTimeField()
    uploaded_by = models.CharField(max_length=80)
    refusal = models.CharField(max_length=64, default="")
    linked_to = models.CharField(max_length=80, default="")
    linked_at = models.DateTimeField(null=True)
    linked_by = models.CharField(max_length=80, default="")
    scan_tries = models.IntegerField(default=0)
    scan_after = models.DateTimeField(null=True)
    scanned_at = models.DateTimeField(null=True)
    found = models.CharField(max_length=200, default="")
    discarded_at = models.DateTimeField(null=True)
    discarded_by = models.CharField(max_length=80, default="")
    discard_reason = models.CharField(max_length=200, default="")
    destroy_after = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)
    recovered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["linked_to", "uploaded_at"], condition=~Q(linked_to=""), name="upload_linked_to"
            ),
            models.Index(
                fields=["division", "uploaded_at"],
                condition=Q(state__in=[WAITING_FOR_SCAN, QUARANTINED, MISSING])
                | Q(state=STORED, linked_to=""),
                name="upload_to_do",
            ),
            models.Index(fields=["scan_after"], condition=Q(state=WAITING_FOR_SCAN), name="upload_to_scan"),
            models.Index(fields=["uploaded_at"], name="upload_by_day"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=STATES), name="upload_state"),
            # Nobody reads what was not scanned, whatever the code may think.
            models.CheckConstraint(
                condition=~Q(state=STORED) | Q(scanned_at__isnull=False), name="upload_scanned_first"
            ),
            models.CheckConstraint(
                condition=Q(linked_to="", linked_at=None) | (~Q(linked_to="") & Q(linked_at__isnull=False)),
                name="upload_linked_when",
            ),
            models.CheckConstraint(condition=~Q(state=REFUSED, refusal=""), name="upload_refused_why"),
            models.CheckConstraint(
                condition=~Q(state=DISCARDED)
                | (Q(discarded_at__isnull=False, destroy_after__isnull=False) & ~Q(discard_reason="")),
                name="upload_discarded_why",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
