"""测算: what a draft rate order would change, asked for by one and reckoned by the worker."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

SIMULATION_STATES = ["asked", "done", "failed"]


class Simulation(models.Model):
    """One draft over everybody of a division, as known at a moment; it changes nothing.

    `text` is the draft as it was handed in, `order` and `title` are its own. `month` is the first month that
    would be paid by it, counted from the year 0. `result` are the sums in fen, and the people of the biggest
    changes by file; it stands once it is there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    division = models.BigIntegerField()
    order = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    text = models.TextField()
    month = models.IntegerField()
    state = models.CharField(max_length=8, default="asked")
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    book = models.CharField(max_length=64, default="")
    result = models.JSONField(default=dict)
    failure = models.CharField(max_length=300, default="")
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["-made_at", "id"], name="simulation_newest"),
            models.Index(fields=["id"], condition=Q(state="asked"), name="simulation_asked"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SIMULATION_STATES), name="simulation_state"),
            models.CheckConstraint(
                condition=Q(state="asked", done_at=None) | ~Q(state="asked") & Q(done_at__isnull=False),
                name="simulation_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} {self.id}"
