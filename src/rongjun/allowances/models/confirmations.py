"""局方确认 of rate orders: what makes the rates of a document pay."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class RateConfirmation(models.Model):
    """That one rate order reads as the official document does: said by one, confirmed by another.

    `digest` is that of the order's file; a file that reads otherwise is not confirmed by it. In force from
    `checked_at` until `withdrawn_at`. Nothing is ever edited or deleted.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.CharField(max_length=60)
    start = models.DateField(null=True)
    digest = models.CharField(max_length=64)
    document = models.CharField(max_length=120)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, default="")
    checked_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, default="")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "digest"], condition=Q(withdrawn_at=None), name="rate_confirmation_once"
            ),
            models.CheckConstraint(
                condition=~Q(document="") & ~Q(made_by=""), name="rate_confirmation_documented"
            ),
            models.CheckConstraint(
                condition=Q(checked_by="", checked_at=None)
                | ~Q(checked_by="") & Q(checked_at__isnull=False) & ~Q(checked_by=F("made_by")),
                name="rate_confirmation_by_two",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by="", withdrawn_at=None, withdrawn_why="")
                | ~Q(withdrawn_by="") & Q(withdrawn_at__isnull=False) & ~Q(withdrawn_why=""),
                name="rate_confirmation_withdrawn_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.digest[:12]}"
