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
    the point of a public key, sealed. `takes` is the formats we send it, each with its channel: a file in its
    folder or a call to `address`; `daily_sends` how many a day.
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
    takes = models.JSONField(default=dict)
    address = models.CharField(max_length=200, default="")
    daily_sends = models.IntegerField(default=0)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(daily_calls__gte=0), name="partner_calls_counted"),
            models.CheckConstraint(condition=Q(daily_sends__gte=0), name="partner_sends_counted"),
        ]

    def __str__(self) -> str:
        return self.code


class InboundBatch(models.Model):
    """One file or call: received, then accepted or quarantined, then processed when no line is waiting.

    The content is kept sealed until it is accepted; afterwards its lines are what is kept. A quarantined one
    that nobody will put right is closed by hand, by two people where that drops lines. `signature` is what
    came in `FILE.sig`, in hex. A bulk batch has no row per line: its counts say what became of them.
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
    is_bulk = models.BooleanField(default=False)
    done_count = models.IntegerField(default=0)
    repeated_count = models.IntegerField(default=0)
    refused_count = models.IntegerField(default=0)
    waiting_count = models.IntegerField(default=0)
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
            models.Index(
                fields=["format", "received_at"],
                condition=Q(is_bulk=True, state="accepted"),
                name="inbound_bulk_waiting",
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
            # found = done + repeated + refused + waiting, also between two parts.
            models.CheckConstraint(
                condition=Q(is_bulk=False, done_count=0, repeated_count=0, refused_count=0, waiting_count=0)
                | Q(
                    is_bulk=True,
                    done_count__gte=0,
                    repeated_count__gte=0,
                    refused_count__gte=0,
                    waiting_count__gte=0,
                    found_count=F("done_count")
                    + F("repeated_count")
                    + F("refused_count")
                    + F("waiting_count"),
                )
                & (~Q(state="processed") | Q(waiting_count=0)),
                name="inbound_bulk_adds_up",
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


class BulkPart(models.Model):
    """Lines of a bulk batch that are sealed together: `lines` of them from `first_line` on."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(InboundBatch, on_delete=models.PROTECT, related_name="parts", db_index=False)
    division = models.BigIntegerField()
    first_line = models.IntegerField()
    lines = models.IntegerField()
    content_sealed = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "first_line"], name="bulk_part_once"),
            models.CheckConstraint(condition=Q(first_line__gte=1, lines__gte=1), name="bulk_part_has_lines"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.first_line}"


class BulkRefusal(models.Model):
    """A line of a bulk batch that went back, with its reason and, sealed, as it came."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(InboundBatch, on_delete=models.PROTECT, related_name="refusals", db_index=False)
    division = models.BigIntegerField()
    line = models.IntegerField()
    key = models.CharField(max_length=64)
    reason = models.CharField(max_length=300)
    content_sealed = models.BinaryField()
    refused_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="bulk_refused_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="bulk_refusal_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line}"


class PartnerCall(models.Model):
    """A signed call that another app answers (not a batch of ours): one key, one content, one answer."""

    id = models.BigAutoField(primary_key=True)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, db_index=False)
    division = models.BigIntegerField()
    key = models.CharField(max_length=64)
    digest = models.BinaryField()
    answer = models.TextField(default="")
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "key"], name="partner_call_once")]

    def __str__(self) -> str:
        return f"{self.partner_id}:{self.key}"


class CallCount(models.Model):
    """Calls of a partner on one day, spread over slots so that calls at the same time do not queue."""

    id = models.BigAutoField(primary_key=True)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, db_index=False)
    division = models.BigIntegerField()
    day = models.DateField()
    slot = models.SmallIntegerField()
    calls = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "day", "slot"], name="call_count_once")]

    def __str__(self) -> str:
        return f"{self.partner_id}:{self.day}:{self.slot}"


class OutboundBatch(models.Model):
    """What we send to a partner: waiting, sent, acknowledged, or given up and retried or closed by two.

    `key` is the caller's: the same key with the same content is the same batch. The sequence and the digest
    of what travels are set once, before the first try, so that whatever is sent again is the same.
    `withheld_count` are lines about people who did not agree; they are not kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, db_index=False)
    format = models.CharField(max_length=40)
    key = models.CharField(max_length=64)
    business_date = models.DateField()
    asked_digest = models.BinaryField()
    given_count = models.IntegerField()
    withheld_count = models.IntegerField(default=0)
    count = models.IntegerField()
    total = models.BigIntegerField()
    content_sealed = models.BinaryField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    sequence = models.IntegerField(null=True)
    channel = models.CharField(max_length=8, default="")
    digest = models.BinaryField(default=b"")
    size = models.IntegerField(default=0)
    state = models.CharField(max_length=12, default="waiting")
    tries = models.SmallIntegerField(default=0)
    resends = models.SmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=300, default="")
    first_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_count = models.IntegerField(null=True)
    retry_reason = models.CharField(max_length=200, default="")
    retried_by = models.CharField(max_length=80, default="")
    retried_at = models.DateTimeField(null=True)
    close_reason = models.CharField(max_length=200, default="")
    close_asked_by = models.CharField(max_length=80, default="")
    close_asked_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=80, default="")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-made_at"], name="outbound_newest"),
            models.Index(
                fields=["next_try_at"], condition=Q(state__in=["waiting", "sent"]), name="outbound_due"
            ),
            models.Index(fields=["made_at"], condition=Q(state="gave-up"), name="outbound_given_up"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sent", "acknowledged", "gave-up", "closed"]),
                name="outbound_state",
            ),
            models.CheckConstraint(
                condition=Q(
                    given_count=F("count") + F("withheld_count"), count__gte=0, withheld_count__gte=0
                ),
                name="outbound_lines_add_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    state="acknowledged", acknowledged_at__isnull=False, acknowledged_count=F("count")
                )
                | ~Q(state="acknowledged") & Q(acknowledged_at=None, acknowledged_count=None),
                name="outbound_acknowledged_in_full",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "acknowledged"]) | Q(sequence__isnull=False),
                name="outbound_sent_has_number",
            ),
            models.CheckConstraint(
                condition=~Q(state="gave-up") | ~Q(failure=""), name="outbound_given_up_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["waiting", "sent"]) | Q(next_try_at__isnull=False),
                name="outbound_comes_again",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False)
                & ~Q(close_reason="")
                & ~Q(close_asked_by="")
                & ~Q(closed_by="")
                & ~Q(closed_by=F("close_asked_by"))
                | ~Q(state="closed") & Q(closed_by="", closed_at=None),
                name="outbound_closed_by_two",
            ),
            models.UniqueConstraint(fields=["partner", "format", "key"], name="outbound_key_once"),
            models.UniqueConstraint(fields=["partner", "format", "sequence"], name="outbound_sequence_once"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class StatementLine(models.Model):
    """One file as a partner's statement of a day knows it: it "sent" it to us, or has "taken" it of ours."""

    id = models.BigAutoField(primary_key=True)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, db_index=False)
    division = models.BigIntegerField()
    day = models.DateField()
    direction = models.CharField(max_length=8)
    format = models.CharField(max_length=40)
    sequence = models.IntegerField()
    business_date = models.DateField()
    digest = models.BinaryField()
    count = models.IntegerField()

    class Meta:
        indexes = [models.Index(fields=["business_date"], name="statement_by_date")]
        constraints = [
            models.CheckConstraint(condition=Q(direction__in=["sent", "taken"]), name="statement_direction"),
            models.UniqueConstraint(
                fields=["partner", "day", "direction", "format", "sequence"], name="statement_line_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id}:{self.day}:{self.direction}:{self.format}:{self.sequence}"
