"""Partners, what they sent us, and what became of every line. No table here knows a person."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Partner(models.Model):
    """An outside system that sends us something, by file, by API, or both.

    `agreed` is the formats it may send, each with the hour (HH:MM) by which yesterday's is expected, "" where
    nothing is expected; `expected_since` the first business date that is missed. The key is an HMAC secret or
    the point of a public key, sealed.
    """

    code = models.CharField(primary_key=True, max_length=32)
    division = models.BigIntegerField()
    name = models.CharField(max_length=80)
    channels = ArrayField(models.CharField(max_length=8))
    agreed = models.JSONField(default=dict)
    expected_since = models.DateField()
    algorithm = models.CharField(max_length=16, default="")
    key_sealed = models.BinaryField(default=b"")
    daily_calls = models.IntegerField(default=0)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=80)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(daily_calls__gte=0), name="partner_calls_counted")]

    def __str__(self) -> str:
        return self.code


class InboundBatch(models.Model):
    """One file or call: received, then accepted or quarantined, then processed when no line is waiting.

    The content is kept sealed until it is accepted; afterwards its lines are what is kept. A quarantined one
    that nobody will put right is closed by hand, by two people where that drops lines. `signature` is what
    came in `FILE.sig`, in hex.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, db_index=False)
    channel = models.CharField(max_length=8)
    file_name = models.CharField(max_length=200, default="")
    call_key = models.CharField(max_length=64, default="")
    digest = models.BinaryField()
    size = models.IntegerField()
    content_sealed = models.BinaryField(default=b"")
    signature = models.CharField(max_length=256, default="")
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=80)
    state = models.CharField(max_length=12, default="received")
    # Of the head, as far as it could be read.
    format = models.CharField(max_length=40, default="")
    business_date = models.DateField(null=True)
    sequence = models.IntegerField(null=True)
    declared_count = models.IntegerField(null=True)
    declared_total = models.BigIntegerField(null=True)
    found_count = models.IntegerField(default=0)
    failing = models.CharField(max_length=24, default="")
    equation = models.CharField(max_length=300, default="")
    todo = models.CharField(max_length=300, default="")
    is_late = models.BooleanField(default=False)
    checked_at = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=200, default="")
    close_asked_by = models.CharField(max_length=80, default="")
    close_asked_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=80, default="")
    closed_at = models.DateTimeField(null=True)
    replaced_by = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        indexes = [
            models.Index(fields=["-received_at"], name="inbound_newest"),
            models.Index(
                fields=["id"], condition=Q(state__in=["received", "accepted"]), name="inbound_at_work"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["received", "accepted", "quarantined", "processed", "closed"]),
                name="inbound_state",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                & ~Q(equation="")
                & ~Q(close_reason="")
                & ~Q(close_asked_by="")
                & ~Q(closed_by="")
                | ~Q(state="closed") & Q(closed_by="", closed_at=None),
                name="inbound_closed_with_words",
            ),
            # Whoever asks to drop lines is not who drops them, whatever the page says.
            models.CheckConstraint(
                condition=~Q(state="closed")
                | Q(declared_count=0)
                | Q(size=0)
                | ~Q(closed_by=F("close_asked_by")),
                name="inbound_closed_by_second",
            ),
            models.CheckConstraint(
                condition=~Q(state="quarantined") | ~Q(equation=""), name="inbound_quarantine_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "processed"]) | Q(found_count=F("declared_count")),
                name="inbound_accepted_counts",
            ),
            models.UniqueConstraint(fields=["partner", "digest"], name="inbound_content_once"),
            models.UniqueConstraint(
                fields=["partner", "call_key"], condition=~Q(call_key=""), name="inbound_call_once"
            ),
            models.UniqueConstraint(
                fields=["partner", "format", "sequence"],
                condition=Q(state__in=["accepted", "processed"]),
                name="inbound_sequence_once",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class InboundItem(models.Model):
    """One line of an accepted batch: waiting, done or refused, with its owner and the reason once settled."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(InboundBatch, on_delete=models.PROTECT, related_name="items", db_index=False)
    division = models.BigIntegerField()
    line = models.IntegerField()
    key = models.CharField(max_length=64)
    digest = models.BinaryField()
    content_sealed = models.BinaryField()
    state = models.CharField(max_length=8, default="waiting")
    owner = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["id"], condition=Q(state="waiting"), name="inbound_item_waiting")]
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="inbound_line_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", settled_at=None)
                | (Q(state__in=["done", "refused"], settled_at__isnull=False) & ~Q(reason="")),
                name="inbound_item_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line}"
