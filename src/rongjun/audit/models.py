"""Three tables that only ever grow. The database refuses to change a row of them, whoever asks.

The SQL stands in the migrations: the event's `xid` (the transaction that wrote it, set by the database) and
the guards have no words in Django. Nothing is written through these classes: see actions.py for why.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models


class Event(models.Model):
    """Who did what, about what, when, why, and how it ended. Holds references to people, never their data."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.TextField()
    role = models.TextField(db_column="actor_role", default="")
    source = models.TextField(default="")
    event = models.TextField()
    about = ArrayField(models.TextField(), default=list)
    result = models.TextField(default="done")
    purpose = models.TextField(default="")
    division = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [
            GinIndex(fields=["about"], name="audit_event_about"),
            models.Index(fields=["actor", "id"], name="audit_event_actor"),
            models.Index(fields=["event", "id"], name="audit_event_event"),
            BrinIndex(fields=["at"], name="audit_event_at"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(result__in=["done", "refused", "failed"]), name="audit_event_result_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.event}"


class Link(models.Model):
    """An event's place in the chain. No foreign key: a dropped event is to be found, not taken along."""

    position = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    event_digest = models.BinaryField()
    chain_digest = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.position} → {self.event_id}"


class Anchor(models.Model):
    """One signature per sealed batch. `settled_below` (not signed) is where the next sealing looks on."""

    last_position = models.BigIntegerField(primary_key=True)
    chain_digest = models.BinaryField()
    count = models.BigIntegerField()
    sealed_at = models.DateTimeField()
    algorithm = models.TextField()
    key_version = models.IntegerField()
    signature = models.BinaryField()
    settled_below = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.last_position} {self.algorithm}"
