"""What a partner's line may mean for somebody's file, and what a person decided about it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from rongjun.registry.models.base import Assertion, Person


class FeedCandidate(models.Model):
    """A line of a feed and a person it may be about: open until somebody confirms or dismisses it.

    `said` is who the line says it is about (number masked), `change` what confirming would do, `reasons` what
    speaks for and against. Nothing happens to the file while it is open.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT)
    division = models.BigIntegerField()
    feed = models.CharField(max_length=24)
    item = models.ForeignKey("partners.InboundItem", on_delete=models.PROTECT, db_index=False)
    source = models.CharField(max_length=120)
    key = models.CharField(max_length=64)
    said = models.JSONField()
    change = models.JSONField()
    reasons = models.JSONField()
    score = models.SmallIntegerField()
    recorded_at = models.DateTimeField()
    state = models.CharField(max_length=12, default="open")
    decided_by = models.CharField(max_length=80, default="")
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=200, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["feed", "-score", "id"], condition=Q(state="open"), name="feed_candidate_open"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["item", "person"], name="feed_candidate_once"),
            # A line is about one person, also where another office serves the other one.
            models.UniqueConstraint(
                fields=["item"], condition=Q(state="confirmed"), name="feed_candidate_one_person"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided_by="")
                | (Q(state__in=["confirmed", "dismissed"], decided_at__isnull=False) & ~Q(decided_by="")),
                name="feed_candidate_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Sentence(Assertion):
    """A final criminal sentence since `valid_from`; it suspends nothing: the province decides about rights.

    `report_document` is "" until it was reported to the province.
    """

    penalty = models.CharField(max_length=24)
    term_end = models.DateField(null=True)
    report_document = models.CharField(max_length=120, default="")
